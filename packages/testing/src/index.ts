/** The test world's pure half: chance with a seed, and the scripted model's words. Imported by tests only. */
export { type Random, seededRandom, seedFromEnv, seedLine } from './random.ts'
export { askedCommand } from './model/directives.ts'
export type { ModelRequest } from './model/request-log.ts'
export {
  agentReady,
  createdSession,
  runningTurn,
  type Scenario,
  scenario,
  statusOf,
} from './session-scenario.ts'
