/**
 * The one alarm: the minimum of all stored deadlines, computed from the state and never kept beside it.
 *
 * - S-21 A deadline that has not passed does nothing; one that has passed acts on what it belongs to, as that is now.
 */
import type { Deadlines } from '@belay/protocol'
import { type Change, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { failPreparation } from './preparation.ts'
import { loseRunner } from './runner.ts'
import type { ActiveTurn, SessionState } from './state.ts'
import { abandonTurn, endTurn } from './turn.ts'

/** How long the look at a lost runner's lock and spool may take, milliseconds. */
const factsMs = 5000

export function nextAlarm(state: SessionState, deadlines: Deadlines): number | undefined {
  const { lifecycle, runner, turn } = state
  const times: number[] = []
  if (lifecycle.type === 'preparing') times.push(lifecycle.deadline)
  if (runner.type === 'starting' || runner.type === 'lost') times.push(runner.deadline)
  if (turn.type === 'active')
    times.push(...turnDeadlines(state, turn, deadlines).map(({ at }) => at))
  return times.length === 0 ? undefined : Math.min(...times)
}

type TurnDeadline = {
  readonly at: number
  readonly code: 'no-start' | 'interrupt-forced' | 'no-progress' | 'time-cap'
}

function turnDeadlines(
  state: SessionState,
  turn: ActiveTurn,
  deadlines: Deadlines,
): readonly TurnDeadline[] {
  switch (turn.phase.type) {
    case 'starting':
      return [{ at: turn.phase.deadline, code: 'no-start' }]
    case 'stopping':
      return [{ at: turn.phase.deadline, code: 'interrupt-forced' }]
    case 'running':
      if (turn.waitingSince !== undefined) return []
      return [
        { at: state.head.progressAt + deadlines.turnQuietMs, code: 'no-progress' },
        { at: turn.startedAt + deadlines.turnMs + turn.waitedMs, code: 'time-cap' },
      ]
  }
}

export function ring(change: Change): SessionReply {
  const { lifecycle, runner, turn } = change.state
  if (turn.type === 'active') {
    const passed = turnDeadlines(change.state, turn, change.deadlines).find(
      ({ at }) => change.now >= at,
    )
    if (passed !== undefined) abandonTurn(change, passed.code)
  }
  if (runner.type === 'starting' && change.now >= runner.deadline) {
    failPreparation(change, {
      code: 'runner-start-failed',
      message: `The runner did not dial in within ${change.deadlines.dialMs / 1000} s of being started.`,
    })
  }
  if (lifecycle.type === 'preparing' && change.now >= lifecycle.deadline) {
    endTurn(change, 'no-start')
    failPreparation(change, {
      code: 'prepare-timeout',
      message: `The preparation took longer than ${Math.round(change.deadlines.prepareMs / 60_000)} min.`,
    })
  }
  ringGrace(change)
  return { type: 'done' }
}

function ringGrace(change: Change): void {
  const { runner } = change.state
  if (runner.type !== 'lost' || change.now < runner.deadline) return
  if (runner.waiting === 'facts') return loseRunner(change)
  set(change, 'runner', { ...runner, waiting: 'facts', deadline: change.now + factsMs })
  change.effects.push({ type: 'probe-runner', generation: runner.generation, final: true })
}
