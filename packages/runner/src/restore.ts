/**
 * Putting the workspace back, and looking first at what that would do. Both hold back the turn behind them, which
 * `transition.ts` goes on with.
 *
 * - R-135 A restore is planned where it could be done, in its place among what works on the files.
 */
import type { Report } from '@belay/protocol'
import type { Effect } from './effect.ts'
import { restoreFailed } from './ending.ts'
import type { Input } from './input.ts'
import type { AskedRestore, RunnerState } from './state.ts'
import { type RunnerStep, told } from './step.ts'

export function askRestore(state: RunnerState, wanted: AskedRestore): RunnerStep {
  const refusal =
    state.turn !== undefined || state.restore !== undefined
      ? 'The workspace is in use.'
      : state.phase === 'closing' || state.phase === 'idle'
        ? 'The workspace is not prepared.'
        : undefined
  if (refusal !== undefined) return told(state, [restoreFailed(wanted.restore, refusal)])
  const isFree = state.phase === 'open' && state.saving === undefined
  const effects: Effect[] = isFree ? [effectOf(wanted)] : []
  return { state: { ...state, restore: wanted }, reports: [], effects }
}

export function effectOf({ does, restore }: AskedRestore): Effect {
  return { type: does, restore }
}

/** @returns undefined when it is the end of something that is not under way */
export function restoreDone(
  state: RunnerState,
  input: Extract<Input, { type: 'restored' | 'planned' }>,
): RunnerStep | undefined {
  const { restore: present, ...rest } = state
  if (present?.does !== (input.type === 'restored' ? 'restore' : 'plan')) return undefined
  return told(rest, [reportOf(input)])
}

function reportOf({ restore, result }: Extract<Input, { type: 'restored' | 'planned' }>): Report {
  const { turn, to } = restore
  if ('message' in result) return restoreFailed(restore, result.message)
  return 'back' in result
    ? { type: 'restore-planned', turn, to, ...result }
    : { type: 'restored', turn, to, ...result }
}
