/** What the dialog of a new session knows and does: the form, the agents, the request. */
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react'
import { ServerAway, type Client } from '@belay/client/webapi'
import type { FoundAgent, Problem, SessionView } from '@belay/protocol'
import { keepForm, readForm } from './form-shelf.ts'
import {
  attemptOf,
  bodyOf,
  canStart,
  decided,
  emptyForm,
  formOf,
  isComplete,
  orderAgents,
  otherAgent,
  retryBodyOf,
  type Attempt,
  type NewSessionForm,
} from './new-session-form.ts'
import { usePlace } from './use-place.ts'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'
import { navigate, pathOfSession } from './route.ts'

/** @param edit the session whose failed preparation is edited; absent for a new one */
export function useNewSession(client: Client, edit: string | undefined, onClose: () => void) {
  const [form, setForm] = useState(() => (edit === undefined ? readForm(localStorage) : emptyForm))
  const known = useKnown(client, edit, setForm)
  const ready = edit === undefined || (known.agents !== undefined && known.unfound === undefined)
  const [problem, setProblem] = useState<Problem['error']>()
  const [sending, setSending] = useState(false)
  const [kept, setKept] = useState(true)
  const attempt = useRef<Attempt>(undefined)
  const place = usePlace(client, form.where === 'folder' ? form.path.trim() : '')

  function change(part: Partial<NewSessionForm>): void {
    const next = { ...form, ...part }
    setForm(next)
    if (edit === undefined) setKept(keepForm(localStorage, next))
  }

  async function start(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    try {
      if (edit === undefined) await create()
      else {
        await client.call('retry', { ...retryBodyOf(decided(form, place)), id: edit })
        onClose()
      }
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  async function create(): Promise<void> {
    const sent = decided(form, place)
    attempt.current = attemptOf(sent, attempt.current, {
      sessionId: newId('s'),
      promptId: newId('p'),
    })
    const { session } = await client
      .call('createSession', bodyOf(attempt.current))
      .catch((error: unknown) => {
        // It may be under way, so what is known late of its folder makes no other session of it.
        if (error instanceof ServerAway) setForm((typed) => ({ ...typed, apart: sent.apart }))
        throw error
      })
    // Where one works rarely changes; what one asks always does, and a branch is checked out once.
    keepForm(localStorage, { ...form, prompt: '', worktreeBranch: '' })
    navigate(pathOfSession(session.id))
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!sending && ready && isComplete(form)) void start()
  }
  return { ...known, form, place, ready, change, problem, sending, kept, submit }
}

/** What the server knows that the form begins with: the agents, and the settings of the session that is edited. */
interface Known {
  readonly agents: readonly FoundAgent[]
  readonly session?: SessionView | undefined
  /** Why it could not be had. */
  readonly unfound?: Problem['error']
}

function useKnown(
  client: Client,
  edit: string | undefined,
  setForm: (next: (typed: NewSessionForm) => NewSessionForm) => void,
) {
  const [known, setKnown] = useState<Known>()
  const take = useCallback(
    (next: Known) => {
      setKnown(next)
      const { agents, session, unfound } = next
      if (unfound !== undefined) return
      setForm((typed) => (session === undefined ? withAgent(typed, agents) : formOf(session)))
    },
    [setForm],
  )
  useEffect(() => {
    let here = true
    async function look(): Promise<void> {
      const next = await readKnown(client, edit)
      if (here) take(next)
    }
    void look()
    return () => {
      here = false
    }
  }, [client, edit, take])

  async function lookAgain(): Promise<void> {
    setKnown(undefined)
    take(await readKnown(client, edit))
  }
  return { agents: known?.agents, unfound: known?.unfound, lookAgain }
}

async function readKnown(client: Client, edit: string | undefined): Promise<Known> {
  try {
    const [{ agents }, session] = await Promise.all([
      client.call('agents', {}),
      edit === undefined ? undefined : client.call('getSession', { id: edit }),
    ])
    return { agents, session }
  } catch (error) {
    return { agents: [], unfound: problemOf(error) }
  }
}

/** An agent that is not there any more, or none yet, becomes the first that can start. */
function withAgent(form: NewSessionForm, agents: readonly FoundAgent[]): NewSessionForm {
  const known = agents.some((agent) => agent.name === form.agent && agent.found)
  if (known || form.command.trim() !== '') return form
  return { ...form, agent: orderAgents(agents).find(canStart)?.name ?? otherAgent }
}
