/** What a person can decide about a turn, a button each. */
import type { Resolution } from '@belay/protocol'
import { decisionWords, type Decision } from './use-decision.ts'

interface DecisionButtonsProps extends Pick<Decision, 'decide' | 'underWay'> {
  readonly actions: readonly Resolution[]
}

export function DecisionButtons({ actions, decide, underWay }: DecisionButtonsProps) {
  return actions.map((action) => (
    <button
      key={action}
      type="button"
      className="button"
      data-size="small"
      data-kind={action === 'discard' ? 'quiet' : undefined}
      disabled={underWay}
      onClick={() => decide(action)}
    >
      {decisionWords[action][0]}
    </button>
  ))
}
