/** Agents on this machine: finding them, starting their processes, ending all of them. Talking to them is `adapters.ts`. */
export {
  agentsFileName,
  type DetectedAgent,
  detectAgents,
  readAgentsFile,
  resolveAgent,
  type ResolvedAgent,
  type Surroundings,
} from './detect.ts'
export { readSettings, type ResolvedMcpServer } from './secret.ts'
export { type Fence, type FenceKind, probeFence, processTree } from './fence.ts'
export { type AgentCommand, type AgentProcess, spawnAgent } from './process.ts'
export { marked, markerEnv, sweepMarked } from './processes.ts'
export type * from './adapter.ts'
export {
  type AgentPlan,
  Keeper,
  type KeeperClock,
  type KeeperEvents,
  type Lease,
  type NotReady,
  steadyClock,
} from './keeper.ts'
