/**
 * A runner process: the real decisions of `@belay/runner`, carried out on the simulated machine.
 *
 * What `run.ts`, `driver.ts` and `agent-slot.ts` of `packages/runner/src/node` do with locks, files and processes happens
 * here in the same order: lock, sweep, spool; reports to the spool, then effects; the agent's facts back in as inputs.
 */
import { oneAtATime, unreachable } from '@belay/actor'
import type { Report } from '@belay/protocol'
import {
  type Effect,
  emptyJoiner,
  flush,
  initial,
  type Input,
  join,
  joinDueAt,
  type Joiner,
  nextAlarm,
  type RunnerState,
  type RunnerStep,
  transition,
} from '@belay/runner'
import { AgentSlot } from './agent-slot.ts'
import { SimHands } from './hands.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import { Process } from './process.ts'
import { RunnerLink } from './runner-link.ts'
import { createSpool, type Spool } from './spool.ts'
import type { Stage } from './stage.ts'
import type { Timer } from './timeline.ts'
import type { Truth } from './truth.ts'

/** What becomes of a preparation that begins now. */
export interface PreparationFaults {
  readonly workspace: 'works' | 'fails' | 'hangs'
  readonly agent: 'works' | 'fails' | 'hangs'
  readonly saves: 'works' | 'fails'
}

export type Decide = (state: RunnerState, input: Input, now: number) => RunnerStep

export interface RunnerOptions {
  readonly stage: Stage
  readonly machine: Machine
  readonly network: Network
  readonly truth: Truth
  readonly session: string
  readonly generation: number
  readonly faults: () => PreparationFaults
  /** The transition; a planted defect wraps it. */
  readonly decide?: Decide | undefined
}

const lockMsMax = 10_000
/** What a runner writes when a fault of its own ends it. */
const faultWords = 'Cannot read properties of undefined'
const lockPollMs = 100
const lastAckMsMax = 2500

