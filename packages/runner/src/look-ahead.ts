/**
 * Looking over the workspace for a prompt that is on its way.
 *
 * - R-276 It is begun with only where that prompt would go to its checkpoint at once. Nothing follows from it.
 */
import { canSend, type RunnerState } from './state.ts'
import { ignored, type RunnerStep } from './step.ts'

export function lookAhead(state: RunnerState, promptId: string): RunnerStep {
  const { phase, turn, restore, saving, agent } = state
  const isFree = turn === undefined && restore === undefined && saving === undefined
  return phase === 'open' && isFree && canSend(state, agent)
    ? { state, reports: [], effects: [{ type: 'look-ahead', promptId }] }
    : ignored(state)
}
