/** Deletes a session, after asking. */
import { useState, type FormEvent } from 'react'
import { Trash2 } from 'lucide-react'
import type { Client } from '@belay/client/webapi'
import type { Problem, SessionSummary } from '@belay/protocol'
import { IconButton } from './icon-button.tsx'
import type { Left } from './left-behind.tsx'
import { Modal } from './modal.tsx'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { navigate } from './route.ts'

interface DeleteSessionProps {
  readonly client: Client
  readonly session: SessionSummary
  /** It is deleted, and this stays of it. */
  readonly onLeft: (left: Left) => void
}

export function DeleteSession({ client, session, onLeft }: DeleteSessionProps) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <IconButton label="Delete session" icon={Trash2} onClick={() => setAsking(true)} />
      {asking && (
        <Modal titleId="delete-title" onClose={() => setAsking(false)}>
          <Confirm
            client={client}
            session={session}
            onLeft={onLeft}
            onCancel={() => setAsking(false)}
          />
        </Modal>
      )}
    </>
  )
}

function Confirm({
  client,
  session,
  onLeft,
  onCancel,
}: DeleteSessionProps & { readonly onCancel: () => void }) {
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()
  async function remove(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      const { left } = await client.call('deleteSession', { id: session.id })
      if (left !== undefined) return onLeft(left)
      onCancel()
      navigate('/')
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    void remove()
  }
  return (
    <form onSubmit={submit}>
      <h2 id="delete-title">Delete “{session.title}”?</h2>
      <p className="muted">
        Its agent is ended and its log is removed for good. {placeWords(session.workspace)}
      </p>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div className="buttons">
        <button type="button" className="button" onClick={onCancel}>
          Keep
        </button>
        <button type="submit" className="button" data-kind="danger" disabled={sending}>
          Delete
        </button>
      </div>
    </form>
  )
}

function placeWords(workspace: SessionSummary['workspace']): string {
  if (workspace.type === 'repository') return 'Its clone is removed with all that was not pushed.'
  return workspace.worktree === undefined
    ? 'Your folder stays as it is.'
    : 'Your folder stays as it is. Its worktree is removed if nothing in it would be lost; else it stays, and you are told what is in it.'
}
