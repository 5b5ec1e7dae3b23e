/** Stops the running turn. */
import { Square } from 'lucide-react'
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { problemOf } from './problem-of.ts'

interface StopButtonProps {
  readonly client: Client
  readonly id: string
  readonly turn: NonNullable<SessionView['turn']>
  readonly onProblem: (words: string | undefined) => void
}

export function StopButton({ client, id, turn, onProblem }: StopButtonProps) {
  async function stop(): Promise<void> {
    onProblem(undefined)
    try {
      // With its number, so that a late click cannot stop the next turn.
      await client.call('interrupt', { id, turn: turn.turn })
    } catch (error) {
      const { message, action } = problemOf(error)
      onProblem(`${message} ${action}`)
    }
  }
  const stopping = turn.phase === 'stopping'
  return (
    <button type="button" className="button" disabled={stopping} onClick={() => void stop()}>
      <Square className="icon" aria-hidden="true" /> {stopping ? 'Stopping …' : 'Stop'}
    </button>
  )
}
