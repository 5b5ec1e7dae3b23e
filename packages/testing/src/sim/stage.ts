/**
 * What every part of the simulated world stands on: time, chance, the trace, and the first promise that was broken.
 */
import { type Random, seededRandom } from '../random.ts'
import type { FaultKind } from './fault-kinds.ts'
import { Timeline } from './timeline.ts'

/** What a run can be found to break; `spec/simulator.md` says what each means. */
export type Check =
  | 'state'
  | 'dense-log'
  | 'story'
  | 'one-owner'
  | 'acked-is-stored'
  | 'cursor'
  | 'channel'
  | 'prompt-once'
  | 'true-words'
  | 'ready'
  | 'true-end'
  | 'answers'
  | 'draft'
  | 'kept'
  | 'undecided'
  | 'checkpoint'
  | 'changes'
  | 'seen'
  | 'stuck'
  | 'deleted'
  | 'words'

export interface Violation {
  readonly check: Check
  readonly sentence: string
  /** Milliseconds since the beginning of the run. */
  readonly at: number
}

export interface StageOptions {
  readonly seed: number
  /** Hears every line of the trace. */
  readonly onLine?: ((line: string) => void) | undefined
}

const startedAt = 1_750_000_000_000

export class Stage {
  readonly random: Random
  readonly timeline: Timeline
  readonly fired = new Map<FaultKind, number>()
  /** The first promise that was broken: the run ends with it. */
  broken: Violation | undefined
  readonly #onLine: ((line: string) => void) | undefined

  constructor({ seed, onLine }: StageOptions) {
    this.random = seededRandom(seed)
    this.timeline = new Timeline(this.random, startedAt)
    this.#onLine = onLine
  }

  /** How far the machine's wall clock is ahead of time. */
  ahead = 0

  /** What the wall clock says. */
  get wall(): number {
    return this.timeline.now + this.ahead
  }

  get now(): number {
    return this.timeline.now
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.timeline.now - startedAt
  }

  /** One line of the trace; its words are made only when somebody reads them. */
  say(who: string, what: () => string): void {
    if (this.#onLine === undefined) return
    const seconds = (this.elapsed / 1000).toFixed(3).padStart(9)
    this.#onLine(`${seconds}  ${who.padEnd(14)} ${what()}`)
  }

  /** A fault has happened: not planned, happened. */
  fire(kind: FaultKind): void {
    this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1)
  }

  violate(check: Check, sentence: string): void {
    this.say('VIOLATION', () => `${check}: ${sentence}`)
    this.broken ??= { check, sentence, at: this.elapsed }
  }
}
