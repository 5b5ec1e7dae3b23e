/**
 * A process of the simulated machine: what it waits for ends with it.
 *
 * A dead process does nothing: its timers do not ring, its sockets and its disk do not hear it. So a kill may happen in
 * the middle of a step, at any point that the code of the world names; what follows in that step comes to nothing.
 */
import type { Stage } from './stage.ts'
import type { Timer } from './timeline.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | undefined
  readonly signal: string | undefined
  /** Its machine died: nobody told the other ends of its sockets. */
  readonly silent: boolean
}

export class Process {
  readonly name: string
  readonly stage: Stage
  exit: Exit | undefined
  endedAt: number | undefined
  /** Set by a fault: it dies at the point that many points from now. */
  doomedIn: { points: number; readonly die: () => void } | undefined
  readonly #endings: ((exit: Exit) => void)[] = []

  constructor(stage: Stage, name: string) {
    this.stage = stage
    this.name = name
  }

  get alive(): boolean {
    return this.exit === undefined
  }

  after(ms: number, run: () => void): Timer {
    return this.stage.timeline.after(ms, () => {
      if (this.alive) run()
    })
  }

  every(ms: number, run: () => void): Timer {
    const timer: Timer = { cancelled: false }
    const again = () => {
      if (timer.cancelled) return
      run()
      this.after(ms, again)
    }
    this.after(ms, again)
    return timer
  }

  /** Never comes back when the process dies meanwhile. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  onExit(ended: (exit: Exit) => void): void {
    if (this.exit === undefined) this.#endings.push(ended)
    else ended(this.exit)
  }

  /** A moment between two things a process does. @returns whether it lives on */
  point(): boolean {
    if (this.doomedIn !== undefined && this.alive) {
      this.doomedIn.points -= 1
      if (this.doomedIn.points <= 0) this.doomedIn.die()
    }
    return this.alive
  }

  kill(signal: string): void {
    this.end({ code: undefined, signal, silent: false })
  }

  end(exit: Exit): void {
    if (this.exit !== undefined) return
    this.exit = exit
    this.endedAt = this.stage.now
    this.stage.say(this.name, () => `ends: ${exit.signal ?? `code ${exit.code}`}`)
    for (const ended of this.#endings) ended(exit)
  }
}
