/**
 * The wall clock was set, or the machine slept: nothing has waited for as long as the dates say.
 *
 * Owns: which times of a state are spans. A deadline that is forgotten here ends what it bounds when a lid is opened.
 *
 * - K-54 Spans move with a step of the clock, dates do not: a step ends no turn and stretches no bound.
 */
import { type Change, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { type ActiveTurn, type Callback, restoreUnderWay } from './state.ts'

/** @param by milliseconds that the wall clock went further than time did; negative when it was set back */
export function clockJumped(change: Change, by: number): SessionReply {
  const { head, lifecycle, runner, turn, permissions, changes, callbacks } = change.state
  const restore = restoreUnderWay(change.state)
  set(change, 'head', { ...head, progressAt: head.progressAt + by })
  if (lifecycle.type === 'preparing')
    set(change, 'lifecycle', { ...lifecycle, deadline: lifecycle.deadline + by })
  if (runner.type === 'starting')
    set(change, 'runner', { ...runner, deadline: runner.deadline + by })
  if (runner.type === 'lost')
    set(change, 'runner', { ...runner, since: runner.since + by, deadline: runner.deadline + by })
  if (turn.type === 'active') set(change, 'turn', movedTurn(turn, by))
  if (permissions.length > 0)
    set(
      change,
      'permissions',
      permissions.map((one) => ({
        ...one,
        askedAt: one.askedAt + by,
        deadline: one.deadline + by,
      })),
    )
  if (changes.type === 'due')
    set(change, 'changes', { ...changes, deadline: changes.deadline + by })
  if (restore !== undefined)
    set(change, 'restore', {
      ...restore,
      since: restore.since + by,
      ...(restore.deadline === undefined ? {} : { deadline: restore.deadline + by }),
    })
  if (callbacks.length > 0)
    set(
      change,
      'callbacks',
      callbacks.map((one) => movedCallback(one, by)),
    )
  return { type: 'done' }
}

/** When it began is a date; how long it may last is a span, and what it waited counts against that. */
function movedTurn(turn: ActiveTurn, by: number): ActiveTurn {
  const { phase, waitingSince, waitedMs, openTools } = turn
  return {
    ...turn,
    phase: 'deadline' in phase ? { ...phase, deadline: phase.deadline + by } : phase,
    waitingSince: waitingSince === undefined ? undefined : waitingSince + by,
    waitedMs: waitedMs + by,
    openTools: openTools.map((tool) => ({ ...tool, since: tool.since + by })),
  }
}

function movedCallback(callback: Callback, by: number): Callback {
  const { phase, giveUpAt } = callback
  if (phase.type === 'delivered' || phase.type === 'failed') return callback
  return {
    ...callback,
    giveUpAt: giveUpAt + by,
    phase: phase.type === 'waiting' ? { ...phase, nextAt: phase.nextAt + by } : phase,
  }
}
