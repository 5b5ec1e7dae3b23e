/**
 * How long a prompt took from hop to hop, told at the event that ends each stretch. Pure.
 *
 * Invariants:
 * - W-41 Each stretch is told once, and only where both its ends are in the events that are given.
 */
import type { SessionEvent } from '@belay/protocol'

/** By the number of the event: what took how long. */
export function hopTimes(events: readonly SessionEvent[]): ReadonlyMap<number, string> {
  const times = new Map<number, string>()
  const accepted = new Map<string, number>()
  const asked = new Map<string, number>()
  let started: number | undefined
  let taken: number | undefined
  let spoke = false
  function tell(event: SessionEvent, since: number | undefined, what: string): void {
    if (since !== undefined) times.set(event.seq, `${what} ${millis(event.at - since)}`)
  }
  for (const event of events) {
    // The other events end no stretch.
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (event.type) {
      case 'prompt-accepted':
        accepted.set(event.promptId, event.at)
        break
      case 'turn-started':
        tell(event, accepted.get(event.promptId), 'queued')
        started = event.at
        taken = undefined
        spoke = false
        break
      case 'turn-taken':
        tell(event, started, 'to the agent')
        taken = event.at
        break
      case 'text':
      case 'thought':
      case 'tool':
      case 'plan':
        if (!spoke) tell(event, taken, 'first output')
        spoke = true
        break
      case 'permission-asked':
        asked.set(event.permissionId, event.at)
        break
      case 'permission-settled':
        tell(event, asked.get(event.permissionId), 'answered in')
        break
      case 'turn-ended':
        tell(event, started, 'turn')
        started = undefined
        break
      default:
        break
    }
  }
  return times
}

export function millis(ms: number): string {
  if (ms < 1000) return `${Math.max(0, ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}
