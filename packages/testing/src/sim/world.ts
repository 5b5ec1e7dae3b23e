/**
 * The whole simulated world: a server that is started again after each of its deaths, runners, agents, people who look
 * and ask, and what is checked of it all.
 *
 * Owns: putting it together, and the state of it that checks read. What happens is drawn in `plan.ts` and `faults.ts`.
 */
import type { ActorWrite } from '@belay/host'
import { type Deadlines, deadlines as defaults, type SessionEvent } from '@belay/protocol'
import { createSessionActor, type SessionState } from '@belay/session'
import { Answers } from './answers.ts'
import { Caller } from './caller.ts'
import { Faults } from './faults.ts'
import { LogCheck, type RunnerFacts } from './log-check.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'
import { Person } from './person.ts'
import type { Plan } from './plan.ts'
import { type Planted, plantInRunner } from './planted.ts'
import { Process } from './process.ts'
import { SimRunner } from './runner.ts'
import { type Delivery, SimServer } from './server.ts'
import type { Stage } from './stage.ts'
import { Disk } from './storage.ts'
import { Truth } from './truth.ts'
import { SimViewer } from './viewer.ts'

/** Waits as long as they must be to tell one from another: longer ones say nothing new and cost steps. */
export const deadlines: Deadlines = {
  ...defaults,
  prepareMs: 60_000,
  turnStartMs: 30_000,
  turnQuietMs: 45_000,
  toolMs: 60_000,
  turnMs: 240_000,
  permissionMs: 50_000,
  queueMs: 600_000,
  idleMs: 40_000,
  callbackMs: 120_000,
}
const syncAfterMs = 30

export interface WorldOptions {
  readonly stage: Stage
  readonly plan: Plan
  readonly planted: Planted | undefined
}

export class World {
  readonly stage: Stage
  readonly plan: Plan
  readonly machine: Machine
  readonly network: Network
  readonly truth: Truth
  readonly disk: Disk
  readonly answers: Answers
  readonly faults: Faults
  readonly people: readonly Person[]
  readonly viewers: SimViewer[] = []
  readonly logs = new Map<string, LogCheck>()
  readonly wiped = new Set<string>()
  /** Ends of turns that somebody's program has heard of: `session turn`, and the id it was told under. */
  readonly told = new Map<string, string>()
  server: SimServer
  /** Every runner that was ever started. A generation may be started twice, by two lives of the server. */
  readonly runners: SimRunner[] = []
  readonly #stored = new Map<string, number>()
  readonly #generations = new Map<string, number>()
  readonly #planted: Planted | undefined

  constructor({ stage, plan, planted }: WorldOptions) {
    this.stage = stage
    this.plan = plan
    this.#planted = planted
    this.machine = new Machine(stage)
    this.network = new Network(stage)
    this.truth = new Truth(stage, this.machine)
    this.answers = new Answers(stage)
    this.disk = new Disk({
      stage,
      syncAfterMs: planted === 'ack-before-fsync' ? syncAfterMs : 0,
      lies: planted === 'full-disk-unnoticed',
      onCommitted: (writes) => this.#check(writes),
    })
    this.server = this.#newServer()
    this.faults = new Faults({
      stage,
      plan,
      network: this.network,
      machine: this.machine,
      disk: this.disk,
      server: () => this.server,
      runners: () => this.runners,
      cutPower: () => this.#cutPower(),
    })
    this.people = Array.from({ length: plan.sessions }, (_, index) =>
      this.#newPerson(`s${index + 1}`),
    )
  }

  begin(): void {
    this.#startServer()
    for (const person of this.people) person.begin()
    this.faults.begin()
  }

  stateOf(session: string): SessionState | undefined {
    return this.server.process.alive ? this.server.host.read(session) : undefined
  }

  /** Reports of this generation that the disk holds; `undefined` when another generation is there by now. */
  storedReports(session: string, generation: number): number | undefined {
    return this.#stored.get(`${session}/${generation}`)
  }

