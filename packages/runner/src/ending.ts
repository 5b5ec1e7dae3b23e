/** How a turn or a restore ends and what a turn changed, in the words of its reports. `transition.ts` decides when. */
import { type Report, unknownChanges } from '@belay/protocol'
import type { Saved, Settled } from './input.ts'
import type { Ending, Restore, RunnerState, Turn } from './state.ts'

/** Whether its agent came to an end with it, so that what it changed is what it meant to; one without a word may have worked. */
export function completed({ stopReason, error }: Ending): boolean {
  return (
    stopReason === 'end_turn' ||
    stopReason === 'max_tokens' ||
    stopReason === 'max_turn_requests' ||
    error?.code === 'no-words'
  )
}

export function endingOf(turn: Turn, settled: Settled): Ending {
  if ('stopReason' in settled) {
    const stopReason = stopReasons.find((known) => known === settled.stopReason)
    if (stopReason !== undefined) return { stopReason }
    return {
      error: {
        code: 'agent-error',
        message: `The agent stopped for a reason unknown here: ${settled.stopReason.slice(0, 200)}`,
      },
    }
  }
  // Some agents obey a cancel by failing the prompt.
  if (turn.cancelBy !== undefined) return { stopReason: 'cancelled' }
  return { error: { code: settled.failure.code, message: settled.failure.message.slice(0, 4000) } }
}

const stopReasons = ['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'] as const

export function agentGone(message: string): Ending {
  return { error: { code: 'agent-exited', message: message.slice(0, 4000) } }
}

/** What is told of a checkpoint: why there is none, and after a turn always what it changed, or why that is not known. */
export function warningsOf({ warning }: Saved): readonly Report[] {
  return warning === undefined
    ? []
    : [{ type: 'warning', code: 'checkpoint-skipped', message: warning.slice(0, 2000) }]
}

export function changesOf(turn: number, { changes, problem, warning }: Saved): Report {
  if (problem === undefined && changes !== undefined)
    return { type: 'turn-changes', turn, ...changes }
  const why = problem ?? warning ?? 'the folder was not looked at after it.'
  return unknownChanges(turn, why)
}

export function finished({ turn }: Turn, ending: Ending): Report {
  return { type: 'turn-finished', turn, ...ending }
}

export function restoreFailed(restore: Restore, message: string): Report {
  const { turn, to } = restore
  return { type: 'restore-failed', turn, to, message: message.slice(0, 2000) }
}

/** How a turn ended that its closing runner cut. */
export function endedBy({ reason = '' }: RunnerState): string {
  return `Belay’s process beside the agent ended it: ${reason}`
}

/** What a runner says last: how everything ends that is still open. */
export function lastReports(state: RunnerState): readonly Report[] {
  const { turn, next, restore, reason = '' } = state
  const open = [turn, next].filter((one) => one !== undefined)
  const gone = agentGone(endedBy(state))
  return [
    ...open.map((one) => finished(one, one.ending ?? gone)),
    ...(turn?.phase === 'running' ? [changesOf(turn.turn, {})] : []),
    ...(restore === undefined
      ? []
      : [restoreFailed(restore.restore, 'Belay’s process beside the agent is ending.')]),
    { type: 'closing', reason: reason.slice(0, 500) },
  ]
}
