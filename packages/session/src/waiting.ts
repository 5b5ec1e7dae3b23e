/**
 * What a running turn waits for, and its clocks.
 *
 * - S-14 While a person is asked or a tool runs, neither the quiet nor the time limit of the turn goes on.
 * - S-178 Nor while the disk beside the agent is full.
 */
import { type Change, set } from './change.ts'
import type { ActiveTurn, SessionState } from './state.ts'

/** Whether a person, a tool or room on the disk is waited for. */
export function isWaiting(
  { openTools, full }: ActiveTurn,
  permissions: SessionState['permissions'],
): boolean {
  return permissions.length > 0 || openTools.length > 0 || full !== undefined
}

/** Changes fields of the active turn, and starts or stops its clocks as its questions and tools say. */
export function updateTurn(
  change: Change,
  fields: Partial<Omit<ActiveTurn, 'type' | 'turn'>>,
): void {
  const { turn, permissions } = change.state
  if (turn.type !== 'active') return
  const next = { ...turn, ...fields }
  const waits = isWaiting(next, permissions)
  if (waits && next.waitingSince === undefined) {
    set(change, 'turn', { ...next, waitingSince: change.now })
  } else if (!waits && next.waitingSince !== undefined) {
    const waitedMs = next.waitedMs + change.now - next.waitingSince
    set(change, 'turn', { ...next, waitingSince: undefined, waitedMs })
    set(change, 'head', { ...change.state.head, progressAt: change.now })
  } else set(change, 'turn', next)
}
