/**
 * Questions an agent waits on: taken off its list, or answered as cancelled. `heard.ts` takes a new one.
 *
 * - R-23 A question is answered once; outside a turn, and in one that was asked to stop, it is answered as cancelled.
 */
import type { Effect } from './effect.ts'
import type { AgentState } from './state.ts'

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
