/** A session that is being made ready, step by step; or why that failed, and the way on. */
import { useState } from 'react'
import { Check, Circle, LoaderCircle, X } from 'lucide-react'
import type { Problem, SessionView } from '@belay/protocol'
import { Elapsed } from './elapsed.tsx'
import { preparationSteps, remedyWords, type StepView } from './preparation-steps.ts'
import { navigate, pathOfEdit } from './route.ts'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { useSession } from './session-context.ts'
import { TerminalOutput } from './terminal-output.tsx'
import { duration } from './time.ts'

export function PreparationCard({ session }: { readonly session: SessionView }) {
  const failed = session.status === 'attention'
  return (
    <section className="card" aria-label="Preparation">
      <header className="card-head">
        <span className="title">
          {failed ? 'The session could not be prepared' : 'Preparing the session'}
        </span>
        {session.attempt > 1 && <span className="state">attempt {session.attempt}</span>}
      </header>
      <ol className="steps">
        {preparationSteps(session).map((step) => (
          <li key={step.key} data-state={step.state}>
            <StepIcon state={step.state} />
            <span className="cut">{step.words}</span>
            {step.detail !== undefined && <span className="detail cut">{step.detail}</span>}
            {step.state === 'started' && step.since !== undefined && (
              <span className="detail">
                <Elapsed since={step.since} />
              </span>
            )}
            {step.ms !== undefined && <span className="detail">{duration(step.ms)}</span>}
            {step.state !== 'done' && step.tail !== undefined && step.tail !== '' && (
              <div className="tail">
                <TerminalOutput text={step.tail} />
              </div>
            )}
          </li>
        ))}
      </ol>
      {failed && <Remedy session={session} />}
    </section>
  )
}

function Remedy({ session }: { readonly session: SessionView }) {
  const { client, id } = useSession()
  const [sending, setSending] = useState(false)
  const [refused, setRefused] = useState<Problem['error']>()
  async function retry(signIn?: string): Promise<void> {
    setSending(true)
    setRefused(undefined)
    try {
      await client.call('retry', { id, ...(signIn === undefined ? {} : { signIn }) })
    } catch (error) {
      setRefused(problemOf(error))
    }
    setSending(false)
  }
  // The step that failed shows the same lines as its output.
  const told = session.steps.some(({ status, tail }) => status === 'failed' && (tail ?? '') !== '')
  return (
    <div className="remedy">
      {session.problem !== undefined && (
        <div className="problem">
          <p>
            <strong>{session.problem.message}</strong>
          </p>
          <p>Nothing you typed is lost. {remedyWords(session)}</p>
        </div>
      )}
      {!told && (session.problem?.stderr?.length ?? 0) > 0 && (
        <pre className="output" aria-label="Last lines of its stderr">
          {session.problem?.stderr?.join('\n')}
        </pre>
      )}
      {refused !== undefined && <ProblemNote problem={refused} />}
      <div className="buttons">
        {session.problem?.signIn?.map((way) => (
          <button
            key={way.id}
            type="button"
            className="button"
            disabled={sending}
            onClick={() => void retry(way.id)}
          >
            Sign in: {way.name}
          </button>
        ))}
        <button
          type="button"
          className="button"
          data-kind="main"
          disabled={sending}
          onClick={() => void retry()}
        >
          Retry
        </button>
        <button type="button" className="button" onClick={() => navigate(pathOfEdit(id))}>
          Edit and retry
        </button>
      </div>
    </div>
  )
}

function StepIcon({ state }: { readonly state: StepView['state'] }) {
  switch (state) {
    case 'done':
      return <Check className="icon" aria-label="done" />
    case 'failed':
      return <X className="icon" aria-label="failed" />
    case 'started':
      return <LoaderCircle className="icon spin" aria-label="under way" />
    case 'to-do':
      return <Circle className="icon" aria-label="to do" />
  }
}
