/**
 * The dialog that starts a session. It closes when the server has accepted it; until then everything typed stays,
 * also when the dialog is closed and opened again.
 */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { Client } from '@belay/client/webapi'
import type { FoundAgent, Problem } from '@belay/protocol'
import { AgentChoice } from './agent-choice.tsx'
import { Modal } from './modal.tsx'
import { keepForm, readForm } from './form-shelf.ts'
import {
  attemptOf,
  bodyOf,
  canStart,
  isComplete,
  orderAgents,
  otherAgent,
  restOf,
  wrongFields,
  type Attempt,
  type NewSessionForm,
} from './new-session-form.ts'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'
import { ProblemNote } from './problem-note.tsx'
import { navigate, pathOfSession } from './route.ts'
import { TextField } from './text-field.tsx'

interface NewSessionProps {
  readonly client: Client
  readonly onClose: () => void
}

export function NewSession({ client, onClose }: NewSessionProps) {
  const { form, change, agents, problem, sending, submit } = useNewSession(client)
  const wrong = wrongFields(problem, form)
  return (
    <Modal titleId="new-title" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="new-title">New session</h2>
        <AgentChoice
          agents={agents}
          chosen={form.agent}
          wrong={wrong.agent}
          onChoose={(agent) => change({ agent })}
        />
        {form.agent === otherAgent && (
          <TextField
            label="Command line"
            value={form.command}
            placeholder="my-agent --acp"
            wrong={wrong.command}
            onChange={(event) => change({ command: event.target.value })}
          />
        )}
        <Place form={form} wrong={wrong} change={change} />
        <div className="field">
          <label htmlFor="new-prompt">First prompt</label>
          <textarea
            id="new-prompt"
            className="input"
            value={form.prompt}
            placeholder="What should the agent do?"
            aria-describedby="new-prompt-about"
            aria-invalid={wrong.prompt !== undefined}
            onChange={(event) => change({ prompt: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
                event.currentTarget.form?.requestSubmit()
            }}
          />
          <span id="new-prompt-about" className={wrong.prompt === undefined ? 'hint' : 'wrong'}>
            {wrong.prompt ?? 'It may stay empty: the session then waits for you.'}
          </span>
        </div>
        <footer className="dialog-foot">
          {problem !== undefined && <ProblemNote problem={restOf(problem, form)} />}
          <div className="buttons">
            <button type="button" className="button" onClick={onClose}>
              Cancel
            </button>
            <button
              type="submit"
              className="button"
              data-kind="main"
              disabled={sending || !isComplete(form)}
            >
              {sending ? 'Starting …' : 'Start session'}
            </button>
          </div>
        </footer>
      </form>
    </Modal>
  )
}

interface PlaceProps {
  readonly form: NewSessionForm
  readonly wrong: ReturnType<typeof wrongFields>
  readonly change: (part: Partial<NewSessionForm>) => void
}

function Place({ form, wrong, change }: PlaceProps) {
  return (
    <>
      <div className="segments" role="radiogroup" aria-label="Workspace">
        {(['folder', 'repository'] as const).map((where) => (
          <label key={where}>
            <input
              type="radio"
              name="where"
              checked={form.where === where}
              onChange={() => change({ where })}
            />
            {where === 'folder' ? 'Folder' : 'Repository'}
          </label>
        ))}
      </div>
      {form.where === 'folder' ? (
        <TextField
          label="Folder"
          hint="An absolute path on the server’s machine. The agent works in it directly."
          value={form.path}
          placeholder="/home/me/project"
          wrong={wrong.path}
          onChange={(event) => change({ path: event.target.value })}
        />
      ) : (
        <div className="pair">
          <TextField
            label="Repository"
            hint="It is cloned for this session."
            value={form.url}
            placeholder="https://github.com/me/project.git"
            wrong={wrong.url}
            onChange={(event) => change({ url: event.target.value })}
          />
          <TextField
            label="Branch"
            hint="Empty: its default."
            value={form.branch}
            placeholder="main"
            wrong={wrong.branch}
            onChange={(event) => change({ branch: event.target.value })}
          />
        </div>
      )}
    </>
  )
}

function useNewSession(client: Client) {
  const [form, setForm] = useState(() => readForm(localStorage))
  const [agents, setAgents] = useState<readonly FoundAgent[]>()
  const [problem, setProblem] = useState<Problem['error']>()
  const [sending, setSending] = useState(false)
  const attempt = useRef<Attempt>(undefined)

  function change(part: Partial<NewSessionForm>): void {
    const next = { ...form, ...part }
    setForm(next)
    keepForm(localStorage, next)
  }

  useEffect(() => {
    let here = true
    async function load(): Promise<void> {
      try {
        const answer = await client.call('agents', {})
        if (!here) return
        setAgents(answer.agents)
        setForm((typed) => withAgent(typed, answer.agents))
      } catch (error) {
        if (here) setProblem(problemOf(error))
      }
    }
    void load()
    return () => {
      here = false
    }
  }, [client])

  async function start(): Promise<void> {
    setSending(true)
    setProblem(undefined)
    attempt.current = attemptOf(form, attempt.current, {
      sessionId: newId('s'),
      promptId: newId('p'),
    })
    try {
      const { session } = await client.call('createSession', bodyOf(attempt.current))
      // Where one works rarely changes; what one asks always does.
      keepForm(localStorage, { ...form, prompt: '' })
      navigate(pathOfSession(session.id))
    } catch (error) {
      setProblem(problemOf(error))
      setSending(false)
    }
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!sending && isComplete(form)) void start()
  }
  return { form, change, agents, problem, sending, submit }
}

/** An agent that is not there any more, or none yet, becomes the first that can start. */
function withAgent(form: NewSessionForm, agents: readonly FoundAgent[]): NewSessionForm {
  const known = agents.some((agent) => agent.name === form.agent && agent.found)
  if (known || form.command.trim() !== '') return form
  return { ...form, agent: orderAgents(agents).find(canStart)?.name ?? otherAgent }
}
