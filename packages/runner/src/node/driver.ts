/**
 * Makes a runner's decisions happen: reports to disk first, then effects; what comes of those goes back in as inputs.
 *
 * Owns: the one state, the joiner, and the two timers. It decides nothing. `agent-slot.ts` holds the agent's connection,
 * `hands.ts` the workspace.
 *
 * Invariants:
 * - R-9 The reports of a step are in the spool before any effect of it is performed.
 */
import { existsSync } from 'node:fs'
import { oneAtATime, unreachable } from '@belay/actor'
import { markerEnv } from '@belay/agent/node'
import type { Report } from '@belay/protocol'
import type { Effect } from '../effect.ts'
import type { Input } from '../input.ts'
import { emptyJoiner, flush, join, joinDueAt, type Joiner } from '../join.ts'
import { initial, nextAlarm, type RunnerState } from '../state.ts'
import { transition } from '../transition.ts'
import { AgentSlot } from './agent-slot.ts'
import type { RunnerConfig } from './config.ts'
import { Hands } from './hands.ts'
import { handsMarker } from './name.ts'
import type { Spool } from './spool.ts'

export interface DriverOptions {
  readonly config: RunnerConfig
  readonly spool: Spool
  /** Carried by every process of its agents. */
  readonly marker: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Something new is in the spool. */
  readonly onSpooled: () => void
  /** Nothing is left to do. */
  readonly onFinished: () => void
  readonly log: (line: string) => void
}

/** Milliseconds since the epoch that never jump: a clock set anew must not end a turn. */
function steadyNow(): number {
  return performance.timeOrigin + performance.now()
}

export class Driver {
  /** What happened. An effect that makes something happen at once only queues it. */
  readonly feed = oneAtATime((input: Input) => this.#step(input))
  readonly #options: DriverOptions
  readonly #agent: AgentSlot
  readonly #hands: Hands
  #state: RunnerState
  #joiner: Joiner = emptyJoiner
  #joinTimer: NodeJS.Timeout | undefined
  #alarmTimer: NodeJS.Timeout | undefined

  constructor(options: DriverOptions) {
    this.#options = options
    this.#state = initial(options.config.generation)
    const { config, marker, env, log } = options
    const { feed } = this
    const chosen = () => this.#state.chosen
    this.#agent = new AgentSlot({ config, marker, env, log, feed, chosen })
    const { session, runnerFolder, generation } = config
    const ours = markerEnv(handsMarker(session, runnerFolder, generation))
    this.#hands = new Hands({ config, env: { ...env, ...ours }, feed })
  }

  /** No turn is at work, and the folder that the next one would work in is not there any more. */
  get isWorkspaceLost(): boolean {
    const { phase, turn } = this.#state
    const folder = this.#hands.place?.folder
    return phase === 'open' && turn === undefined && folder !== undefined && !existsSync(folder)
  }

  /** The session has stored more: an agent that had to wait may go on. */
  acked(): void {
    if (this.#options.spool.roomy) this.#agent.resume()
  }

  /** Ends the agent without waiting: the runner itself is about to end. */
  kill(): void {
    this.#hands.close()
    this.#agent.kill()
  }

  #step(input: Input): void {
    const step = transition(this.#state, input, steadyNow())
    this.#state = step.state
    this.#report(step.reports)
    for (const effect of step.effects) this.#perform(effect)
    this.#armAlarm()
  }

  #report(reports: readonly Report[]): void {
    const out: Report[] = []
    for (const report of reports) {
      const joined = join(this.#joiner, report, performance.now())
      this.#joiner = joined.joiner
      out.push(...joined.out)
    }
    this.#spool(out)
    this.#armJoiner()
  }

  #spool(reports: readonly Report[]): void {
    if (reports.length === 0) return
    const { spool, onSpooled } = this.#options
    spool.append(reports.map((report) => JSON.stringify(report)))
    if (reports.some(isMilestone)) spool.sync()
    if (spool.full) this.#agent.pause()
    onSpooled()
  }

  #armJoiner(): void {
    const due = joinDueAt(this.#joiner)
    if (due === undefined || this.#joinTimer !== undefined) return
    this.#joinTimer = setTimeout(() => {
      this.#joinTimer = undefined
      this.#joinDue()
    }, due - performance.now())
  }

  #joinDue(): void {
    const due = joinDueAt(this.#joiner)
    // The timer was set for an older piece; this one has its own time.
    if (due === undefined || due > performance.now() + 1) return this.#armJoiner()
    const { joiner, out } = flush(this.#joiner, performance.now())
    this.#joiner = joiner
    this.#spool(out)
  }

  #armAlarm(): void {
    clearTimeout(this.#alarmTimer)
    const at = nextAlarm(this.#state)
    if (at !== undefined)
      this.#alarmTimer = setTimeout(
        () => this.feed({ type: 'alarm' }),
        Math.max(1, Math.ceil(at - steadyNow())),
      )
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'prepare-workspace':
        void this.#hands.prepare(effect)
        return
      case 'save':
        void this.#hands.save(effect)
        return
      case 'commit':
        void this.#hands.commit(effect)
        return
      case 'restore':
        void this.#hands.restore(effect)
        return
      case 'plan':
        void this.#hands.plan(effect)
        return
      case 'stop-saving':
        return this.#hands.stopSaving()
      case 'keep-agent': {
        const { place } = this.#hands
        if (place !== undefined) this.#agent.keep(place, effect.agentSession)
        return
      }
      case 'restart-agent':
        return this.#agent.restart()
      case 'send-prompt':
        void this.#agent.prompt(effect.turn, effect.text, effect.attachments)
        return
      case 'choose':
        void this.#agent.choose(effect.chosen)
        return
      case 'cancel-prompt':
        return this.#agent.cancel()
      case 'answer-permission':
        return this.#agent.answer(effect.id, effect.optionId)
      case 'end-agent':
        return this.#agent.end()
      case 'finish': {
        this.#hands.close()
        const { joiner, out } = flush(this.#joiner, performance.now())
        this.#joiner = joiner
        this.#spool(out)
        return this.#options.onFinished()
      }
      default:
        return unreachable(effect)
    }
  }
}

/** What must outlive the machine's power: whether the agent may have seen a prompt, and that it is done with it. */
function isMilestone({ type }: Report): boolean {
  return type === 'turn-taken' || type === 'turn-finished'
}
