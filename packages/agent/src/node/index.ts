/** Agents on this machine: finding them, starting them, talking to them, and ending all of them. */
export {
  AgentConnection,
  connectAgent,
  type AgentEvents,
  type AgentFailure,
  type Answer,
  type Initialized,
  type Opened,
} from './acp.ts'
export { type DetectedAgent, detectAgents, resolveAgent, type Surroundings } from './detect.ts'
export { type Fence, type FenceKind, probeFence, processTree } from './fence.ts'
export { type AgentCommand, type AgentProcess, spawnAgent } from './process.ts'
export { marked, markerVariable, sweepMarked } from './processes.ts'
