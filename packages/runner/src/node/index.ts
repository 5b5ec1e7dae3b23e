/** What a server knows of runners: their configuration, their names, their spools. The process itself is `run.ts`. */
export { readLastWords } from './last-words.ts'
export { readSpool, type SpooledReport } from './spool.ts'
export { type RunnerConfig, runnerConfigSchema } from './config.ts'
export { agentMarker, handsMarker, runnerLockName } from './name.ts'
