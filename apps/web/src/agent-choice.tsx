/** The agents of the server's machine to choose from, each with what it misses; or any other by its command line. */
import { useEffect, useRef } from 'react'
import type { FoundAgent, Problem } from '@belay/protocol'
import { canStart, orderAgents, otherAgent } from './new-session-form.ts'

interface AgentChoiceProps {
  /** Undefined until the server said which there are. */
  readonly agents: readonly FoundAgent[] | undefined
  readonly chosen: string
  readonly wrong: string | undefined
  /** Why it could not be found out which there are. */
  readonly unfound: Problem['error'] | undefined
  readonly onLookAgain: () => void
  readonly onChoose: (name: string) => void
}

export function AgentChoice(props: AgentChoiceProps) {
  const { agents, chosen, wrong, unfound, onLookAgain, onChoose } = props
  const field = useRef<HTMLFieldSetElement>(null)
  const isKnown = agents !== undefined
  // Who presses keys before there is a choice goes on in it once there is one.
  useEffect(() => {
    if (!isKnown) field.current?.focus()
    else if (document.activeElement === field.current)
      field.current?.querySelector<HTMLInputElement>('input:checked')?.focus()
  }, [isKnown])
  return (
    <fieldset className="field" ref={field} tabIndex={-1}>
      <legend>Agent</legend>
      {agents === undefined ? (
        <output className="hint">Looking for agents on the server’s machine …</output>
      ) : (
        <Choices agents={agents} chosen={chosen} onChoose={onChoose} />
      )}
      {unfound !== undefined && (
        <span className="wrong" role="alert">
          {unfound.message} The agents of the server’s machine are not known.{' '}
          <button type="button" className="button" data-size="small" onClick={onLookAgain}>
            Look again
          </button>
        </span>
      )}
      {wrong !== undefined && <span className="wrong">{wrong}</span>}
    </fieldset>
  )
}

interface ChoicesProps {
  readonly agents: readonly FoundAgent[]
  readonly chosen: string
  readonly onChoose: (name: string) => void
}

function Choices({ agents, chosen, onChoose }: ChoicesProps) {
  const known = orderAgents(agents)
  const absent = known.filter((agent) => !agent.found)
  return (
    <>
      <div className="choices">
        {known
          .filter((agent) => agent.found)
          .map((agent) => (
            <label key={agent.name}>
              <input
                type="radio"
                name="agent"
                checked={chosen === agent.name}
                onChange={() => onChoose(agent.name)}
              />
              <span className="name">
                {agent.title}
                {agent.demo && <span className="badge">DEMO</span>}
              </span>
              {!canStart(agent) && (
                <span className="misses">Misses {agent.missing.join('; ')}</span>
              )}
              {agent.demo && (
                <span className="misses">
                  Shows what a session is, with no key: it edits a real file, and it is not a model.
                </span>
              )}
            </label>
          ))}
        <label>
          <input
            type="radio"
            name="agent"
            checked={chosen === otherAgent}
            onChange={() => onChoose(otherAgent)}
          />
          <span className="name">Another ACP agent, by its command line</span>
        </label>
      </div>
      {absent.length > 0 && (
        <details className="hint">
          <summary>Not on this machine: {absent.map(({ title }) => title).join(', ')}</summary>
          <ul>
            {absent.map((agent) => (
              <li key={agent.name}>
                <strong>{agent.title}</strong>: {absentWords(agent)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** How it comes to be on the machine of the server. */
function absentWords({ missing, install, signIn }: FoundAgent): string {
  const ways = [
    ...(install === undefined ? missing : [install]),
    ...(signIn === undefined ? [] : [`then ${signIn}`]),
  ]
  return ways.length === 0 ? 'install it where the PATH of the server leads' : ways.join(', ')
}
