/**
 * The virtual clock: the one queue of everything that will happen.
 *
 * Owns: time. Nothing waits in any other way, so a run takes as long as its steps and not as long as its deadlines.
 *
 * Invariants:
 * - Z-1 What happens next depends on the seed alone: at one time the order is drawn, never that of insertion.
 */
import type { Random } from '../random.ts'

/** What was put into the queue; it can be taken back. */
export interface Timer {
  cancelled: boolean
}

interface Entry extends Timer {
  readonly at: number
  readonly tie: number
  readonly run: () => void
}

export class Timeline {
  /** Milliseconds since the epoch, whole. */
  now: number
  steps = 0
  readonly #random: Random
  /** A binary heap, the next one first. */
  readonly #heap: Entry[] = []

  constructor(random: Random, now: number) {
    this.#random = random
    this.now = now
  }

  after(ms: number, run: () => void): Timer {
    return this.at(this.now + Math.max(0, Math.ceil(ms)), run)
  }

  at(at: number, run: () => void): Timer {
    const entry: Entry = {
      at: Math.max(at, this.now),
      tie: this.#random.next(),
      run,
      cancelled: false,
    }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1)
    return entry
  }

  /** Lets the next thing happen. @returns false when nothing will ever happen again */
  step(): boolean {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      if (next.cancelled) continue
      this.now = next.at
      this.steps += 1
      next.run()
      return true
    }
    return false
  }

  #take(): Entry | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    this.#heap[0] = last
    this.#sink()
    return first
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!this.#swapIfBefore(index, above)) return
      index = above
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = index * 2 + 1
      const least = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#swapIfBefore(least, index)) return
      index = least
    }
  }

  #swapIfBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left], this.#heap[right]]
    if (a === undefined || b === undefined || !isBefore(a, b)) return false
    this.#heap[left] = b
    this.#heap[right] = a
    return true
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left], this.#heap[right]]
    return a !== undefined && b !== undefined && isBefore(a, b)
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.at < right.at || (left.at === right.at && left.tie < right.tie)
}