  /** How long its channel has been open at both ends with nothing in the way, milliseconds. */
  linkedMs(session: string, generation: number): number {
    const wells = this.#runnersOf(session, generation).map(
      ({ link }) => link?.linked?.connection.wellMs,
    )
    return Math.max(0, ...wells.map((ms) => ms ?? 0))
  }

  #runnersOf(session: string, generation: number): readonly SimRunner[] {
    return this.runners.filter((one) => one.session === session && one.generation === generation)
  }

  #newServer(): SimServer {
    const { stage, disk, machine, network } = this
    return new SimServer({
      stage,
      disk,
      machine,
      network,
      actor: createSessionActor(deadlines),
      planted: this.#planted,
      callback: (session, delivery) => this.#callback(session, delivery),
      spawn: (session, generation) => this.#spawn(session, generation),
      refuses: () => this.faults.refuses(),
      runnerOf: ({ process }) => this.runners.find((runner) => runner.process === process),
    })
  }

  #startServer(): void {
    const { server, stage } = this
    server.start()
    stage.say('server', () => 'is up')
    server.process.onExit(() => {
      stage.timeline.after(stage.random.pick([50, 1000, 8000, 40_000]), () => {
        this.server = this.#newServer()
        this.#startServer()
      })
    })
    for (const { process, link } of this.runners) {
      // A file is watched; now and then the system does not tell.
      if (process.alive && stage.random.chance(0.9)) process.after(5, () => link?.ring())
    }
  }

  #spawn(session: string, generation: number): SimRunner {
    const { stage, machine, network, truth, faults } = this
    const how = faults.start()
    if (how === 'fails') {
      stage.fire('runner-start-fails')
      throw new Error('no more processes')
    }
    const runner = new SimRunner({
      stage,
      machine,
      network,
      truth,
      session,
      generation,
      faults: () => faults.preparation(),
      decide: plantInRunner(this.#planted),
    })
    const startMs =
      how === 'hangs' ? stage.random.integer(20_000, 50_000) : stage.random.integer(5, 300)
    if (how === 'hangs') stage.fire('runner-start-hangs')
    machine.folder(session)
    runner.process.after(startMs, () => void runner.run())
    this.runners.push(runner)
    return runner
  }

  #callback(session: string, { turn, callbackId }: Delivery): string | undefined {
    const fate = this.faults.callback()
    const key = `${session} ${turn}`
    const before = this.told.get(key) ?? callbackId
    if (before !== callbackId)
      this.stage.violate('kept', `turn ${key} was told as ${before} and again as ${callbackId}`)
    if (fate !== 'unreachable') this.told.set(key, callbackId)
    return fate === 'heard' ? undefined : fate
  }

  #newPerson(session: string): Person {
    const { stage, network, answers, plan } = this
    const process = new Process(stage, `person ${session}`)
    const name = process.name
    const repeats = () => this.faults.repeats()
    const caller = new Caller({ name, process, network, answers, repeats })
    const viewer = () => this.viewers.find((one) => one.session === session)
    const onCreated = () => this.#openViewers(session, process)
    return new Person({ session, process, caller, plan, viewer, onCreated })
  }

  #openViewers(session: string, process: Process): void {
    for (let count = 1; count <= this.plan.viewersPerSession; count += 1) {
      const name = `viewer ${session}.${count}`
      const { network } = this
      this.viewers.push(new SimViewer({ name, session, process, network, planted: this.#planted }))
    }
  }

  #cutPower(): void {
    const exit = { code: undefined, signal: 'power', silent: true } as const
    this.server.process.end(exit)
    for (const { process } of this.runners) process.end(exit)
    for (const { process } of this.machine.agents) process.end(exit)
    this.machine.cut()
    this.disk.cut()
  }

  /** Every commit, before anybody hears of it. */
  #check(writes: readonly ActorWrite[]): void {
    for (const { id, wipe, segments, parts } of writes) {
      this.#noteStored(id, parts)
      if (wipe) this.wiped.add(id)
      for (const { text } of segments) {
        const events: SessionEvent[] = JSON.parse(`[${text}]`)
        if (this.wiped.has(id)) this.stage.violate('deleted', `${id} logs ${text} after its end`)
        else for (const event of events) this.#logOf(id).take(event, JSON.stringify(event))
      }
    }
  }

  /** The number of stored reports is in the head, the generation it belongs to with the runner. */
  #noteStored(session: string, parts: ActorWrite['parts']): void {
    const part = (wanted: string) => parts.find(({ name }) => name === wanted)?.json
    const runner = part('runner')
    if (runner !== undefined) {
      const { generation }: { generation: number } = JSON.parse(runner)
      this.#generations.set(session, generation)
    }
    const head = part('head')
    if (head === undefined) return
    const { received }: { received: number } = JSON.parse(head)
    this.#stored.set(`${session}/${this.#generations.get(session) ?? 0}`, received)
  }

  #logOf(session: string): LogCheck {
    let log = this.logs.get(session)
    if (log === undefined) {
      const { stage, truth } = this
      const { graceMs, turnQuietMs, toolMs } = deadlines
      const runner = (generation: number) => this.#factsOf(session, generation)
      const goesOn = this.people.some((one) => one.session === session && one.goesOn)
      const spans = { graceMs, turnQuietMs, toolMs }
      log = new LogCheck({ stage, truth, session, spans, goesOn, runner })
      this.logs.set(session, log)
    }
    return log
  }

  #factsOf(session: string, generation: number): RunnerFacts {
    // One that is started and has not begun holds no lock, and says nothing of the generation.
    const begun = this.#runnersOf(session, generation).filter(({ link }) => link !== undefined)
    const processes = begun.map(({ process }) => process)
    return {
      alive: processes.some(({ alive }) => alive),
      left: processes.some(({ exit }) => exit?.code === 0),
      fault: this.machine.lastWords.get(`${session}/${generation}`),
      deadMs:
        this.stage.now - Math.max(...processes.map(({ endedAt }) => endedAt ?? this.stage.now)),
      linkedMs: this.linkedMs(session, generation),
      serverMs: this.stage.now - this.server.startedAt,
    }
  }
}
