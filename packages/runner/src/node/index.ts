/** What a server knows of runners: their configuration, names and spools, and the worktrees they make. The process itself is `run.ts`. */
export { readLastWords } from './last-words.ts'
export { readSpool, type SpooledReport } from './spool.ts'
export { type RunnerConfig, runnerConfigSchema } from './config.ts'
export { dataFolderRefusal } from './own-files.ts'
export { branchFor, originAt, readRecord, recordFileOf } from './worktree.ts'
export {
  discardWorktree,
  endWorktree,
  isWorktree,
  type Left,
  lookAtWorktree,
} from './worktree-end.ts'
export { agentMarker, handsMarker, runnerLockName } from './name.ts'
