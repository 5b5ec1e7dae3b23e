/**
 * Letting the beginning of a log go.
 *
 * Owns: where a log may be cut. Who wants it cut, and when, is the server's retention setting.
 *
 * Invariants:
 * - S-54 A log is cut only where nothing is open: no turn runs across the cut, no prompt waits across it, and no
 *   preparation. Numbers go on as if nothing had been removed.
 */
import type { SessionEvent } from '@belay/protocol'
import { type Change, ignore } from './change.ts'
import type { SessionReply } from './input.ts'

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
  const waiting = new Set<string>()
  let busy = false
  let point: number | undefined
  for (const event of events) {
    const goes = event.seq <= byCount || (since !== undefined && event.at < since)
    // The last event stays, so that a log is never empty.
    if (!goes || event.seq >= last) break
    switch (event.type) {
      case 'prompt-accepted':
        waiting.add(event.promptId)
        break
      case 'prompt-cancelled':
        waiting.delete(event.promptId)
        break
      case 'preparation-started':
        busy = true
        break
      case 'preparation-failed':
      case 'session-ready':
        busy = false
        break
      case 'turn-started':
        waiting.delete(event.promptId)
        busy = true
        break
      case 'turn-ended':
        busy = false
        break
      default:
    }
    if (!busy && waiting.size === 0) point = event.seq
  }
  return point
}

/** Removes what was found to be removable. The state does not depend on the log, so there is nothing to decide but the bound. */
export function trimLog(change: Change, through: number): SessionReply {
  if (through >= change.state.head.seq) return ignore('the last event stays')
  change.trim = through
  return { type: 'done' }
}
