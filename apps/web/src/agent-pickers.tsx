/** The agent's modes and models, to choose from. What it does not offer is not shown. */
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
        onChoose={(modeId) => void attempt(client.call('setMode', { id, modeId }))}
      />
      <Picker
        label="Model"
        choices={models}
        onChoose={(modelId) => void attempt(client.call('setModel', { id, modelId }))}
      />
    </>
  )
}

interface PickerProps {
  readonly label: string
  readonly choices: SessionView['modes']
  readonly onChoose: (id: string) => void
}

function Picker({ label, choices, onChoose }: PickerProps) {
  if (choices === undefined || choices.available.length < 2) return undefined
  const current = choices.available.find(({ id }) => id === choices.current)
  return (
    <select
      className="picker"
      aria-label={label}
      title={current?.description ?? label}
      value={choices.current}
      onChange={(event) => onChoose(event.target.value)}
    >
      {current === undefined && <option value={choices.current}>{choices.current}</option>}
      {choices.available.map(({ id, name, description }) => (
        <option key={id} value={id} title={description}>
          {name}
        </option>
      ))}
    </select>
  )
}
