/** What stays of a session that is deleted: its worktree, because something in it is nowhere else. */
import { useState } from 'react'
import type { Client } from '@belay/client/webapi'
import type { Problem, RouteAnswer } from '@belay/protocol'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { navigate } from './route.ts'

export type Left = NonNullable<RouteAnswer<'deleteSession'>['left']>

interface LeftBehindProps {
  readonly client: Client
  readonly id: string
  readonly left: Left
}

export function LeftBehind({ client, id, left }: LeftBehindProps) {
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem['error']>()
  async function discard(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      await client.call('deleteSession', { id, discard: 'true' })
      navigate('/')
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  return (
    <div className="empty left-behind">
      <h1>The session is deleted</h1>
      <p role="alert">{left.why}</p>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div className="buttons">
        <button
          type="button"
          className="button"
          data-kind="danger"
          disabled={sending}
          onClick={() => void discard()}
        >
          Remove it all the same
        </button>
        <button type="button" className="button" data-kind="main" onClick={() => navigate('/')}>
          Leave it there
        </button>
      </div>
    </div>
  )
}
