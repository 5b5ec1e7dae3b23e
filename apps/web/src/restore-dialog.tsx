/** Puts the workspace back to how it was before or after a turn, after asking. */
import { useState, type FormEvent } from 'react'
import { RotateCcw } from 'lucide-react'
import type { Problem } from '@belay/protocol'
import { Modal } from './modal.tsx'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { useSession } from './session-context.ts'

interface RestoreDialogProps {
  readonly turn: number
  readonly files: number
}

export function RestoreDialog({ turn, files }: RestoreDialogProps) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <button type="button" className="button" data-size="small" onClick={() => setAsking(true)}>
        <RotateCcw className="icon" aria-hidden="true" /> Restore …
      </button>
      {asking && (
        <Modal titleId="restore-title" onClose={() => setAsking(false)}>
          <Confirm turn={turn} files={files} onClose={() => setAsking(false)} />
        </Modal>
      )}
    </>
  )
}

function Confirm({ turn, files, onClose }: RestoreDialogProps & { readonly onClose: () => void }) {
  const { client, id } = useSession()
  const [to, setTo] = useState<'before' | 'after'>('before')
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()
  async function restore(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      await client.call('restore', { id, turn, to })
      onClose()
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    void restore()
  }
  return (
    <form onSubmit={submit}>
      <h2 id="restore-title">Put the workspace back?</h2>
      <div className="segments" role="radiogroup" aria-label="To how it was">
        {(['before', 'after'] as const).map((when) => (
          <label key={when}>
            <input type="radio" name="to" checked={to === when} onChange={() => setTo(when)} />
            {when === 'before' ? `Before turn ${turn}` : `After turn ${turn}`}
          </label>
        ))}
      </div>
      <p className="muted">
        {to === 'before'
          ? `What turn ${turn} and all later ones changed is taken back, ${files === 1 ? '1 file' : `${files} files`} of this turn among it.`
          : `What turn ${turn} left is there again; what later turns changed is taken back.`}{' '}
        What the workspace holds now is kept first, and can be put back with one press. The
        conversation stays as it is: the agent is not told.
      </p>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div className="buttons">
        <button type="button" className="button" onClick={onClose}>
          Keep it as it is
        </button>
        <button type="submit" className="button" data-kind="danger" disabled={sending}>
          Put back
        </button>
      </div>
    </form>
  )
}
