/**
 * One direction of anything that carries things from one place to another, in order and with a delay: a socket's or a
 * standard stream's. It can be frozen for a while or for ever; what is in it waits.
 */
import type { Stage } from './stage.ts'
import type { Timer } from './timeline.ts'

interface Waiting<Item> {
  readonly item: Item
  readonly due: number
}

export class Pipe<Item> {
  readonly #stage: Stage
  readonly #deliver: (item: Item) => void
  readonly #delayMax: number
  #queue: Waiting<Item>[] = []
  #frozenUntil = 0
  #timer: Timer | undefined

  /** @param delayMax milliseconds that one item takes at most */
  constructor(stage: Stage, delayMax: number, deliver: (item: Item) => void) {
    this.#stage = stage
    this.#delayMax = delayMax
    this.#deliver = deliver
  }

  get length(): number {
    return this.#queue.length
  }

  get frozen(): boolean {
    return this.#frozenUntil > this.#stage.now
  }

  push(item: Item): void {
    const { now, random } = this.#stage
    const due = Math.max(now + random.integer(0, this.#delayMax), this.#queue.at(-1)?.due ?? 0)
    this.#queue.push({ item, due })
    this.#arm()
  }

  /** Nothing is delivered before this time; what waits keeps its order. */
  freeze(until: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, until)
    this.#rearm()
  }

  thaw(): void {
    this.#frozenUntil = 0
    this.#rearm()
  }

  /** Loses the last `count` items. */
  drop(count: number): void {
    if (count > 0) this.#queue.splice(-count)
  }

  #rearm(): void {
    if (this.#timer !== undefined) this.#timer.cancelled = true
    this.#timer = undefined
    this.#arm()
  }

  #arm(): void {
    const first = this.#queue[0]
    if (first === undefined || this.#timer !== undefined || this.#frozenUntil === Infinity) return
    this.#timer = this.#stage.timeline.at(Math.max(first.due, this.#frozenUntil), () => {
      this.#timer = undefined
      if (!this.frozen) {
        const next = this.#queue.shift()
        if (next !== undefined) this.#deliver(next.item)
      }
      this.#arm()
    })
  }
}
