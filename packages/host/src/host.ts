/**
 * What runs actors: it loads them, runs their transitions, commits, and only then lets anything out.
 *
 * Owns: when a tick happens, the order of what leaves after it, and what happens when something fails. Its neighbours:
 * `tick.ts` decides, a `Storage` keeps, `watchers.ts` knows who looks on.
 *
 * One tick drains all waiting inputs of all actors, runs their transitions in the order they were submitted, and
 * commits everything at once, because durability costs one fsync per commit and not per event. The queue has no limit
 * of its own: whoever submits waits for the reply, or counts what is under way.
 *
 * Invariants:
 * - H-3 Nothing a transition asks for is visible to anybody before the transition is committed.
 * - H-4 The inputs that wait when a tick begins run in order and share one commit.
 * - H-5 After the commit leave first the effects, then what watchers see, then the replies, each in order.
 * - H-7 After a failed commit nothing leaves, ever again, and the store is not touched.
 * - H-54 Actors with a deadline hear of a step of the wall clock, once, before anything else of a tick, and of the time that a
 *   store refused before an alarm rings.
 * - H-52 A store that is full or busy wrote nothing: what would have been written is refused, facts wait, reads go on, and
 *   all goes on by itself when it takes commits again.
 */
import type { Actor, Parts } from '@belay/actor'
import { isTooEarly, mayWait, type Refused, refusedOnceMore, StoreRefusal } from './refusal.ts'
import { Residents } from './residents.ts'
import type { Segment } from './segment.ts'
import type { ActorWrite, AlarmRow, ListOptions, Storage, SummaryRow } from './storage.ts'
import { type Job, runTick, type Tick } from './tick.ts'
import { type Commit, Watchers } from './watchers.ts'
import { finishWork, type Sealed, type Work } from './work.ts'

export interface HostOptions<State extends Parts, Input, Effect, Reply> {
  readonly actor: Actor<State, Input, Effect, Reply>
  readonly storage: Storage
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds that never jump, and stand still while the machine sleeps. */
  readonly steady: () => number
  /** Runs the callback once, soon, after the I/O of this turn of the loop. */
  readonly soon: (callback: () => void) => void
  /** The one timer of the host: calls back at `at`, which may have passed; a new call replaces the old one. */
  readonly timer: {
    readonly set: (at: number, callback: () => void) => void
    readonly clear: () => void
  }
  /** Performs an effect after its commit; `must` is there for effects of the outbox. What fails out there comes back as an input. */
  readonly perform: (id: string, effect: Effect, must: { readonly key: string } | undefined) => void
  /** A transition of this actor threw: it is stopped until the host is started again, the others go on. */
  readonly onActorStopped: (id: string, error: Error) => void
  /** The store takes nothing for now, and why; or it takes everything again. */
  readonly onRefusal?: (refusal: StoreRefusal | undefined) => void
  /** The store failed; nothing of that tick has left, and every submit rejects from now on. End the process. */
  readonly onStop: (error: Error) => void
  /** Actors kept in memory between ticks, watched or not. */
  readonly residentsMax?: number
}

export interface HostStats {
  /** Actors in memory. */
  readonly loaded: number
  /** Watchers of one actor. */
  readonly watchers: number
  readonly commits: number
  readonly transitions: number
}

