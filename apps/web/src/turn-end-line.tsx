/** Where a turn ended: how, why, after how long, and what can be done. */
import { memo } from 'react'
import { Ban, CircleCheck, CircleHelp, CircleSlash, CircleX, type LucideIcon } from 'lucide-react'
import { type TurnEndItem, turnTimeWords } from '@belay/client'
import { resolutionsOf } from '@belay/protocol'
import { ClockTime } from './clock-time.tsx'
import { DecisionButtons } from './decision-buttons.tsx'
import { useSession } from './session-context.ts'
import { duration } from './time.ts'
import { decisionWords, useDecision } from './use-decision.ts'

const icons: Readonly<Record<TurnEndItem['outcome'], LucideIcon>> = {
  completed: CircleCheck,
  failed: CircleX,
  interrupted: CircleSlash,
  cancelled: Ban,
  'in-doubt': CircleHelp,
}

export const TurnEndLine = memo(function TurnEndLine({ item }: { readonly item: TurnEndItem }) {
  const Icon = icons[item.outcome]
  const took = turnTimeWords(item, duration)
  return (
    <div>
      <div className="turn-end" data-outcome={item.outcome}>
        <Icon className="icon" aria-label={item.outcome} />
        <span className="sentence">{item.sentence}</span>
        {took !== undefined && <span>{took}</span>}
        <ClockTime at={item.at} />
        {item.retryable ? <Decide item={item} /> : <Offer item={item} />}
      </div>
      {item.finish !== undefined && <FinishNote finish={item.finish} />}
      {item.detail !== undefined && <p className="turn-detail">{item.detail}</p>}
    </div>
  )
})

/** What became of committing the turn's changes. */
function FinishNote({ finish }: { readonly finish: NonNullable<TurnEndItem['finish']> }) {
  const { commit, branch, pushed, warning } = finish
  return (
    <p className="turn-detail">
      {commit !== undefined &&
        `Committed ${commit.slice(0, 10)} to ${branch ?? ''}${pushed === true ? ' and pushed' : ''}. `}
      {warning}
    </p>
  )
}

/** What becomes of a turn that was cut off or is in doubt; offered until somebody has decided. */
function Decide({ item }: { readonly item: TurnEndItem }) {
  const { decide, underWay, problem } = useDecision(item.turn)
  if (item.resolved !== undefined) return <span>{decisionWords[item.resolved][1]}</span>

  const offered = resolutionsOf(item.code, item.reached)
  return (
    <>
      <DecisionButtons actions={offered} decide={decide} underWay={underWay} />
      {problem !== undefined && <span role="alert">{problem}</span>}
    </>
  )
}

/** Puts words into the composer; nothing is ever sent again by itself. */
function Offer({ item }: { readonly item: TurnEndItem }) {
  const { addToDraft, promptText } = useSession()
  switch (item.action) {
    case 'continue':
      return (
        <button
          type="button"
          className="button"
          data-size="small"
          onClick={() => addToDraft('Continue where you stopped.')}
        >
          Continue
        </button>
      )
    case 'send-again':
    case 'edit-and-resend':
      return (
        <button
          type="button"
          className="button"
          data-size="small"
          onClick={() => addToDraft(promptText(item.promptId) ?? '')}
        >
          {item.action === 'send-again' ? 'Send again' : 'Edit and send again'}
        </button>
      )
    default:
      return undefined
  }
}
