/** After the workspace was put back: that it was, and the way to what it held before, until the next turn has worked on it. */
import { useMemo, useState } from 'react'
import { Undo2 } from 'lucide-react'
import { itemsOf, noticeOf, type Transcript } from '@belay/client'
import type { EventOf, SessionView } from '@belay/protocol'
import { problemOf } from './problem-of.ts'
import { useSession } from './session-context.ts'

/** The restore that holds: no turn has ended since. Pure. */
function lastRestore(transcript: Transcript): EventOf<'restored'> | undefined {
  const last = itemsOf(transcript.items).findLast(
    (item) =>
      item.type === 'turn-end' || (item.type === 'notice' && item.event.type === 'restored'),
  )
  return last?.type === 'notice' && last.event.type === 'restored' ? last.event : undefined
}

export function UndoRestore({ transcript }: { readonly transcript: Transcript }) {
  const restored = useMemo(() => lastRestore(transcript), [transcript])
  if (restored === undefined) return undefined
  return <Undo restored={restored} session={transcript.session} />
}

interface UndoProps {
  readonly restored: EventOf<'restored'>
  readonly session: SessionView | undefined
}

function Undo({ restored, session }: UndoProps) {
  const { client, id } = useSession()
  const [problem, setProblem] = useState<string>()
  const busy = session?.restore !== undefined || session?.turn !== undefined
  async function undo(): Promise<void> {
    setProblem(undefined)
    try {
      await client.call('restore', { id, turn: restored.turn, to: 'undo' })
    } catch (error) {
      const { message, action } = problemOf(error)
      setProblem(`${message} ${action}`)
    }
  }
  return (
    <div className="undo">
      <span>{noticeOf(restored).sentence} What it held before is kept.</span>
      <button
        type="button"
        className="button"
        data-size="small"
        disabled={busy}
        onClick={() => void undo()}
      >
        <Undo2 className="icon" aria-hidden="true" /> Undo this restore
      </button>
      {problem !== undefined && (
        <span className="not-sent" role="alert">
          {problem}
        </span>
      )}
    </div>
  )
}
