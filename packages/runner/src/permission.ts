/**
 * What an agent asks of a person.
 *
 * - R-23 A question is answered once; outside a turn, and in one that was asked to stop, it is answered as cancelled.
 */
import { fit } from '@belay/agent'
import { limits, type Report } from '@belay/protocol'
import type { Effect } from './effect.ts'
import type { Input } from './input.ts'
import type { AgentState, RunnerState } from './state.ts'
import { type RunnerStep, told } from './step.ts'

export function asked(
  state: RunnerState,
  agent: AgentState,
  { id, ask }: Extract<Input, { readonly type: 'agent-asked' }>,
): RunnerStep {
  const { turn } = state
  const hopeless =
    turn?.phase !== 'running' ||
    turn.cancelBy !== undefined ||
    agent.permissions.length >= limits.permissionsOpenMax
  // An agent that is never answered waits for ever; some do not even hear a cancel meanwhile.
  if (hopeless)
    return { state, reports: [], effects: [{ type: 'answer-permission', id, optionId: undefined }] }
  const permissionId = `${state.generation}-${agent.agentGeneration}-${id}`
  const permissions = [...agent.permissions, { permissionId, id }]
  const report: Report = { type: 'permission-asked', turn: turn.turn, permissionId, ...ask }
  return told({ ...state, agent: { ...agent, permissions } }, [
    fit(report, limits.eventBytesMax - 2048),
  ])
}

/** Tells the agent of every open question that nobody will answer. */
export function withdraw(agent: AgentState | undefined): readonly Effect[] {
  return (agent?.permissions ?? []).map(({ id }) => ({
    type: 'answer-permission',
    id,
    optionId: undefined,
  }))
}

export function without(agent: AgentState, id: number): AgentState {
  return { ...agent, permissions: agent.permissions.filter((permission) => permission.id !== id) }
}
