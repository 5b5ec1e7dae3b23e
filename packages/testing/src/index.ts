/** The test world's pure half: chance with a seed, and the scripted model's words. Imported by tests only. */
export { type Random, seededRandom, seedFromEnv, seedLine } from './random.ts'
export { askedCommand } from './model/directives.ts'
export { finishedTurn, type LogEntry, logged } from './log-entry.ts'
export type { ModelRequest } from './model/request-log.ts'
export {
  agentReady,
  createdSession,
  creation,
  runningTurn,
  type Scenario,
  scenario,
  statusOf,
  unchanged,
} from './session-scenario.ts'
export { sessionView } from './session-view.ts'
