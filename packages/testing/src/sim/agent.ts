/**
 * A scripted coding agent: it does what its prompt says, word by word.
 *
 * A prompt reads `say say tool ask say`; other words are passed over. The agent is a process of its own: it may be killed at any moment, and
 * what it had written by then is still read.
 */
import type { AgentExit, AgentUpdate, Ask } from '@belay/agent'
import type { FaultKind } from './fault-kinds.ts'
import type { Inhabitant, Machine } from './machine.ts'
import { Pipe } from './pipe.ts'
import { Process } from './process.ts'
import type { Stage } from './stage.ts'
import type { Truth } from './truth.ts'

/** What a prompt can tell its agent to do. */
export const deeds = [
  'say',
  'think',
  'plan',
  'tool',
  'ask',
  'rest',
  'err',
  'crash',
  'hang',
  'deaf',
] as const
export type Deed = (typeof deeds)[number]

/** How a prompt was answered. */
export type Settled = { readonly stopReason: string } | { readonly failure: string }

/** What an agent tells its runner. */
export interface AgentEar {
  readonly update: (update: AgentUpdate) => void
  readonly ask: (id: number, ask: Ask) => void
  readonly unask: (id: number) => void
  readonly settled: (how: Settled) => void
  readonly exited: (exit: AgentExit) => void
}

export interface AgentOptions {
  readonly stage: Stage
  readonly machine: Machine
  readonly truth: Truth
  readonly session: string
  readonly generation: number
  readonly agentGeneration: number
  readonly runner: Process
  readonly ear: AgentEar
}

const pipeMsMax = 2

/** The prompt it works on. What still waits for an older one compares, and comes to nothing. */
interface Work {
  readonly promptId: string
  todo: string[]
  words: number
  deaf: boolean
}

export class ScriptedAgent implements Inhabitant {
  readonly session: string
  readonly generation: number
  readonly process: Process
  readonly #options: AgentOptions
  /** To the runner: drained even after our death. */
  readonly #output: Pipe<() => void>
  readonly #input: Pipe<() => void>
  #work: Work | undefined
  #asks = 0
  #open: { readonly id: number; readonly goOn: () => void } | undefined

