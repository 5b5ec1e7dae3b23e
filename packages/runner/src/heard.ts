/**
 * What an agent says and offers, as reports, and which turn its words belong to: it may go on for a while after it has
 * answered its prompt.
 *
 * Invariants:
 * - A-103 Words of an agent belong to the turn it was given last, until `lateWordsMsMax` after its end or the next prompt.
 */
import { unreachable } from '@belay/actor'
import { fit, translate, translateAfter } from '@belay/agent'
import { followOffer, limits, type Report } from '@belay/protocol'
import type { Input } from './input.ts'
import { type RunnerStep, told, warn } from './step.ts'
import type { AgentState, RunnerState } from './state.ts'

/** Keeps in mind which turn was taken and ended in a step. @param now milliseconds since the epoch */
export function noteTurns({ state, reports, effects }: RunnerStep, now: number): RunnerStep {
  const { agent } = state
  const heard = reports.reduce<RunnerState['heard']>((before, report) => {
    if (report.type === 'turn-taken' && agent !== undefined)
      return { turn: report.turn, agentGeneration: agent.agentGeneration }
    return isEndOf(before, report) ? { ...before, until: now + limits.lateWordsMsMax } : before
  }, state.heard)
  return heard === state.heard || heard === undefined
    ? { state, reports, effects }
    : { state: { ...state, heard }, reports, effects }
}

function isEndOf(heard: RunnerState['heard'], report: Report): heard is NonNullable<typeof heard> {
  return report.type === 'turn-finished' && report.turn === heard?.turn
}

/** What the words of an agent process belong to now: a turn, or none, after the latest of that process. */
function speakerOf(
  { heard }: RunnerState,
  agentGeneration: number,
  now: number,
): { readonly turn?: number; readonly after?: number } {
  if (heard?.agentGeneration !== agentGeneration) return {}
  return heard.until === undefined || now <= heard.until
    ? { turn: heard.turn }
    : { after: heard.turn }
}

type Said = Extract<
  Input,
  { type: 'agent-updated' | 'agent-offered' | 'choice-refused' | 'ask-unreadable' }
>

/** Tells what an agent said, offers, or could not be asked. */
export function overhear(state: RunnerState, fact: Said, now: number): RunnerStep {
  switch (fact.type) {
    case 'agent-updated': {
      const { turn, after: last } = speakerOf(state, fact.agentGeneration, now)
      return told(
        state,
        turn === undefined ? translateAfter(fact.update, last) : translate(fact.update, turn),
      )
    }
    case 'agent-offered':
      return told({ ...state, chosen: followOffer(state.chosen, fact.offer) }, [
        { type: 'agent-offer', ...fact.offer },
      ])
    case 'choice-refused':
    case 'ask-unreadable':
      return told(state, [warn(fact.type, fact.message)])
    default:
      return unreachable(fact)
  }
}

/** The agent asks a person; where nobody can answer it, it hears so at once. */
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
  if (hopeless) {
    const unasked = `The agent asked “${ask.title}” while no turn ran. It was told that nobody answers.`
    return {
      state,
      reports: turn?.phase === 'running' ? [] : [warn('asked-outside', unasked)],
      effects: [{ type: 'answer-permission', id, optionId: undefined }],
    }
  }
  const permissionId = `${state.generation}-${agent.agentGeneration}-${id}`
  const permissions = [...agent.permissions, { permissionId, id }]
  const report: Report = { type: 'permission-asked', turn: turn.turn, permissionId, ...ask }
  return told({ ...state, agent: { ...agent, permissions } }, [
    fit(report, limits.eventBytesMax - 2048),
  ])
}
