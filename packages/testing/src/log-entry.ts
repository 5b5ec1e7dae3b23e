/** The events of a log as a test writes them: without a number and a time. */
import { endOf, type SessionEvent } from '@belay/protocol'

type Unstamped<Event> = Event extends SessionEvent ? Omit<Event, 'seq' | 'at'> : never
export type LogEntry = Unstamped<SessionEvent>

/** @returns the events of a log that holds nothing else, a second apart */
export function logged(entries: readonly LogEntry[]): SessionEvent[] {
  return entries.map((entry, index) => ({ ...entry, seq: index + 1, at: (index + 1) * 1000 }))
}

/** How the log tells of a turn that went well. */
export function finishedTurn(turn: number, promptId: string): LogEntry {
  return { type: 'turn-ended', turn, promptId, ...endOf('end-turn', 'yes') }
}
