/**
 * Which turn of each session was seen last in this browser, the same in all its tabs.
 *
 * Invariants:
 * - W-35 A turn counts as seen when its end was shown in a tab that a person could see; it never becomes unseen again.
 */
import type { Seen } from './group-sessions.ts'
import { Live } from './live.ts'
import { keepOn, type Shelf } from './shelf.ts'

const key = 'belay.seen'
/** Sessions that are remembered; the oldest ids go first. */
const sessionsMax = 2000

export class SeenTurns {
  readonly turns: Live<Seen>
  readonly #shelf: Shelf

  constructor(shelf: Shelf) {
    this.#shelf = shelf
    this.turns = new Live(readSeen(shelf.getItem(key)))
  }

  see(id: string, turn: number): void {
    // Another tab may have written since: what is stored is read first, so nothing of it is lost.
    const before = readSeen(this.#shelf.getItem(key))
    if ((before[id] ?? 0) >= turn) return
    const after = withSeen(before, id, turn)
    keepOn(this.#shelf, key, JSON.stringify(after))
    this.turns.setNow(after)
  }

  /** Another tab wrote. @returns what stops listening */
  readonly follow = (): (() => void) => {
    const onStorage = (event: StorageEvent): void => {
      if (event.key === key) this.turns.setNow(readSeen(event.newValue))
    }
    addEventListener('storage', onStorage)
    return () => removeEventListener('storage', onStorage)
  }
}

/** The session seen now is the last to be forgotten. Pure. */
export function withSeen(seen: Seen, id: string, turn: number): Seen {
  const others = Object.entries(seen).filter(([one]) => one !== id)
  return Object.fromEntries([...others.slice(1 - sessionsMax), [id, turn]])
}

/** What was stored, by this version or another one. Pure. */
export function readSeen(stored: string | null): Seen {
  try {
    const value: unknown = JSON.parse(stored ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    const turns: Record<string, number> = {}
    for (const [id, turn] of Object.entries(value)) if (typeof turn === 'number') turns[id] = turn
    return turns
  } catch {
    return {}
  }
}
