/**
 * The place of a runner's one agent process, as `packages/runner/src/node/agent-slot.ts` is: starts it, talks to it, and
 * tells what happens to it, each fact with the number of the process it is about.
 */
import type { ReportOf } from '@belay/protocol'
import type { Input } from '@belay/runner'
import { type AgentEar, type AgentOptions, ScriptedAgent } from './agent.ts'

export interface AgentSlotOptions extends Omit<AgentOptions, 'agentGeneration' | 'ear'> {
  readonly feed: (input: Input) => void
  /** What becomes of an agent that is started. */
  readonly starts: () => 'works' | 'fails' | 'hangs'
}

export class AgentSlot {
  readonly #options: AgentSlotOptions
  #agent: ScriptedAgent | undefined
  #turn = 0
  #ready = false

  constructor(options: AgentSlotOptions) {
    this.#options = options
  }

  /** Tells `agent-ready` or `agent-failed`; after `agent-ready`, once, `agent-exited`. */
  async start(agentGeneration: number, agentSession: string | undefined): Promise<void> {
    const { stage, runner, session, feed, starts } = this.#options
    const agent = this.#launch(agentGeneration)
    this.#step('agent-start', 'started')
    await runner.sleep(stage.random.integer(0, 1500))
    const how = starts()
    if (how === 'hangs') return stage.fire('agent-start-hangs')
    if (how === 'fails') {
      stage.fire('agent-start-fails')
      agent.process.end({ code: 1, signal: undefined, silent: false })
    }
    // Its exit, told from `launch`, says that it failed.
    if (!agent.process.alive) return
    this.#step('agent-start', 'done')
    this.#step('agent-session', 'started')
    await runner.sleep(stage.random.integer(0, 300))
    if (!agent.process.alive) return
    this.#step('agent-session', 'done')
    this.#ready = true
    feed({
      type: 'agent-ready',
      agentGeneration,
      ready: {
        agent: { name: 'scripted', title: 'Scripted', demo: false },
        agentSession: agentSession ?? `conversation-${session}`,
        restored: agentSession === undefined ? 'new' : 'loaded',
        folder: '/folder',
        fence: 'process-tree',
      },
    })
  }

  prompt(turn: number, promptId: string, text: string): void {
    this.#turn = turn
    this.#agent?.prompt(promptId, text)
  }
  cancel(): void {
    this.#agent?.cancel()
  }
  answer(id: number): void {
    this.#agent?.answer(id)
  }
  end(): void {
    this.#agent?.end()
  }

  #launch(agentGeneration: number): ScriptedAgent {
    const { feed, starts: _, ...rest } = this.#options
    this.#ready = false
    const ear: AgentEar = {
      update: (update) => feed({ type: 'agent-updated', agentGeneration, update }),
      ask: (id, ask) => feed({ type: 'agent-asked', agentGeneration, id, ask }),
      unask: (id) => feed({ type: 'agent-unasked', agentGeneration, id }),
      settled: (how) => {
        const settled =
          'stopReason' in how
            ? how
            : { failure: { code: 'agent-error' as const, message: how.failure } }
        feed({ type: 'prompt-settled', agentGeneration, turn: this.#turn, settled })
      },
      exited: (exit) => {
        if (this.#ready) return feed({ type: 'agent-exited', agentGeneration, exit })
        const message = 'The agent ended before it was ready.'
        const problem = { step: 'agent-start', code: 'agent-start-failed', message } as const
        feed({ type: 'agent-failed', agentGeneration, problem })
      },
    }
    this.#agent = new ScriptedAgent({ ...rest, agentGeneration, ear })
    return this.#agent
  }

  #step(step: ReportOf<'step'>['step'], status: ReportOf<'step'>['status']): void {
    this.#options.feed({ type: 'step-changed', report: { type: 'step', step, status } })
  }
}
