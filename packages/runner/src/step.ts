/** One step of a runner's decisions, and how steps are put together. `transition.ts` decides. */
import type { Report, ReportOf } from '@belay/protocol'
import type { Effect } from './effect.ts'
import type { RunnerState } from './state.ts'

export interface RunnerStep {
  readonly state: RunnerState
  /** To be put on disk, in order, before any effect is performed. */
  readonly reports: readonly Report[]
  readonly effects: readonly Effect[]
}

export function ignored(state: RunnerState): RunnerStep {
  return { state, reports: [], effects: [] }
}

export function told(state: RunnerState, reports: readonly Report[]): RunnerStep {
  return { state, reports, effects: [] }
}

/** Goes on deciding from where a step ended, as one step. */
export function after(step: RunnerStep, then: (state: RunnerState) => RunnerStep): RunnerStep {
  const more = then(step.state)
  return {
    state: more.state,
    reports: [...step.reports, ...more.reports],
    effects: [...step.effects, ...more.effects],
  }
}

/** Something a person should know that fails nothing. */
export function warn(code: ReportOf<'warning'>['code'], message: string): Report {
  return { type: 'warning', code, message: message.slice(0, 2000) }
}
