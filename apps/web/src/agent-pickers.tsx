/** The agent's modes and models, to choose from. What it does not offer is not shown. */
import { useRef, useState } from 'react'
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { problemOf } from './problem-of.ts'

interface AgentPickersProps {
  readonly client: Client
  readonly session: SessionView | undefined
  readonly onProblem: (sentence: string | undefined) => void
}

export function AgentPickers({ client, session, onProblem }: AgentPickersProps) {
  if (session === undefined) return undefined
  const { id, modes, models } = session
  async function attempt(choice: Promise<unknown>): Promise<void> {
    onProblem(undefined)
    try {
      await choice
    } catch (error) {
      const { message, action } = problemOf(error)
      onProblem(`${message} ${action}`)
    }
  }
  return (
    <>
      <Picker
        label="Mode"
        choices={modes}
        onChoose={(modeId) => attempt(client.call('setMode', { id, modeId }))}
      />
      <Picker
        label="Model"
        choices={models}
        onChoose={(modelId) => attempt(client.call('setModel', { id, modelId }))}
      />
    </>
  )
}

interface PickerProps {
  readonly label: string
  readonly choices: SessionView['modes']
  /** Settles when the server has answered. */
  readonly onChoose: (id: string) => Promise<void>
}

function Picker({ label, choices, onChoose }: PickerProps) {
  /** Shown until the server has answered, so that going on with the arrow keys begins there. */
  const [wanted, setWanted] = useState<string>()
  const sending = useRef(false)
  const newest = useRef<string>(undefined)
  if (choices === undefined || choices.available.length < 2) return undefined
  const shown = wanted ?? choices.current
  const current = choices.available.find(({ id }) => id === shown)
  /** One choice is under way at a time, or a later one could arrive first; of those made meanwhile the newest counts. */
  async function choose(id: string): Promise<void> {
    setWanted(id)
    newest.current = id
    if (sending.current) return
    sending.current = true
    while (newest.current !== undefined) {
      const next = newest.current
      newest.current = undefined
      await onChoose(next)
    }
    sending.current = false
    setWanted(undefined)
  }
  return (
    <select
      className="picker"
      aria-label={label}
      title={current?.description ?? label}
      value={shown}
      onChange={(event) => void choose(event.target.value)}
    >
      {current === undefined && <option value={shown}>{shown}</option>}
      {choices.available.map(({ id, name, description }) => (
        <option key={id} value={id} title={description}>
          {name}
        </option>
      ))}
    </select>
  )
}