export interface Host<State, Input, Reply> {
  /** Performs everything in the outbox again and sets the timer. */
  start(): void
  /** Resolves after the commit. Rejects with a `StoreRefusal` when the store takes nothing now, and when the actor or the host is stopped; nothing of the input is kept then. */
  submit(id: string, input: Input): Promise<Reply>
  /** The committed state; `initial` when nobody has written to the actor. @throws when it cannot be read */
  read(id: string): State
  has(id: string): boolean
  /** The committed row of an actor. */
  row(id: string, key: string): string | undefined
  /** Stored segments that hold numbers above `after`, in order; the first may begin earlier. At least one if any. */
  log(id: string, after: number, bytesMax: number): Segment[]
  /** The number of the first entry of the log that is stored: what was before it was wiped or trimmed. `undefined` when none is. */
  first(id: string): number | undefined
  /** Calls the watcher after each later commit of this actor, once for each of its segments. @returns what ends it */
  watch(id: string, watcher: (commit: Commit<State>) => void): () => void
  /** Calls the watcher after each commit that changed a summary. @returns what ends it */
  watchAll(watcher: (id: string, summary: string | undefined) => void): () => void
  /** Actors with a summary, newest created first. */
  list(options: ListOptions): SummaryRow[]
  /** How many actors have a summary. */
  count(): number
  /** Every actor that is stored. */
  ids(): Iterable<string>
  /** Every actor that has a deadline. However many are stored, those at work are few. */
  alarmed(): readonly string[]
  stats(): HostStats
  /** Runs what is queued in one last tick and closes the store. Later submits reject. */
  stop(): void
}

/** A host that is not yet started: it answers, but neither alarms nor the outbox run before `start`. */
export function createHost<State extends Parts, Input, Effect, Reply>(
  options: HostOptions<State, Input, Effect, Reply>,
): Host<State, Input, Reply> {
  return new ActorHost(options)
}

const residentsMaxDefault = 2000
/** Less is the slewing of a clock; every deadline is longer. */
const jumpMsMin = 2000
/** Due alarms that share a tick, so that a start after a long absence does not block the loop. */
const alarmsPerTickMax = 200

class ActorHost<State extends Parts, Input, Effect, Reply> implements Host<State, Input, Reply> {
  readonly #options: HostOptions<State, Input, Effect, Reply>
  readonly #storage: Storage
  readonly #residents: Residents<State, Input, Effect, Reply>
  readonly #watchers = new Watchers<State>()
  #queue: Job<Input, Reply>[] = []
  /** The store refuses. */
  #refused: Refused | undefined
  /** What waits for the store, in order. */
  #waiting: Job<Input, Reply>[] = []
  #tickIsDue = false
  #ticking = false
  #phase: 'new' | 'running' | 'stopping' | 'ended' = 'new'
  /** Why submits reject once the phase is past `running`. */
  #reason = new Error('the host is stopped')
  /** Of the time that the store refused, what the present tick tells already. */
  #told = 0
  /** How far the wall clock was ahead of the steady one. */
  #ahead: number | undefined
  /** Whether a stored alarm changed, or rang, since the timer was set. */
  #timerIsStale = true
  #commits = 0
  #transitions = 0

  constructor(options: HostOptions<State, Input, Effect, Reply>) {
    const { actor, storage, onActorStopped, residentsMax = residentsMaxDefault } = options
    this.#options = options
    this.#storage = storage
    this.#residents = new Residents({ actor, storage, onActorStopped, residentsMax })
  }

