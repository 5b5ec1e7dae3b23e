/**
 * What an agent says and offers, as reports, and which turn its words belong to: it may go on for a while after it has
 * answered its prompt.
 *
 * Invariants:
 * - A-103 Words of an agent belong to the turn it was given last, until `lateWordsMsMax` after its end or the next prompt.
 */
import { unreachable } from '@belay/actor'
import { translate, translateAfter } from '@belay/agent'
import { followOffer, limits, type Report } from '@belay/protocol'
import type { Input } from './input.ts'
import { type RunnerStep, told, warn } from './step.ts'
import type { RunnerState } from './state.ts'

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
