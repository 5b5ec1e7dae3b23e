/** One session's hands: what a runner decides, without doing any of it. */
export {
  attemptAfter,
  ChannelEnd,
  dismissals,
  type ReportSource,
  type Standing,
  welcomeMsMax,
} from './channel-end.ts'
export type { Effect } from './effect.ts'
export type { Input, Saved } from './input.ts'
export { emptyJoiner, flush, join, joinDueAt, type Joiner } from './join.ts'
export { initial, nextAlarm, type RunnerState } from './state.ts'
export type { RunnerStep } from './step.ts'
export { transition } from './transition.ts'
