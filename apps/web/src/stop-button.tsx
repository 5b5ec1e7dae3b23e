/** Stops the running turn. */
import { Square } from 'lucide-react'
import type { SessionView } from '@belay/protocol'
import type { Stop } from './use-stop.ts'

interface StopButtonProps {
  readonly turn: NonNullable<SessionView['turn']>
  readonly stop: Stop
}

export function StopButton({ turn, stop }: StopButtonProps) {
  const stopping = turn.phase === 'stopping' || stop.isAsked
  return (
    <button type="button" className="button" disabled={stopping} onClick={stop.ask}>
      <Square className="icon" aria-hidden="true" /> {stopping ? 'Stopping …' : 'Stop'}
    </button>
  )
}
