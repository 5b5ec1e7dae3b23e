/**
 * The place of a runner's one agent: which one is kept there, and what is heard of it, as inputs.
 *
 * Owns: the way between the runner's decisions and the keeper. When a process is started and ended is decided by the
 * keeper (`packages/agent/src/node/keeper.ts`); every fact told here carries the generation it is about.
 */
import { type Cause, causeOf, type ConnectionSnapshot } from '@belay/agent'
import { adapterOf } from '@belay/agent/adapters'
import {
  agentsFileName,
  type AgentEvents,
  type AgentPlan,
  Keeper,
  type Lease,
  resolveAgent,
} from '@belay/agent/node'
import { join } from 'node:path'
import {
  type AgentAction,
  type AgentChoice,
  type AgentLink,
  type Chosen,
  limits,
  type ReportOf,
  type PromptAttachment,
} from '@belay/protocol'
import type { Input, StartStep } from '../input.ts'
import type { RunnerConfig } from './config.ts'
import { launchOf } from './launch.ts'
import type { Prepared } from './workspace.ts'

export interface AgentSlotOptions {
  readonly config: RunnerConfig
  readonly marker: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly feed: (input: Input) => void
  /** What people have chosen of its offer by now. */
  readonly chosen: () => Chosen
  readonly log: (line: string) => void
}

/** Where an agent is started, and which. */
export interface Place extends Prepared {
  readonly agent: AgentChoice
}

/** What a person can ask of a session for its agent; an editor can do more. */
const actions: readonly AgentAction[] = ['restart-now', 'restart', 'retry', 'sign-in', 'show-log']

export class AgentSlot {
  readonly #options: AgentSlotOptions
  #keeper: Keeper | undefined
  #place: Place | undefined
  /** What is chosen at a start, its settings included. */
  #chosen: Chosen = {}
  #step: StartStep = 'agent-start'
  /** A way to sign in, for the next start alone. */
  #signIn: string | undefined
  #fence: AgentLink['fence']

  constructor(options: AgentSlotOptions) {
    this.#options = options
  }

  /** Keeps an agent there from now on, in the place of another. Tells `agent-link`, `agent-ready` and `agent-exited`. */
  keep(place: Place, previous: string | undefined, signIn?: string): void {
    const { config, log, feed } = this.#options
    const { agentStartMs: startMs, agentSessionMs: attachMs } = config.bounds
    this.#place = place
    this.#signIn = signIn
    if (this.#keeper !== undefined) return this.#keeper.retry()
    this.#keeper = new Keeper({
      plan: () => this.#plan(this.#place ?? place),
      previous,
      chosen: () => ({ ...this.#chosen, ...this.#options.chosen() }),
      policy: { startMs, startMsMax: 2 * startMs, attachMs },
      on: {
        agent: (generation) => this.#ears(generation),
        step: (step) => this.#began(step),
        ready: (lease) => this.#ready(lease, this.#place ?? place),
        gone: (agentGeneration, exit) => {
          log(`agent ${agentGeneration} ended: ${JSON.stringify(exit)}`)
          feed({ type: 'agent-exited', agentGeneration, exit })
        },
        changed: (snapshot) => this.#changed(snapshot),
      },
    })
    this.#keeper.start()
  }

  async prompt(
    turn: number,
    text: string,
    attachments: readonly PromptAttachment[] | undefined,
  ): Promise<void> {
    const lease = this.#keeper?.lease
    if (lease === undefined) return
    const { generation: agentGeneration, connection } = lease
    const answer = await connection.prompt(text, attachments)
    const { feed } = this.#options
    if ('ok' in answer) {
      const settled = { stopReason: answer.ok }
      return feed({ type: 'prompt-settled', agentGeneration, turn, settled })
    }
    const { code, message } = answer.failure
    // The exit of the process is told by itself, once.
    if (code === 'agent-exited') return
    const known = code === 'sign-in-needed' || code === 'no-words'
    const failure = { code: known ? code : ('agent-error' as const), message }
    feed({ type: 'prompt-settled', agentGeneration, turn, settled: { failure } })
    if (code === 'sign-in-needed') this.#keeper?.signInNeeded(agentGeneration, answer.failure)
  }

  async choose({ mode, model }: Chosen): Promise<void> {
    const connection = this.#keeper?.lease?.connection
    // One that is being started is told once it is ready.
    if (connection === undefined) return
    if (mode !== undefined) await connection.setMode(mode)
    if (model !== undefined) await connection.setModel(model)
  }

  cancel(): void {
    this.#keeper?.connection?.cancel()
  }
  answer(id: number, optionId: string | undefined): void {
    this.#keeper?.connection?.answer(id, optionId)
  }
  pause(): void {
    this.#keeper?.connection?.pause()
  }
  resume(): void {
    this.#keeper?.connection?.resume()
  }
  restart(): void {
    this.#keeper?.retry()
  }
  end(): void {
    void this.#keeper?.dispose()
  }
  kill(): void {
    this.#keeper?.kill()
  }

  #plan(place: Place): AgentPlan | Cause {
    const { config, env, marker, chosen } = this.#options
    const found = this.#find(place)
    if (found === undefined) return notFound(place.agent)
    try {
      const launch = launchOf(found, { folder: place.folder, env, chosen: chosen() })
      this.#chosen = launch.chosen
      const adapter = adapterOf(found.protocol)
      const signIn = this.#signIn === undefined ? {} : { signIn: this.#signIn }
      this.#signIn = undefined
      return { adapter, ...launch.options, ...signIn, marker, version: config.version }
    } catch (error) {
      // A setting of the agent that is not there: a secret's variable, a file.
      return causeOf('refused', error instanceof Error ? error.message : String(error))
    }
  }

