/** The agent's modes and models, to choose from. What it does not offer is not shown. */
import { useState } from 'react'
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
  if (choices === undefined || choices.available.length < 2) return undefined
  const shown = wanted ?? choices.current
  const current = choices.available.find(({ id }) => id === shown)
  async function choose(id: string): Promise<void> {
    setWanted(id)
    await onChoose(id)
    setWanted((newest) => (newest === id ? undefined : newest))
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
