/** What an agent says beside what it is asked: passed on, and a choice follows what it says of it. */
import { translate } from '@belay/agent'
import { followOffer } from '@belay/protocol'
import { unreachable } from '@belay/actor'
import type { Input } from './input.ts'
import type { RunnerState } from './state.ts'
import { type RunnerStep, told } from './step.ts'

export type Said = Extract<Input, { type: 'agent-updated' | 'agent-offered' | 'choice-refused' }>
export function overhear(state: RunnerState, fact: Said): RunnerStep {
  switch (fact.type) {
    case 'agent-updated': {
      const running = state.turn?.phase === 'running' ? state.turn.turn : undefined
      return told(state, translate(fact.update, running))
    }
    case 'agent-offered':
      return told({ ...state, chosen: followOffer(state.chosen, fact.offer) }, [
        { type: 'agent-offer', ...fact.offer },
      ])
    case 'choice-refused':
      return told(state, [
        { type: 'warning', code: 'choice-refused', message: fact.message.slice(0, 2000) },
      ])
    default:
      return unreachable(fact)
  }
}
