/** The test world's Node half: real processes, real sockets, a real browser, and the faults between them. */
export { agentPids } from './agent-pids.ts'
export { findChromium, launchChromium } from './chromium.ts'
export { type AgentCommand, codexAgent, type CodexOptions } from './codex.ts'
export { type FakeModel, startFakeModel } from './fake-model.ts'
export { type GitRepository, gitRepository } from './git-repository.ts'
export { opencodeAgent } from './opencode.ts'
export {
  type GitServer,
  type GitServerMode,
  type GitServerOptions,
  startGitServer,
} from './git-server.ts'
export { loneHost } from './lone-host.ts'
export { loneSession, type LoneSession } from './lone-session.ts'
export { closeServer, listenOnLoopback } from './loopback.ts'
export {
  alive,
  type Exit,
  killHard,
  start,
  type Started,
  type StartOptions,
  waitForExit,
} from './processes.ts'
export {
  startTcpProxy,
  type TcpDirection,
  type TcpProxy,
  type TcpProxyCounts,
} from './tcp-proxy.ts'
export { serverFolder } from './server-folder.ts'
export { removeFolder, temporaryFolder } from './temporary-folder.ts'
export { type Asked, startViewerServer, ViewerServer } from './viewer-server.ts'
export { type StreamFaults, ViewerSession } from './viewer-session.ts'
export { waitFor } from './wait-for.ts'
export { realAgent } from './real-agents.ts'
export { rudeAgent } from './rude-agent.ts'
export { rudeServer } from './rude-server.ts'
export {
  belayMain,
  type BelayServer,
  bornRunner,
  endRunners,
  killAgentOf,
  runBelay,
  runnerOf,
  runnerPid,
  startBelay,
} from './belay-server.ts'
export { type StepHold, stepHold } from './step-hold.ts'
export { type Played, type PlayedRunner, playRunner } from './played-runner.ts'