  start(): void {
    if (this.#phase !== 'new') throw new Error('a host is started once')
    this.#phase = 'running'
    for (const { id, key, effect } of this.#storage.outbox()) {
      this.#options.perform(id, JSON.parse(effect), { key })
    }
    this.#setTimer()
  }

  submit(id: string, input: Input): Promise<Reply> {
    if (this.#isOver()) return Promise.reject(this.#reason)
    return new Promise((resolve, reject) => {
      this.#enqueue({ id, input, rings: false, resolve, reject })
    })
  }

  read(id: string): State {
    this.#assertReadable()
    const resident = this.#residents.open(id)
    if (resident instanceof Error) throw resident
    this.#residents.keep(resident)
    this.#residents.trim()
    return resident.state
  }

  has(id: string): boolean {
    this.#assertReadable()
    return this.#storage.has(id)
  }

  row(id: string, key: string): string | undefined {
    this.#assertReadable()
    return this.#storage.row(id, key)
  }

  log(id: string, after: number, bytesMax: number): Segment[] {
    this.#assertReadable()
    return this.#storage.segments(id, after, bytesMax)
  }

  first(id: string): number | undefined {
    this.#assertReadable()
    return this.#storage.first(id)
  }

  watch(id: string, watcher: (commit: Commit<State>) => void): () => void {
    return this.#watchers.add(id, this.#commits, watcher)
  }

  watchAll(watcher: (id: string, summary: string | undefined) => void): () => void {
    return this.#watchers.addToAll(this.#commits, watcher)
  }

  list(options: ListOptions): SummaryRow[] {
    this.#assertReadable()
    return this.#storage.list(options)
  }

  count(): number {
    this.#assertReadable()
    return this.#storage.count()
  }

  ids(): Iterable<string> {
    this.#assertReadable()
    return this.#storage.ids()
  }

  alarmed(): readonly string[] {
    this.#assertReadable()
    return this.#storage.alarms(Number.MAX_SAFE_INTEGER).map(({ id }) => id)
  }

  stats(): HostStats {
    return {
      loaded: this.#residents.size,
      watchers: this.#watchers.size,
      commits: this.#commits,
      transitions: this.#transitions,
    }
  }

  stop(): void {
    if (this.#isOver()) return
    this.#phase = 'stopping'
    this.#options.timer.clear()
    // When an effect or a watcher stops the host, its tick goes on first.
    if (!this.#ticking) this.#close()
  }

  #isOver(): boolean {
    return this.#phase === 'stopping' || this.#phase === 'ended'
  }

  /** After a failed commit memory holds what the disk may not, so nothing may be read from either. */
  #assertReadable(): void {
    if (this.#phase === 'ended') throw this.#reason
  }

  #enqueue(job: Job<Input, Reply>): void {
    this.#queue.push(job)
    this.#enqueueTick()
  }

  #enqueueTick(): void {
    if (this.#tickIsDue) return
    this.#tickIsDue = true
    this.#options.soon(() => {
      this.#tickIsDue = false
      if (this.#phase !== 'ended') this.#tick()
      if (this.#phase === 'stopping') this.#close()
    })
  }

  #close(): void {
    if (this.#queue.length > 0 || this.#waiting.length > 0) this.#tick()
    if (this.#phase !== 'stopping') return
    this.#phase = 'ended'
    for (const job of this.#waiting.splice(0)) job.reject(this.#reason)
    this.#storage.close()
  }

  #tick(): void {
    const jobs = [...this.#jumps(this.#jump()), ...this.#waiting, ...this.#queue]
    this.#waiting = []
    this.#queue = []
    this.#ticking = true
    try {
      const tick = this.#decideAndCommit(jobs)
      if (tick !== undefined) this.#letOut(tick)
    } finally {
      this.#ticking = false
      this.#told = 0
      this.#residents.trim()
      if (this.#timerIsStale) this.#setTimer()
    }
  }

  /** @returns `undefined` when the store failed and the host is stopped */
  #decideAndCommit(
    jobs: readonly Job<Input, Reply>[],
  ): Tick<State, Input, Effect, Reply> | undefined {
    const world = { actor: this.#options.actor, storage: this.#storage, residents: this.#residents }
    try {
      const tick = runTick(world, jobs, this.#options.clock())
      const writes = []
      for (const { sealed } of tick.opened.values()) {
        if (sealed !== undefined) writes.push(sealed.write)
      }
      if (writes.length === 0) return tick
      const refused = this.#commit(writes)
      return refused === undefined ? tick : this.#withhold(tick, refused)
    } catch (error) {
      if (error instanceof StoreRefusal) this.#refuse(this.#hear(error), jobs)
      else this.#fail(error, jobs)
      return undefined
    }
  }

  /** @returns why nothing was written, if so */
  #commit(writes: readonly ActorWrite[]): Refused | undefined {
    const before = this.#refused
    if (before !== undefined && isTooEarly(before, this.#options.steady())) return before
    try {
      this.#storage.commit(writes)
    } catch (error) {
      if (error instanceof StoreRefusal) return this.#hear(error)
      throw error
    }
    this.#commits += 1
    this.#refused = undefined
    if (before !== undefined) {
      this.#options.onRefusal?.(undefined)
      // Nobody could be heard meanwhile, so nobody's time went on.
      const stood = Math.round(this.#options.steady() - before.since - this.#told)
      for (const job of this.#jumps(stood)) this.#enqueue(job)
    }
    return undefined
  }

  /** @returns how far the wall clock was moved since the last look, 0 when it was not */
  #jump(): number {
    const { steady, clock } = this.#options
    const ahead = clock() - steady()
    const by = ahead - (this.#ahead ?? ahead)
    // A clock that is corrected little by little is no jump, as long as it is followed.
    if (this.#ahead === undefined || Math.abs(by) < jumpMsMin) {
      this.#ahead ??= ahead
      return 0
    }
    this.#ahead = ahead
    return Math.round(by)
  }

  #jumps(by: number): Job<Input, Reply>[] {
    const { jumped } = this.#options.actor
    if (by === 0 || jumped === undefined || this.#phase !== 'running') return []
    const limit = Number.MAX_SAFE_INTEGER - this.#residents.stoppedCount
    return (this.#alarms(limit) ?? []).map(({ id }) => ({
      id,
      input: jumped(by),
      rings: false,
      resolve: ignore,
      reject: ignore,
    }))
  }

  #hear(refusal: StoreRefusal): Refused {
    const before = this.#refused
    this.#refused = refusedOnceMore(before, refusal, this.#options.steady())
    this.#timerIsStale = true
    if (before?.refusal.reason !== refusal.reason) this.#options.onRefusal?.(refusal)
    return this.#refused
  }

  /** What is left of a tick whose writes were refused: the answers of those who write nothing. */
  #withhold(
    tick: Tick<State, Input, Effect, Reply>,
    refused: Refused,
  ): Tick<State, Input, Effect, Reply> {
    for (const opened of tick.opened.values()) {
      if (opened.sealed !== undefined) opened.lost = refused.refusal
      opened.sealed = undefined
    }
    const lost = tick.answered.filter(({ opened }) => opened.lost === refused.refusal)
    this.#refuse(
      refused,
      lost.map(({ job }) => job),
    )
    return { ...tick, answered: tick.answered.filter((one) => !lost.includes(one)) }
  }

  /** Facts wait: nobody tells them twice. An alarm rings again by itself. Requests hear that nothing of them was kept. */
  #refuse(refused: Refused, jobs: readonly Job<Input, Reply>[]): void {
    const { isFact } = this.#options.actor
    const waits = mayWait(refused, this.#options.steady())
    for (const job of jobs) {
      if (!job.rings && (waits || isFact?.(job.input) === true)) this.#waiting.push(job)
      else job.reject(refused.refusal)
    }
    this.#timerIsStale = true
  }

  #fail(thrown: unknown, jobs: readonly Job<Input, Reply>[]): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    this.#phase = 'ended'
    this.#reason = new Error(`the host is stopped because its store failed: ${error.message}`, {
      cause: error,
    })
    this.#options.timer.clear()
    for (const job of [...jobs, ...this.#waiting, ...this.#queue]) job.reject(this.#reason)
    this.#queue = []
    this.#waiting = []
    this.#options.onStop(this.#reason)
  }

  #letOut(tick: Tick<State, Input, Effect, Reply>): void {
    for (const { work, sealed } of tick.opened.values()) {
      if (sealed?.write.head !== undefined || work.rang) this.#timerIsStale = true
      if (sealed !== undefined) finishWork(work, sealed)
      this.#residents.keep(work.resident)
    }
    this.#transitions += tick.answered.length
    const calls = new Calls()
    for (const { opened, effect, key } of tick.effects) {
      if (opened.lost !== undefined) continue
      const { must, resident } = opened.work
      // An outbox effect that was settled or replaced later in the tick is no longer wanted.
      if (key !== undefined && must.get(key) !== effect) continue
      calls.run(() => this.#options.perform(resident.id, effect, key === undefined ? key : { key }))
    }
    for (const { work, sealed } of tick.opened.values()) {
      if (sealed !== undefined) this.#show(work, sealed, calls)
    }
    for (const { job, opened, reply } of tick.answered) {
      if (opened.lost === undefined) job.resolve(reply)
      else job.reject(opened.lost)
    }
    for (const { job, error } of tick.refused) job.reject(error)
    calls.end()
  }

  #show(work: Work<State, Effect>, sealed: Sealed, calls: Calls): void {
    const { id } = work.resident
    const [first, ...others] = sealed.segments
    for (const see of this.#watchers.of(id, this.#commits)) {
      calls.run(() => see({ id, state: work.state, segment: first, wiped: work.wiped }))
      for (const segment of others) {
        calls.run(() => see({ id, state: work.state, segment, wiped: false }))
      }
    }
    if (!sealed.summaryChanged) return
    for (const see of this.#watchers.ofAll(this.#commits)) {
      calls.run(() => see({ id, summary: sealed.head.summary }))
    }
  }

  #setTimer(): void {
    if (this.#phase !== 'running') return
    this.#timerIsStale = false
    const alarms = this.#alarms(1)
    const next = alarms?.[0]
    const again = this.#again()
    const waits = this.#waiting.length > 0 || alarms === undefined
    // While the store refuses, whoever waits for it rings the timer, and an alarm does not ring sooner.
    const at = waits ? again : next && Math.max(next.at, again ?? next.at)
    if (at === undefined) this.#options.timer.clear()
    else this.#options.timer.set(at, () => this.#ring())
  }

  /** When the store is asked again, by the wall clock. */
  #again(): number | undefined {
    const { clock, steady } = this.#options
    return this.#refused && Math.ceil(clock() + this.#refused.again - steady())
  }

  #ring(): void {
    if (this.#phase !== 'running') return
    this.#timerIsStale = true
    const now = this.#options.clock()
    if (this.#waiting.length > 0) this.#enqueueTick()
    const due = (this.#alarms(alarmsPerTickMax) ?? []).filter(({ at }) => at <= now)
    // A timer may be early.
    if (due.length === 0 && this.#waiting.length === 0) this.#setTimer()
    // After a refusal deadlines have moved before they may ring: who is told of that is who asks the store again.
    if (this.#refused !== undefined && this.#options.actor.jumped !== undefined && due.length > 0) {
      this.#told = Math.round(this.#options.steady() - this.#refused.since)
      for (const job of this.#jumps(this.#told)) this.#enqueue({ ...job, rings: true })
      return
    }
    const input = this.#options.actor.alarm
    for (const { id } of due) {
      this.#enqueue({ id, input, rings: true, resolve: ignore, reject: ignore })
    }
  }

  /** The earliest alarms of actors that are not stopped. `undefined` when the store does not say. */
  #alarms(limit: number): readonly AlarmRow[] | undefined {
    try {
      return this.#storage
        .alarms(limit + this.#residents.stoppedCount)
        .filter(({ id }) => this.#residents.stoppedBy(id) === undefined)
        .slice(0, limit)
    } catch (error) {
      if (error instanceof StoreRefusal) this.#hear(error)
      else this.#fail(error, [])
      return undefined
    }
  }
}

/** Nobody waits for the reply to an alarm; an actor that throws on it is reported by `onActorStopped`. */
function ignore(): void {}

/** Calls into the app: one that throws keeps nothing from the others, and is thrown at the end, where it ends the process. */
class Calls {
  #thrown: { readonly error: unknown } | undefined

  run(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#thrown ??= { error }
    }
  }

  end(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error
  }
}
