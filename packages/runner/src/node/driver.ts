/**
 * Makes a runner's decisions happen: reports to disk first, then effects; what comes of those goes back in as inputs.
 *
 * Owns: the one state, the joiner, and the two timers. It decides nothing. `agent-slot.ts` holds the agent's connection,
 * `hands.ts` the workspace.
 *
 * Invariants:
 * - R-9 The reports of a step are in the spool before any effect of it is performed.
 * - R-153 On a full disk nothing is lost and nothing dies: what was decided waits in order, the agent is not read, and all
 *   goes on by itself when there is room.
 * - R-150 Whoever feeds an input, an SDK's callback or a timer, a fault of a step reaches `onFault` and not the feeder alone.
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
import { isNoRoom, type Reserve } from './reserve.ts'
import type { Spool } from './spool.ts'

export interface DriverOptions {
  readonly config: RunnerConfig
  readonly spool: Spool
  readonly reserve: Reserve
  /** Carried by every process of its agents. */
  readonly marker: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Something new is in the spool: it is told now, or with the next. */
  readonly onSpooled: (urgency: 'now' | 'later') => void
  /** Nothing is left to do. */
  readonly onFinished: () => void
  /** A step threw: nothing is decided any more. Ends the process. */
  readonly onFault: (error: unknown) => void
  readonly log: (line: string) => void
}

/** What was decided: its reports are written before its effects are performed. */
interface Decided {
  readonly reports: readonly Report[]
  readonly effects: readonly Effect[]
}

/** How often it is looked whether a full disk has room again: one write of some kilobytes. */
const roomCheckMs = 500

/** Milliseconds since the epoch that never jump: a clock set anew must not end a turn. */
function steadyNow(): number {
  return performance.timeOrigin + performance.now()
}

export class Driver {
  /** What happened. An effect that makes something happen at once only queues it. */
  readonly feed = (input: Input) => this.#loudly(() => this.#take(input))
  readonly #take = oneAtATime((input: Input) => this.#step(input))
  readonly #options: DriverOptions
  readonly #agent: AgentSlot
  readonly #hands: Hands
  #state: RunnerState
  #joiner: Joiner = emptyJoiner
  /** What is not on disk yet, in order. More than one only while the disk is full. */
  #decided: Decided[] = []
  #settling = false
  /** The disk has no room: the reserve is given up, and the agent is not read. */
  #tight = false
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
    if (this.#options.spool.roomy && !this.#tight) this.#agent.resume()
  }

  /** Ends the agent without waiting: the runner itself is about to end. */
  kill(): void {
    this.#hands.close()
    this.#agent.kill()
  }

  /** Who feeds may catch what is thrown, as an SDK does with what its handlers throw: the fault is told before. */
  #loudly(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#options.onFault(error)
      throw error
    }
  }

  #step(input: Input): void {
    const step = transition(this.#state, input, steadyNow())
    this.#state = step.state
    this.#settle({ reports: this.#joined(step.reports), effects: step.effects })
    this.#armJoiner()
    this.#armAlarm()
  }

  #joined(reports: readonly Report[]): readonly Report[] {
    const out: Report[] = []
    for (const report of reports) {
      const joined = join(this.#joiner, report, performance.now())
      this.#joiner = joined.joiner
      out.push(...joined.out)
    }
    return out
  }

  /** Writes what was decided and does what follows from it. What comes of that in the same breath is settled after it. */
  #settle(decided: Decided): void {
    this.#decided.push(decided)
    if (this.#settling) return
    this.#settling = true
    for (let next = this.#decided[0]; next !== undefined; next = this.#decided[0]) {
      if (!this.#spool(next.reports)) break
      this.#decided.shift()
      for (const effect of next.effects) this.#perform(effect)
    }
    this.#settling = false
  }

  /** @returns whether they are on disk */
  #spool(reports: readonly Report[]): boolean {
    if (reports.length === 0) return true
    const { spool, onSpooled } = this.#options
    const jsons = reports.map((report) => JSON.stringify(report))
    if (!this.#append(jsons)) return false
    if (reports.some(isMilestone)) spool.sync()
    if (spool.full) this.#agent.pause()
    // An agent that answers at once is heard in the same frame.
    onSpooled(reports.every(({ type }) => type === 'turn-taken') ? 'later' : 'now')
    return true
  }

  #append(jsons: readonly string[]): boolean {
    const { spool, reserve, log } = this.#options
    try {
      spool.append(jsons)
      return true
    } catch (error) {
      if (!isNoRoom(error)) throw error
    }
    this.#agent.pause()
    if (this.#tight) return false
    this.#tight = true
    log('the disk is full: the agent is not read until there is room')
    setTimeout(() => this.#loudly(() => this.#lookForRoom()), roomCheckMs)
    if (!reserve.release()) return false
    // It comes after what was to be written, in the room that was kept for both.
    this.#decided.push({ reports: [diskFull(this.#options.config.runnerFolder)], effects: [] })
    return this.#append(jsons)
  }

  #lookForRoom(): void {
    this.#options.spool.letGo()
    this.#settle({ reports: [], effects: [] })
    if (this.#decided.length > 0 || !this.#options.reserve.take()) {
      setTimeout(() => this.#loudly(() => this.#lookForRoom()), roomCheckMs)
      return
    }
    this.#tight = false
    this.#options.log('the disk has room again')
    this.acked()
  }

  #armJoiner(): void {
    const due = joinDueAt(this.#joiner)
    if (due === undefined || this.#joinTimer !== undefined) return
    this.#joinTimer = setTimeout(() => {
      this.#joinTimer = undefined
      this.#loudly(() => this.#joinDue())
    }, due - performance.now())
  }

  #joinDue(): void {
    const due = joinDueAt(this.#joiner)
    // The timer was set for an older piece; this one has its own time.
    if (due === undefined || due > performance.now() + 1) return this.#armJoiner()
    const { joiner, out } = flush(this.#joiner, performance.now())
    this.#joiner = joiner
    this.#settle({ reports: out, effects: [] })
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
      case 'look-ahead':
        return this.#hands.lookAhead(effect.promptId)
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
        if (place !== undefined) this.#agent.keep(place, effect.agentSession, effect.signIn)
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

function diskFull(folder: string): Report {
  const message = `The disk of ${folder} is full. The agent goes on and is not read; free some space, and all goes on by itself.`
  return { type: 'warning', code: 'disk-full', message }
}

/** What must outlive the machine's power: whether the agent may have seen a prompt, and that it is done with it. */
function isMilestone({ type }: Report): boolean {
  return type === 'turn-taken' || type === 'turn-finished'
}
