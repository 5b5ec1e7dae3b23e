/** Where a turn ended: how, why, after how long, and what can be done. */
import { memo } from 'react'
import { Ban, CircleCheck, CircleHelp, CircleSlash, CircleX, type LucideIcon } from 'lucide-react'
import type { TurnEndItem } from '@belay/client'
import { ClockTime } from './clock-time.tsx'
import { useSession } from './session-context.ts'
import { duration } from './time.ts'

const icons: Readonly<Record<TurnEndItem['outcome'], LucideIcon>> = {
  completed: CircleCheck,
  failed: CircleX,
  interrupted: CircleSlash,
  cancelled: Ban,
  'in-doubt': CircleHelp,
}

export const TurnEndLine = memo(function TurnEndLine({ item }: { readonly item: TurnEndItem }) {
  const Icon = icons[item.outcome]
  return (
    <div>
      <div className="turn-end" data-outcome={item.outcome}>
        <Icon className="icon" aria-label={item.outcome} />
        <span className="sentence">{item.sentence}</span>
        {item.durationMs !== undefined && <span>{duration(item.durationMs)}</span>}
        <ClockTime at={item.at} />
        <Offer item={item} />
      </div>
      {item.detail !== undefined && <p className="turn-detail">{item.detail}</p>}
    </div>
  )
})

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
