/** What the dialog of a new session knows and does: the form, the agents, the request. */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { Client } from '@belay/client/webapi'
import type { FoundAgent, Problem } from '@belay/protocol'
import { keepForm, readForm } from './form-shelf.ts'
import {
  attemptOf,
  bodyOf,
  canStart,
  emptyForm,
  formOf,
  isComplete,
  orderAgents,
  otherAgent,
  retryBodyOf,
  type Attempt,
  type NewSessionForm,
} from './new-session-form.ts'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'
import { navigate, pathOfSession } from './route.ts'

/** @param edit the session whose failed preparation is edited; absent for a new one */
export function useNewSession(client: Client, edit: string | undefined, onClose: () => void) {
  const [form, setForm] = useState(() => (edit === undefined ? readForm(localStorage) : emptyForm))
  const [agents, setAgents] = useState<readonly FoundAgent[]>()
  const [ready, setReady] = useState(edit === undefined)
  const [problem, setProblem] = useState<Problem['error']>()
  const [sending, setSending] = useState(false)
  const [kept, setKept] = useState(true)
  const attempt = useRef<Attempt>(undefined)

  function change(part: Partial<NewSessionForm>): void {
    const next = { ...form, ...part }
    setForm(next)
    if (edit === undefined) setKept(keepForm(localStorage, next))
  }

  useEffect(() => {
    let here = true
    async function load(): Promise<void> {
      try {
        const [answer, session] = await Promise.all([
          client.call('agents', {}),
          edit === undefined ? undefined : client.call('getSession', { id: edit }),
        ])
        if (!here) return
        setAgents(answer.agents)
        setForm((typed) =>
          session === undefined ? withAgent(typed, answer.agents) : formOf(session),
        )
        setReady(true)
      } catch (error) {
        if (!here) return
        setAgents([])
        setProblem(problemOf(error))
      }
    }
    void load()
    return () => {
      here = false
    }
  }, [client, edit])

  async function start(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      if (edit === undefined) await create()
      else {
        await client.call('retry', { ...retryBodyOf(form), id: edit })
        onClose()
      }
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  async function create(): Promise<void> {
    attempt.current = attemptOf(form, attempt.current, {
      sessionId: newId('s'),
      promptId: newId('p'),
    })
    const { session } = await client.call('createSession', bodyOf(attempt.current))
    // Where one works rarely changes; what one asks always does.
    keepForm(localStorage, { ...form, prompt: '' })
    navigate(pathOfSession(session.id))
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!sending && ready && isComplete(form)) void start()
  }
  return { form, ready, change, agents, problem, sending, kept, submit }
}

/** An agent that is not there any more, or none yet, becomes the first that can start. */
function withAgent(form: NewSessionForm, agents: readonly FoundAgent[]): NewSessionForm {
  const known = agents.some((agent) => agent.name === form.agent && agent.found)
  if (known || form.command.trim() !== '') return form
  return { ...form, agent: orderAgents(agents).find(canStart)?.name ?? otherAgent }
}
