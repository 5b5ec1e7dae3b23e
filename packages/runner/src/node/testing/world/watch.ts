/**
 * The world as it was seen last, and what of it may not be otherwise after each thing that Belay was asked for.
 *
 * Owns: looking, and doing something to Belay while it works.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@belay/testing'
import { Broken, within } from './broken.ts'
import { disturb, type Disturbance } from './disturbing.ts'
import { type Seen, seenAt } from './ledger.ts'
import type { Place } from './place.ts'
import { type Engine, Gone, type Session } from './session.ts'
import { changed, restOf, type Snapshot } from './snapshot.ts'

export interface Done<Result> {
  /** Absent: its process was killed, so nobody heard it. */
  readonly result: Result | undefined
  readonly fired: Disturbance | undefined
}

/** What may be otherwise after something was done. */
export type Leave = 'nothing' | 'files' | 'repository'

/** Longer than a clock of files takes to tick: what was written before is no more so new that it may change unseen. */
const settledMs = 25

/** How often something goes wrong meanwhile; less where nothing but time is lost by it, more where it happens seldom. */
const disturbedOften = new Map([
  ['ready', 0.05],
  ['plan', 0.05],
  ['finish', 0.4],
])

export class Watch {
  readonly #place: Place
  readonly #random: Random
  readonly counts = new Map<string, number>()
  now: Seen

  constructor(place: Place, random: Random) {
    this.#place = place
    this.#random = random
    this.now = this.look()
  }

  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  look(): Seen {
    return seenAt(this.#place.moment(this.#place.snapshot()), this.#place.workspace)
  }

  /** Something that changes no byte of anybody's, whatever happens to it. */
  async calmly<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
    await this.#pause()
    const result = await this.guarded(what, run())
    this.#unchanged(what, 'nothing')
    return result
  }

  async disturbed<Result>(
    { engine }: Session,
    what: string,
    leave: Leave,
    run: (engine: Engine) => Promise<Result>,
  ): Promise<Done<Result>> {
    if (engine === undefined) throw new Error('there is no engine')
    await this.#pause()
    const random = this.#random
    const fault = random.chance(disturbedOften.get(what) ?? 0.2)
      ? disturb(engine, random, this.#place.env['HOME'] ?? '')
      : undefined
    const heard = await this.guarded(what, run(engine).catch(unheard))
    const fired = await within(fault?.over() ?? Promise.resolve(undefined), `the end of ${what}`)
    const result = fired === 'runner-killed' ? undefined : heard
    if (result === undefined && fired !== 'runner-killed') throw new Error(`${what} was not heard`)
    if (fired !== undefined) this.count(`fault ${fired}`)
    if (fired !== undefined) this.count(`${fired} during ${what}`)
    this.#unchanged(what, leave)
    return { result, fired }
  }

  async guarded<Result>(what: string, running: Promise<Result>): Promise<Result> {
    try {
      return await within(running, what)
    } catch (error) {
      throw new Broken(
        `${what} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
    }
  }

  /** A session that has done something anew has nothing left of a restore that it died in. */
  checkLitter(session: string): void {
    const [name] = this.#place.litter(session)
    if (name !== undefined) throw new Broken(`${JSON.stringify(name)} was left by a killed restore`)
  }

  /** Mostly nobody works on files in the very moment before Belay does. */
  async #pause(): Promise<void> {
    if (this.#random.chance(0.7)) await sleep(settledMs)
  }

  /** Nobody's `.git`, nothing of Belay's, nothing outside of the folder; and of its files only what may be. */
  #unchanged(what: string, leave: Leave): void {
    const before = this.now
    this.now = this.look()
    const [name] = changed(this.#held(before, leave), this.#held(this.now, leave))
    if (name !== undefined) throw new Broken(`${what} changed ${JSON.stringify(name)}`)
  }

  #held({ moment, view }: Seen, leave: Leave): Snapshot {
    if (leave === 'nothing') return moment.all
    if (leave === 'files') return restOf(moment.all, view, this.#place.workspace)
    const git = this.#place.ownGit
    return new Map([...moment.all].filter(([name]) => git === undefined || !name.startsWith(git)))
  }
}

function unheard(error: unknown): undefined {
  if (!(error instanceof Gone)) throw error
}