  constructor(options: AgentOptions) {
    const { stage, machine, session, generation, agentGeneration, runner } = options
    this.#options = options
    this.session = session
    this.generation = generation
    this.process = new Process(stage, `agent ${session}/${generation}.${agentGeneration}`)
    this.#output = new Pipe(stage, pipeMsMax, (tell) => {
      if (runner.alive) tell()
    })
    this.#input = new Pipe(stage, pipeMsMax, (hear) => {
      if (this.process.alive) hear()
    })
    machine.house(this)
    this.process.onExit(({ code, signal }) => {
      const exit: AgentExit = {
        ...(code === undefined ? {} : { code }),
        ...(signal === undefined ? {} : { signal }),
        stderr: [],
      }
      this.#output.push(() => options.ear.exited(exit))
    })
    runner.onExit(() => this.#loseRunner())
  }

  prompt(promptId: string, text: string): void {
    this.#input.push(() => {
      this.#options.truth.agentHeard(this, promptId, text)
      const todo = text.split(' ').filter((word) => word !== '')
      this.#work = { promptId, todo, words: 0, deaf: false }
      this.#next(this.#work)
    })
  }

  cancel(): void {
    this.#input.push(() => {
      const work = this.#work
      if (work === undefined) return
      if (work.deaf) return this.#options.stage.fire('agent-ignores-cancel')
      work.todo = []
      this.#open = undefined
      this.#later(work, 300, () => this.#settle(work, { stopReason: 'cancelled' }))
    })
  }

  answer(id: number): void {
    this.#input.push(() => {
      if (this.#open?.id !== id) return
      const { goOn } = this.#open
      this.#open = undefined
      goOn()
    })
  }

  end(): void {
    this.process.after(this.#options.stage.random.integer(0, 500), () =>
      this.process.end({ code: 0, signal: undefined, silent: false }),
    )
  }

  /** Its standard input is closed: most agents end by that, some go on until they are found. */
  #loseRunner(): void {
    const { stage } = this.#options
    if (!this.process.alive) return
    if (stage.random.chance(0.2)) return stage.fire('agent-outlives-runner')
    this.process.after(stage.random.integer(0, 100), () => this.process.kill('SIGKILL'))
  }

  #later(work: Work, msMax: number, run: () => void): void {
    this.process.after(this.#options.stage.random.integer(0, msMax), () => {
      if (this.#work === work) run()
    })
  }

  #next(work: Work): void {
    const deed = work.todo.shift()
    this.#later(work, 200, () => this.#do(work, deed))
  }

  #do(work: Work, deed: string | undefined): void {
    const next = () => this.#next(work)
    switch (deed) {
      case undefined:
        return this.#settle(work, { stopReason: 'end_turn' })
      case 'say':
        this.#say(work)
        return next()
      case 'think':
        this.#update({
          sessionUpdate: 'agent_thought_chunk',
          content: { type: 'text', text: 'hm' },
        })
        return next()
      case 'plan':
        this.#update({ sessionUpdate: 'plan', entries: [{ content: 'go on' }] })
        return next()
      case 'tool':
        return this.#useTool(work)
      case 'ask':
        return this.#ask(work)
      case 'rest':
        return this.#later(work, 20_000, next)
      case 'deaf':
        work.deaf = true
        return next()
      default:
        return this.#misbehave(work, deed)
    }
  }

  #misbehave(work: Work, deed: string): void {
    const kind = misdeeds[deed]
    if (kind === undefined) return this.#next(work)
    this.#options.stage.fire(kind)
    if (deed === 'err') this.#settle(work, { failure: 'the model is overloaded' })
    if (deed === 'crash') this.process.end({ code: 1, signal: undefined, silent: false })
  }

  #say(work: Work): void {
    const { stage, truth } = this.#options
    for (let chunks = stage.random.integer(1, 3); chunks > 0; chunks -= 1) {
      work.words += 1
      const text = `${work.promptId}.${work.words} `
      truth.agentSaid(work.promptId, text)
      this.#update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
    }
  }

  #useTool(work: Work): void {
    const toolCallId = `${work.promptId}-${work.todo.length}`
    this.#update({ sessionUpdate: 'tool_call', toolCallId, title: 'tool', status: 'in_progress' })
    this.#later(work, 30_000, () => {
      this.#update({ sessionUpdate: 'tool_call_update', toolCallId, status: 'completed' })
      this.#next(work)
    })
  }

  #ask(work: Work): void {
    this.#asks += 1
    const id = this.#asks
    this.#open = { id, goOn: () => this.#next(work) }
    this.#tell((ear) => ear.ask(id, { title: 'May I?', options: choices }))
    if (this.#options.stage.random.chance(0.9)) return
    this.#later(work, 10_000, () => {
      if (this.#open?.id !== id) return
      this.#open = undefined
      this.#tell((ear) => ear.unask(id))
      this.#next(work)
    })
  }

  #update(update: AgentUpdate): void {
    this.#tell((ear) => ear.update(update))
  }

  #settle(work: Work, how: Settled): void {
    if (this.#work !== work) return
    this.#work = undefined
    this.#open = undefined
    if ('stopReason' in how) this.#options.truth.agentStopped(work.promptId, how.stopReason)
    this.#tell((ear) => ear.settled(how))
  }

  #tell(tell: (ear: AgentEar) => void): void {
    this.#output.push(() => tell(this.#options.ear))
  }
}

const choices = [
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
]

const misdeeds: Readonly<Record<string, FaultKind>> = {
  err: 'agent-errs',
  crash: 'agent-crashes',
  hang: 'agent-hangs',
}
