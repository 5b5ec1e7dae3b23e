/**
 * Whose runner may start now: after a boot all would come at once, and each would take longer than it may.
 *
 * Owns: who has a turn. It is over when the runner dialled in, when its session does not start it any more, or when
 * starting it failed.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** Runners that were started and have not dialled in. */
export const startsMax = 8
const lookMs = 50

export interface StartTurnsOptions {
  /** Whether the runner of a session that had its turn is still awaited. */
  readonly isStarting: (session: string) => boolean
  /** Ends the waiting. */
  readonly signal: AbortSignal
}

export class StartTurns {
  readonly #options: StartTurnsOptions
  readonly #starting = new Set<string>()

  constructor(options: StartTurnsOptions) {
    this.#options = options
  }

  /** Waits for a turn and starts. @throws what `start` throws, and when the waiting was ended */
  async take(session: string, start: () => Promise<void>): Promise<void> {
    while (this.#isFull()) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await sleep(lookMs, undefined, { signal: this.#options.signal })
    }
    this.#starting.add(session)
    try {
      await start()
    } catch (error) {
      // It may be tried again, and must not wait for itself then.
      this.#starting.delete(session)
      throw error
    }
  }

  #isFull(): boolean {
    if (this.#starting.size < startsMax) return false
    for (const session of this.#starting)
      if (!this.#options.isStarting(session)) this.#starting.delete(session)
    return this.#starting.size >= startsMax
  }
}