export class SimRunner {
  readonly session: string
  readonly generation: number
  readonly process: Process
  readonly #options: RunnerOptions
  readonly #decide: Decide
  #spool: Spool | undefined
  link: RunnerLink | undefined
  #state: RunnerState
  #joiner: Joiner = emptyJoiner
  #joinTimer: Timer | undefined
  #alarmTimer: Timer | undefined
  readonly #agent: AgentSlot
  readonly #hands: SimHands
  readonly feed = oneAtATime((input: Input) => this.#step(input))
  /** Which prompt each turn is about: a runner does not need it, those who check do. */
  readonly #promptIds = new Map<number, string>()

  constructor(options: RunnerOptions) {
    const { stage, session, generation } = options
    this.#options = options
    this.#decide = options.decide ?? transition
    this.session = session
    this.generation = generation
    this.process = new Process(stage, `runner ${session}/${generation}`)
    this.#state = initial(generation)
    const { machine, truth, faults } = options
    this.#agent = new AgentSlot({
      stage,
      machine,
      truth,
      session,
      generation,
      runner: this.process,
      feed: this.feed,
      starts: () => faults().agent,
    })
    this.#hands = new SimHands({
      process: this.process,
      feed: this.feed,
      prepares: () => faults().workspace,
      fails: () => faults().saves === 'fails',
      onLooked: (turn, what) => truth.workspaceLookedAt(session, turn, what),
    })
  }

  get acked(): number {
    return this.#spool?.acked ?? 0
  }

  /** Begins, with the lock of its folder. */
  async run(): Promise<void> {
    const { machine, network, session, generation } = this.#options
    const { process } = this
    const until = process.stage.now + lockMsMax
    // A session that was deleted meanwhile does not get its folder back.
    while (machine.folders.has(session) && !machine.takeLock(session, { process, generation })) {
      const held = machine.lockOwner(session)
      if (held?.generation === generation || process.stage.now > until) return this.#exit(75)
      await process.sleep(lockPollMs)
    }
    if (!machine.folders.has(session)) return this.#exit(70)
    machine.sweep(session)
    await process.sleep(process.stage.random.integer(0, 20))
    const spool = createSpool({ machine, process, session, generation })
    if (spool === undefined) return this.#exit(76)
    this.#spool = spool
    this.link = new RunnerLink({
      network,
      process,
      session,
      generation,
      spool,
      onCommand: (command) => {
        if (command.type === 'prompt') this.#promptIds.set(command.turn, command.promptId)
        this.feed({ type: 'command', command })
      },
      onHint: ({ promptId }) => this.feed({ type: 'prompt-coming', promptId }),
      onDismissed: (reason) => this.feed({ type: 'close-asked', reason }),
    })
  }

  /** A fault of ours: its last words, and its end at once, and its agent's. */
  throw(): void {
    this.#options.machine.lastWords.set(`${this.session}/${this.generation}`, faultWords)
    this.#agent.kill()
    this.#exit(70)
  }

  /** SIGTERM. */
  askToEnd(): void {
    if (this.#spool === undefined) this.#exit(143)
    else this.feed({ type: 'close-asked', reason: 'it was asked to end (SIGTERM)' })
  }

  #step(input: Input): void {
    const { process } = this
    const step = this.#decide(this.#state, input, process.stage.now)
    this.#state = step.state
    this.#report(step.reports)
    for (const effect of step.effects) if (process.point()) this.#perform(effect)
    this.#armAlarm()
  }

  #report(reports: readonly Report[]): void {
    const out: Report[] = []
    for (const report of reports) {
      const joined = join(this.#joiner, report, this.process.stage.now)
      this.#joiner = joined.joiner
      out.push(...joined.out)
    }
    this.#write(out)
    this.#armJoiner()
  }

  #write(reports: readonly Report[]): void {
    const spool = this.#spool
    if (reports.length === 0 || spool === undefined) return
    spool.append(reports.map((report) => JSON.stringify(report)))
    if (reports.some(({ type }) => type === 'turn-taken' || type === 'turn-finished')) spool.sync()
    for (const report of reports) this.process.stage.say(this.process.name, () => words(report))
    this.link?.nudge()
  }

  #armJoiner(): void {
    const due = joinDueAt(this.#joiner)
    if (due === undefined || this.#joinTimer !== undefined) return
    this.#joinTimer = this.process.after(due - this.process.stage.now, () => {
      this.#joinTimer = undefined
      const now = joinDueAt(this.#joiner)
      if (now === undefined || now > this.process.stage.now) return this.#armJoiner()
      this.#flush()
    })
  }

  #flush(): void {
    const { joiner, out } = flush(this.#joiner, this.process.stage.now)
    this.#joiner = joiner
    this.#write(out)
  }

  #armAlarm(): void {
    if (this.#alarmTimer !== undefined) this.#alarmTimer.cancelled = true
    const at = nextAlarm(this.#state)
    if (at === undefined) return
    this.#alarmTimer = this.process.after(Math.max(1, at - this.process.stage.now), () =>
      this.feed({ type: 'alarm' }),
    )
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'prepare-workspace':
        return void this.#hands.prepare()
      // Nothing follows from it; but nobody looks at files that somebody works on.
      case 'look-ahead':
        if (this.#hands.isSaving)
          this.process.stage.violate(
            'checkpoint',
            `${this.session} was looked at while a checkpoint was made`,
          )
        return
      case 'save':
        return void this.#hands.save(effect)
      case 'commit':
        return void this.#hands.commit(effect)
      case 'restore':
        if (this.#hands.isSaving)
          this.process.stage.violate(
            'checkpoint',
            `${this.session} was put back while a checkpoint was made`,
          )
        return void this.#hands.restore(effect)
      case 'plan':
        return void this.#hands.plan(effect)
      case 'stop-saving':
        return this.#hands.stopSaving()
      case 'keep-agent':
        return this.#agent.keep(effect.agentSession)
      case 'restart-agent':
        return this.#agent.restart()
      case 'send-prompt':
        if (this.#hands.isSaving)
          this.process.stage.violate(
            'checkpoint',
            `turn ${effect.turn} of ${this.session} was handed over while a checkpoint was made`,
          )
        return this.#agent.prompt(effect.turn, this.#promptIds.get(effect.turn) ?? '', effect.text)
      // The scripted agent offers nothing to choose from.
      case 'choose':
        return
      case 'cancel-prompt':
        return this.#agent.cancel()
      case 'answer-permission':
        return this.#agent.answer(effect.id)
      case 'end-agent':
        return this.#agent.end()
      case 'finish':
        this.#flush()
        return void this.#finish()
      default:
        return unreachable(effect)
    }
  }

  async #finish(): Promise<void> {
    const until = this.process.stage.now + lastAckMsMax
    const isBehind = () => this.#spool !== undefined && this.#spool.acked < this.#spool.last
    while (isBehind() && this.process.stage.now < until) await this.process.sleep(20)
    this.#exit(0)
  }

  #exit(code: number): void {
    this.process.end({ code, signal: undefined, silent: false })
  }
}

function words(report: Report): string {
  return JSON.stringify(report).slice(0, 120)
}
