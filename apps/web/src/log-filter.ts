/** Which events of a log are shown. Pure. */
import type { SessionEvent } from '@belay/protocol'

export const eventKinds = ['all', 'turns', 'agent', 'machine'] as const
export type EventKind = (typeof eventKinds)[number]

export function filterEvents(
  events: readonly SessionEvent[],
  kind: EventKind,
  text: string,
): readonly SessionEvent[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (kind === 'all' && words.length === 0) return events
  return events.filter((event) => {
    if (kind !== 'all' && kindOf(event.type) !== kind) return false
    if (words.length === 0) return true
    const hay = JSON.stringify(event).toLowerCase()
    return words.every((word) => hay.includes(word))
  })
}

function kindOf(type: SessionEvent['type']): EventKind {
  if (/^(?:text|thought|tool|plan|agent-update)$/.test(type)) return 'agent'
  return /^(?:prompt|turn|permission|interrupt)-/.test(type) ? 'turns' : 'machine'
}

/** What an event says, in one line beside its type. */
export function lineOf({ seq: _seq, at: _at, type: _type, ...rest }: SessionEvent): string {
  const text = JSON.stringify(rest)
  return text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}…` : text
}

const lineCharsMax = 300
