/**
 * Retention: sessions in which nothing has happened for as long as the owner of the server said are deleted, as a person
 * would. Whether one is idle is decided by the session itself, at that moment.
 */
import type { Logger } from 'pino'
import type { SessionHost } from './viewer.ts'

/** How often is looked. What is due is read from the store each time, so nothing depends on when. */
const lookMs = 60 * 60_000

export interface RetentionOptions {
  readonly host: SessionHost
  readonly clock: () => number
  readonly log: Logger
  /** Off when undefined. */
  readonly keepSessionsMs: number | undefined
}

/** @returns what stops it */
export function startRetention({ host, clock, log, keepSessionsMs }: RetentionOptions): () => void {
  if (keepSessionsMs === undefined) return () => {}
  async function sweep(keepMs: number): Promise<void> {
    for (const id of host.ids()) {
      const { type } = host.read(id).lifecycle
      if (type !== 'ready') continue
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that people's requests come in between
      const reply = await host.submit(id, { type: 'expire', before: clock() - keepMs })
      if (reply.type === 'done') log.info({ session: id }, 'an old session was deleted')
    }
  }
  const begin = () =>
    void sweep(keepSessionsMs).catch((error: unknown) =>
      log.error({ error: String(error) }, 'old sessions could not be looked for'),
    )
  begin()
  const timer = setInterval(begin, Math.min(lookMs, keepSessionsMs))
  timer.unref()
  return () => clearInterval(timer)
}
