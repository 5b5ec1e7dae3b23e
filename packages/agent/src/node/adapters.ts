/** Every way of talking to an agent, by the name of its protocol. Loading it loads what they need; finding agents does not. */
import type { AgentProtocol } from '@belay/protocol'
import { acp } from './acp.ts'
import type { AgentAdapter } from './adapter.ts'
import { agentServer } from './agent-server.ts'

export { capabilitiesOf, handshake } from './handshake.ts'

const adapters: Readonly<Record<AgentProtocol, AgentAdapter>> = {
  acp,
  'http-sse': agentServer(),
}

export function adapterOf(protocol: AgentProtocol): AgentAdapter {
  return adapters[protocol]
}
