/**
 * After the workspace was put back: that it was, or why it was not, and the way to what it held before, until the next
 * turn has worked on it.
 */
import { useMemo } from 'react'
import { Undo2 } from 'lucide-react'
import { itemsOf, noticeOf, type Transcript } from '@belay/client'
import type { EventOf, SessionView } from '@belay/protocol'
import { useSession } from './session-context.ts'

type Outcome = EventOf<'restored' | 'restore-failed'>

/** What came of the latest restore: no turn has ended since. Pure. */
function lastRestore(transcript: Transcript): Outcome | undefined {
  for (const item of itemsOf(transcript.items).toReversed()) {
    if (item.type === 'turn-end') return undefined
    if (item.type !== 'notice') continue
    const { event } = item
    if (event.type === 'restored' || event.type === 'restore-failed') return event
  }
  return undefined
}

export function UndoRestore({ transcript }: { readonly transcript: Transcript }) {
  const outcome = useMemo(() => lastRestore(transcript), [transcript])
  if (outcome === undefined) return undefined
  return <Undo outcome={outcome} session={transcript.session} />
}

interface UndoProps {
  readonly outcome: Outcome
  readonly session: SessionView | undefined
}

function Undo({ outcome, session }: UndoProps) {
  const { askRestore } = useSession()
  const busy = session?.restore !== undefined || session?.turn !== undefined
  const { sentence } = noticeOf(outcome)
  const failed = outcome.type === 'restore-failed'
  return (
    <div className="undo">
      {failed ? (
        <span className="not-sent" role="alert">
          {sentence}
        </span>
      ) : (
        <span>{sentence} What it held before is kept.</span>
      )}
      <button
        type="button"
        className="button"
        data-size="small"
        disabled={busy}
        onClick={() => askRestore(outcome.turn, 'undo')}
      >
        <Undo2 className="icon" aria-hidden="true" />{' '}
        {/* A restore that failed may have done part of its work, or nothing: then the one before it is the last. */}
        {failed ? 'Undo the last restore' : 'Undo this restore'}
      </button>
    </div>
  )
}
