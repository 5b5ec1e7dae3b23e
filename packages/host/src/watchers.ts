/**
 * Who looks on: what is called after a commit.
 *
 * Invariant:
 * - H-18 A watcher sees every commit after the one that was last when it came, once and in order. So whoever reads the
 *   log and watches in one go has no gap and no repeat.
 */
import type { Segment } from './segment.ts'

/** What a watcher sees of a commit. */
export interface Commit<State> {
  readonly id: string
  readonly state: State
  readonly segment: Segment | undefined
  /** Whether the log and the rows were removed, before the segment was added. */
  readonly wiped: boolean
}

/** `since` is the commit that was the last one when the watcher came. */
interface Watcher<Seen> {
  readonly since: number
  readonly see: (seen: Seen) => void
}

interface Summary {
  readonly id: string
  readonly summary: string | undefined
}

export class Watchers<State> {
  readonly #one = new Map<string, Set<Watcher<Commit<State>>>>()
  readonly #all = new Set<Watcher<Summary>>()
  #size = 0

  /** Watchers of one actor. */
  get size(): number {
    return this.#size
  }

  add(id: string, since: number, see: (commit: Commit<State>) => void): () => void {
    const watchers = this.#one.get(id) ?? new Set()
    this.#one.set(id, watchers)
    const watcher = { since, see }
    watchers.add(watcher)
    this.#size += 1
    return () => {
      if (!watchers.delete(watcher)) return
      this.#size -= 1
      if (watchers.size === 0 && this.#one.get(id) === watchers) this.#one.delete(id)
    }
  }

  addToAll(since: number, see: (id: string, summary: string | undefined) => void): () => void {
    const watcher: Watcher<Summary> = { since, see: ({ id, summary }) => see(id, summary) }
    this.#all.add(watcher)
    return () => {
      this.#all.delete(watcher)
    }
  }

  /** The watchers that see a commit with this number. */
  *of(id: string, commit: number): Iterable<(seen: Commit<State>) => void> {
    for (const { since, see } of this.#one.get(id) ?? []) if (since < commit) yield see
  }

  *ofAll(commit: number): Iterable<(seen: Summary) => void> {
    for (const { since, see } of this.#all) if (since < commit) yield see
  }
}
