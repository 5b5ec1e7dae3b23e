/**
 * The actors in memory, and those that are stopped.
 *
 * Invariants:
 * - H-22 Memory holds at most `residentsMax` actors between ticks, those touched last; watching an actor does not load it.
 * - H-8 A stopped actor gets no input until the host is started again; it can still be read.
 */
import type { Actor, Parts } from '@belay/actor'
import type { Storage } from './storage.ts'
import { type Resident, residentOf } from './work.ts'

export interface ResidentsOptions<State extends Parts, Input, Effect, Reply> {
  readonly actor: Actor<State, Input, Effect, Reply>
  readonly storage: Storage
  readonly residentsMax: number
  readonly onActorStopped: (id: string, error: Error) => void
}

export class Residents<State extends Parts, Input, Effect, Reply> {
  readonly #options: ResidentsOptions<State, Input, Effect, Reply>
  /** In the order they were last touched. */
  readonly #loaded = new Map<string, Resident<State>>()
  readonly #stopped = new Map<string, Error>()

  constructor(options: ResidentsOptions<State, Input, Effect, Reply>) {
    this.#options = options
  }

  get size(): number {
    return this.#loaded.size
  }

  get stoppedCount(): number {
    return this.#stopped.size
  }

  stoppedBy(id: string): Error | undefined {
    return this.#stopped.get(id)
  }

  /**
   * The actor for a tick, which calls `keep` for those it has written.
   * @returns the error when it cannot read its parts: it is stopped then.
   * @throws when the store fails
   */
  open(id: string): Resident<State> | Error {
    const loaded = this.#loaded.get(id)
    if (loaded !== undefined) return loaded
    const stored = this.#options.storage.load(id)
    try {
      return residentOf(this.#options.actor, id, stored)
    } catch (error) {
      return this.stop(id, error)
    }
  }

  /** Makes a stored actor the one touched last. One that nobody has written to is not worth its memory. */
  keep(resident: Resident<State>): void {
    if (resident.head === undefined) return
    this.#loaded.delete(resident.id)
    this.#loaded.set(resident.id, resident)
  }

  /** Forgets the actors touched longest ago. */
  trim(): void {
    for (const id of this.#loaded.keys()) {
      if (this.#loaded.size <= this.#options.residentsMax) return
      this.#loaded.delete(id)
    }
  }

  /** @returns the error, made one when something else was thrown */
  stop(id: string, thrown: unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    if (!this.#stopped.has(id)) {
      this.#stopped.set(id, error)
      this.#options.onActorStopped(id, error)
    }
    return error
  }
}
