/**
 * Retention: what the owner of the server does not want to keep. Sessions in which nothing has happened for long are deleted,
 * as a person would; logs lose their beginnings. Whether a session is idle, and where its log may be cut, the session says.
 */
import { limits, type SessionEvent } from '@belay/protocol'
import { attachmentsGone, trimPoint } from '@belay/session'
import type { Logger } from 'pino'
import type { SessionHost } from './session-host.ts'

/** How often is looked. What is due is read from the store each time, so nothing depends on when. */
const lookMs = 60 * 60_000

/** What is kept; for ever, where nothing is said. */
export interface Retention {
  /** Sessions are deleted once nothing has happened in them for this long. */
  readonly sessionsMs?: number | undefined
  /** Of each session at least the last this many events. */
  readonly events?: number | undefined
  /** Events of at least the last this many milliseconds. */
  readonly eventsMs?: number | undefined
}

export interface RetentionOptions {
  readonly host: SessionHost
  readonly clock: () => number
  readonly log: Logger
  readonly keep: Retention
}

/** @returns what stops it */
export function startRetention(options: RetentionOptions): () => void {
  const { sessionsMs, events, eventsMs } = options.keep
  if (sessionsMs === undefined && events === undefined && eventsMs === undefined) return () => {}
  const begin = () =>
    void sweep(options).catch((error: unknown) =>
      options.log.error({ error: String(error) }, 'what is not kept could not be looked for'),
    )
  begin()
  const timer = setInterval(begin, Math.min(lookMs, sessionsMs ?? lookMs, eventsMs ?? lookMs))
  timer.unref()
  return () => clearInterval(timer)
}

/** One session after the other, so that people's requests come in between. */
async function sweep(options: RetentionOptions): Promise<void> {
  const { host, log } = options
  for (const id of host.ids()) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      if (!(await expire(options, id))) await trim(options, id)
    } catch (error) {
      // One that cannot be read keeps nothing from the others.
      log.error({ session: id, error: String(error) }, 'a session could not be looked at')
    }
  }
}

/** @returns whether there is nothing left to trim */
async function expire({ host, clock, log, keep }: RetentionOptions, id: string): Promise<boolean> {
  const { type } = host.read(id).lifecycle
  if (type === 'deleted' || type === 'absent') return true
  if (keep.sessionsMs === undefined) return false
  const reply = await host.submit(id, { type: 'expire', before: clock() - keep.sessionsMs })
  if (reply.type !== 'done') return false
  log.info({ session: id }, 'an old session was deleted')
  return true
}

async function trim({ host, clock, log, keep }: RetentionOptions, id: string): Promise<void> {
  const { events, eventsMs } = keep
  if (events === undefined && eventsMs === undefined) return
  const since = eventsMs === undefined ? undefined : clock() - eventsMs
  const last = host.read(id).head.seq
  const point = trimPoint(stored(host, id), { events, since }, last)
  const through = point === undefined ? undefined : storedTogether(host, id, point)
  if (through === undefined) return
  const attachments = attachmentsGone(stored(host, id), through)
  const reply = await host.submit(id, { type: 'trim', through, last, attachments })
  if (reply.type === 'done')
    log.info({ session: id, first: through + 1 }, 'old events were removed')
}

/** Events that share a segment stay together: the last of the last one that goes whole. */
function storedTogether(host: SessionHost, id: string, point: number): number | undefined {
  let through: number | undefined
  for (const { last } of segments(host, id)) {
    if (last > point) break
    through = last
  }
  return through
}

/** The log from its beginning, read as far as it is asked for. */
function* stored(host: SessionHost, id: string): Iterable<SessionEvent> {
  for (const { text } of segments(host, id)) {
    const events: SessionEvent[] = JSON.parse(`[${text}]`)
    yield* events
  }
}

function* segments(host: SessionHost, id: string): Iterable<{ last: number; text: string }> {
  let cursor = 0
  for (;;) {
    const some = host.log(id, cursor, limits.pageBytesMax)
    const last = some.at(-1)?.last
    if (last === undefined) return
    yield* some
    cursor = last
  }
}
