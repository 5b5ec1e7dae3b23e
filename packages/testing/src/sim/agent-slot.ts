/**
 * The place of a runner's one agent, as `packages/runner/src/node/agent-slot.ts` is with its keeper: the real decisions
 * about the connection, carried out on scripted agents. Each fact carries the generation of the process it is about.
 */
import { oneAtATime, unreachable } from '@belay/actor'
import {
  type AgentExit,
  connectionAlarm,
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  connectionPolicy,
  decideConnection,
  type EndLevel,
  initialConnection,
  snapshotOf,
} from '@belay/agent'
import type { ReportOf } from '@belay/protocol'
import type { Input } from '@belay/runner'
import { type AgentEar, type AgentOptions, ScriptedAgent } from './agent.ts'
import type { Timer } from './timeline.ts'

export interface AgentSlotOptions extends Omit<AgentOptions, 'agentGeneration' | 'ear'> {
  readonly feed: (input: Input) => void
  /** What becomes of an agent that is started. */
  readonly starts: () => 'works' | 'fails' | 'hangs'
}

export class AgentSlot {
  readonly #options: AgentSlotOptions
  #state: ConnectionState
  #shown = ''
  #previous: string | undefined
  #step: 'agent-start' | 'agent-session' = 'agent-start'
  #agent: ScriptedAgent | undefined
  #turn = 0
  #wasReady = false
  #timer: Timer | undefined
  readonly #feed = oneAtATime((input: ConnectionInput) => this.#decide(input))

  constructor(options: AgentSlotOptions) {
    this.#options = options
    this.#state = initialConnection(options.stage.now)
  }

  keep(previous: string | undefined): void {
    this.#previous ??= previous
    this.#feed({ type: this.#state.generation === 0 ? 'start' : 'retry' })
  }
  restart(): void {
    this.#feed({ type: 'retry' })
  }
  end(): void {
    this.#feed({ type: 'dispose' })
  }

  /** With the process that holds it. */
  kill(): void {
    this.#agent?.process.kill('SIGKILL')
  }

  prompt(turn: number, promptId: string, text: string): void {
    this.#turn = turn
    if (this.#state.phase.type === 'ready') this.#agent?.prompt(promptId, text)
  }
  cancel(): void {
    this.#agent?.cancel()
  }
  answer(id: number): void {
    this.#agent?.answer(id)
  }

  #decide(input: ConnectionInput): void {
    const { stage, feed } = this.#options
    const moment = {
      now: stage.now,
      chance: stage.random.integer(0, 1000) / 1000,
      policy: connectionPolicy,
    }
    const before = this.#state
    const step = decideConnection(before, input, moment)
    this.#state = step.state
    if (this.#state.phase.type === 'ready' && before.phase.type !== 'ready') this.#tellReady()
    if (input.type === 'exited' && this.#wasReady) {
      this.#wasReady = false
      feed({ type: 'agent-exited', agentGeneration: input.generation, exit: input.exit })
    }
    for (const effect of step.effects) this.#perform(effect)
    this.#arm()
    this.#tellLink()
  }

  #perform(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'launch':
        return void this.#launch(effect.generation)
      case 'attach':
        return void this.#attach(effect.generation)
      case 'end':
        return this.#end(effect.level)
      case 'probe':
        return
      default:
        return unreachable(effect)
    }
  }

  #end(level: EndLevel): void {
    if (level === 'kill') this.#agent?.process.kill('SIGKILL')
    else this.#agent?.end()
  }

  async #launch(generation: number): Promise<void> {
    const { stage, runner, starts } = this.#options
    const agent = this.#spawn(generation)
    this.#agent = agent
    this.#report('agent-start', 'started')
    this.#feed({ type: 'launched', generation })
    await runner.sleep(stage.random.integer(0, 1500))
    const how = starts()
    if (how === 'hangs') return stage.fire('agent-start-hangs')
    if (how === 'fails') {
      stage.fire('agent-start-fails')
      agent.process.end({ code: 1, signal: undefined, silent: false })
    }
    // Its exit says the rest.
    if (!agent.process.alive) return
    this.#report('agent-start', 'done')
    this.#feed({ type: 'handshaken', generation })
  }

  async #attach(generation: number): Promise<void> {
    const { stage, runner } = this.#options
    const agent = this.#agent
    this.#report('agent-session', 'started')
    await runner.sleep(stage.random.integer(0, 300))
    if (agent?.process.alive === true) this.#feed({ type: 'attached', generation })
  }

  #tellReady(): void {
    const { session, feed } = this.#options
    const previous = this.#previous
    const agentSession = previous ?? `conversation-${session}`
    this.#previous = agentSession
    this.#wasReady = true
    this.#report('agent-session', 'done')
    feed({
      type: 'agent-ready',
      agentGeneration: this.#state.generation,
      ready: {
        agent: { name: 'scripted', title: 'Scripted', demo: false },
        agentSession,
        restored: previous === undefined ? 'new' : 'loaded',
        folder: '/folder',
        fence: 'process-tree',
      },
    })
  }

  #tellLink(): void {
    const { queued: _, ...link } = snapshotOf(this.#state, connectionPolicy, 0)
    const said = JSON.stringify(link)
    if (said === this.#shown) return
    this.#shown = said
    this.#options.feed({ type: 'agent-link', link, step: this.#step })
  }

  #arm(): void {
    const { runner, stage } = this.#options
    if (this.#timer !== undefined) this.#timer.cancelled = true
    const due = connectionAlarm(this.#state)
    if (due === undefined) return
    this.#timer = runner.after(Math.max(1, due - stage.now), () => this.#feed({ type: 'alarm' }))
  }

  #spawn(generation: number): ScriptedAgent {
    const { feed, starts: _, ...rest } = this.#options
    const ear: AgentEar = {
      update: (update) => feed({ type: 'agent-updated', agentGeneration: generation, update }),
      ask: (id, ask) => feed({ type: 'agent-asked', agentGeneration: generation, id, ask }),
      unask: (id) => feed({ type: 'agent-unasked', agentGeneration: generation, id }),
      settled: (how) => {
        const settled =
          'stopReason' in how
            ? how
            : { failure: { code: 'agent-error' as const, message: how.failure } }
        feed({ type: 'prompt-settled', agentGeneration: generation, turn: this.#turn, settled })
      },
      exited: (exit: AgentExit) =>
        this.#feed({ type: 'exited', generation, exit, oomKilled: false }),
    }
    return new ScriptedAgent({ ...rest, agentGeneration: generation, ear })
  }

  #report(step: 'agent-start' | 'agent-session', status: ReportOf<'step'>['status']): void {
    this.#step = step
    this.#options.feed({ type: 'step-changed', report: { type: 'step', step, status } })
  }
}