  #find(place: Place) {
    const { config, env } = this.#options
    const { demoCommand, dataFolder } = config
    const agentsFile = join(dataFolder, agentsFileName)
    return resolveAgent(place.agent, { env, cwd: place.folder, demoCommand, agentsFile })
  }

  #began(step: 'launch' | 'attach'): void {
    if (step === 'attach') this.#report('agent-start', 'done')
    this.#step = step === 'launch' ? 'agent-start' : 'agent-session'
    this.#report(this.#step, 'started')
  }

  #ready({ generation, initialized, opened, fence, chosen }: Lease, place: Place): void {
    const { feed, log } = this.#options
    const found = this.#find(place)
    const { title = found?.title ?? '', version } = initialized
    log(`agent ${generation} is ready behind a ${fence}`)
    this.#fence = fence
    this.#report('agent-session', 'done')
    feed({
      type: 'agent-ready',
      agentGeneration: generation,
      chosen,
      ready: {
        agent: {
          name: found?.name ?? '',
          title: title.slice(0, limits.titleCharsMax),
          demo: found?.demo === true,
          ...(version === undefined ? {} : { version: version.slice(0, limits.titleCharsMax) }),
        },
        ...opened,
        folder: place.folder,
        // Whatever became of it, once the first agent is there it stays.
        workspace: generation === 1 ? place.workspace : 'kept',
        ...(place.branch === undefined ? {} : { branch: place.branch }),
        ...(generation === 1 && place.notes !== undefined && place.notes.length > 0
          ? { notes: [...place.notes] }
          : {}),
        fence,
      },
    })
  }

  #ears(agentGeneration: number): AgentEvents {
    const { feed, log } = this.#options
    return {
      update: (update) => feed({ type: 'agent-updated', agentGeneration, update }),
      offer: (offer) => feed({ type: 'agent-offered', agentGeneration, offer }),
      choiceRefused: (message) => feed({ type: 'choice-refused', agentGeneration, message }),
      askUnreadable: (message) => feed({ type: 'ask-unreadable', agentGeneration, message }),
      permission: (id, ask) => feed({ type: 'agent-asked', agentGeneration, id, ask }),
      permissionGone: (id) => feed({ type: 'agent-unasked', agentGeneration, id }),
      note: (line) => log(`agent ${agentGeneration}: ${line}`),
    }
  }

  #changed(snapshot: ConnectionSnapshot): void {
    const { queued: _, ...shown } = snapshot
    const link: AgentLink = {
      ...shown,
      actions: shown.actions.filter((action) => actions.includes(action)),
      ...(this.#fence === undefined ? {} : { fence: this.#fence }),
    }
    this.#options.log(`agent link: ${JSON.stringify(link).slice(0, 500)}`)
    this.#options.feed({ type: 'agent-link', link, step: this.#step })
  }

  #report(step: StartStep, status: ReportOf<'step'>['status']): void {
    this.#options.feed({ type: 'step-changed', report: { type: 'step', step, status } })
  }
}

function notFound(choice: AgentChoice): Cause {
  const message =
    'name' in choice
      ? `The agent "${choice.name}" was not found on this machine.`
      : `The program "${choice.command}" was not found.`
  return causeOf('missing', message.slice(0, limits.titleCharsMax))
}
