/**
 * Letting the beginning of a log go.
 *
 * Owns: where a log may be cut. Who wants it cut, and when, is the server's retention setting.
 *
 * Invariants:
 * - S-54 A log is cut only where nothing is open: no turn runs across the cut, no prompt waits across it, and no
 *   preparation. Numbers go on as if nothing had been removed.
 * - S-190 What came with a prompt goes with the events that tell of it, unless the prompt can still be sent again.
 */
import type { SessionEvent } from '@belay/protocol'
import { type Change, ignore } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'
import { forgetAttachment } from './row.ts'

/** What came with a prompt, and the turn it began. */
interface Attached {
  readonly id: string
  turn?: number
}
type Trim = Extract<SessionInput, { type: 'trim' }>

/** What of a log is to be kept at least; an event that one of the two does not ask for goes. */
export interface Keep {
  /** The last this many events. */
  readonly events?: number | undefined
  /** Events stored at or after this, milliseconds since the epoch. */
  readonly since?: number | undefined
}

/**
 * The number up to which a log may be removed; `undefined` when nothing may.
 * @param events from the first that is stored, in order; those after the last that may go are not looked at
 * @param last the number of the log's last event
 */
export function trimPoint(
  events: Iterable<SessionEvent>,
  { events: count, since }: Keep,
  last: number,
): number | undefined {
  const byCount = count === undefined ? 0 : last - count
  const open = new Set<string>()
  let point: number | undefined
  for (const event of events) {
    const goes = event.seq <= byCount || (since !== undefined && event.at < since)
    // The last event stays, so that a log is never empty.
    if (!goes || event.seq >= last) break
    const { opens, closes } = reach(event)
    if (opens !== undefined) open.add(opens)
    for (const closed of closes ?? []) open.delete(closed)
    if (open.size === 0) point = event.seq
  }
  return point
}

interface Reach {
  /** What cannot be cut in two begins here. */
  readonly opens?: string
  readonly closes?: readonly string[]
}

const preparation = 'preparation'
const turn = 'turn'

function reach(event: SessionEvent): Reach {
  if (event.type === 'prompt-accepted') return { opens: `prompt:${event.promptId}` }
  if (event.type === 'prompt-cancelled') return { closes: [`prompt:${event.promptId}`] }
  if (event.type === 'turn-started') return { opens: turn, closes: [`prompt:${event.promptId}`] }
  if (event.type === 'turn-ended') return { closes: [turn] }
  if (event.type === 'preparation-started') return { opens: preparation }
  const isPrepared = event.type === 'preparation-failed' || event.type === 'session-ready'
  return isPrepared ? { closes: [preparation] } : {}
}

/** Removes what was found to be removable. The state does not depend on the log, so there is nothing to decide but the bound. */
export function trimLog(change: Change, { through, attachments = [], last }: Trim): SessionReply {
  const { head, undecided } = change.state
  if (through >= head.seq) return ignore('the last event stays')
  // A prompt that came since may name what came before it.
  if (attachments.length > 0 && head.seq !== last) return ignore('something was logged meanwhile')
  change.trim = through
  for (const { id, turn: of } of attachments) {
    // What can still be sent again is sent with what came with it.
    const isWanted =
      of !== undefined &&
      (undecided.older > 0 || undecided.turns.some(({ turn: one }) => one === of))
    if (!isWanted) forgetAttachment(change, id)
  }
  return { type: 'done' }
}

/** What came with prompts of which nothing is told any more once the log is cut at `through`. */
export function attachmentsGone(events: Iterable<SessionEvent>, through: number): Attached[] {
  const came = new Map<string, Attached[]>()
  const stay = new Set<string>()
  let isAnyNamed = false
  for (const event of events) {
    const goes = event.seq <= through
    // The rest is read only to see what is named again.
    if (!goes && !isAnyNamed) break
    if (event.type === 'prompt-accepted') {
      // A prompt that is sent again brings nothing of its own: it names what came the first time.
      const named = (event.attachments ?? []).map(({ id }) => ({ id }))
      isAnyNamed ||= named.length > 0
      if (goes) came.set(event.promptId, named)
      else for (const { id } of named) stay.add(id)
    }
    if (goes && event.type === 'turn-started')
      for (const one of came.get(event.promptId) ?? []) one.turn = event.turn
  }
  return [...came.values()].flat().filter(({ id }) => !stay.has(id))
}
