/** Agents on this machine: finding them, starting their processes, ending all of them. Talking to them is `acp.ts`. */
export {
  agentsFileName,
  type DetectedAgent,
  detectAgents,
  readAgentsFile,
  resolveAgent,
  type ResolvedAgent,
  type Surroundings,
} from './detect.ts'
export { readServers, readValues, type ResolvedMcpServer } from './secret.ts'
export { type Fence, type FenceKind, probeFence, processTree } from './fence.ts'
export { type AgentCommand, type AgentProcess, spawnAgent } from './process.ts'
export { capabilitiesOf, handshake } from './handshake.ts'
export { marked, markerVariable, sweepMarked } from './processes.ts'
export type * from './adapter.ts'
