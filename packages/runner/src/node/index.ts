/** The runner process, and what a server reads of one that is dead. */
export { readSpool, type SpooledReport } from './spool.ts'
export { exitCodes, runRunner, runRunnerFromFd3 } from './run.ts'
export { type RunnerConfig, runnerConfigSchema } from './config.ts'
export { agentMarker, runnerLockName } from './name.ts'
