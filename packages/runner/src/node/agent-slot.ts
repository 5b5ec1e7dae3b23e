/**
 * The place of the one agent process of a runner: starts it, talks to it, ends it, and tells what happens to it.
 *
 * Owns: the present connection. Every fact it tells carries the number of the process it is about.
 */
import type { AgentExit } from '@belay/agent'
import { acp } from '@belay/agent/acp'
import {
  agentsFileName,
  type AgentConnection,
  type AgentEvents,
  type AgentFailure,
  probeFence,
  resolveAgent,
} from '@belay/agent/node'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AgentChoice,
  type Chosen,
  limits,
  type PreparationStep,
  type ReportOf,
} from '@belay/protocol'
import type { Effect } from '../effect.ts'
import type { Input, Problem } from '../input.ts'
import type { RunnerConfig } from './config.ts'
import { spell } from './git.ts'
import { launchOf } from './launch.ts'
import type { Prepared } from './workspace.ts'

export interface AgentSlotOptions {
  readonly config: RunnerConfig
  readonly marker: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly feed: (input: Input) => void
  readonly log: (line: string) => void
}

type Start = Extract<Effect, { readonly type: 'start-agent' }>
/** Where an agent is started, and which. */
export interface Place extends Prepared {
  readonly agent: AgentChoice
}

export class AgentSlot {
  readonly #options: AgentSlotOptions
  #connection: AgentConnection | undefined
  #agentGeneration = 0
  /** Ended before there was a process to end. */
  #unwanted = false

  constructor(options: AgentSlotOptions) {
    this.#options = options
  }

  /** Tells `agent-ready` or `agent-failed`; after `agent-ready`, once, `agent-exited`. */
  async start({ agentGeneration, agentSession, chosen }: Start, place: Place): Promise<void> {
    const { config, env, feed, log } = this.#options
    this.#agentGeneration = agentGeneration
    this.#unwanted = false
    const fail = (problem: Problem) => feed({ type: 'agent-failed', agentGeneration, problem })
    const found = resolveAgent(place.agent, {
      env,
      cwd: place.folder,
      demoCommand: config.demoCommand,
      agentsFile: join(config.dataFolder, agentsFileName),
    })
    if (found === undefined) return fail(notFound(place.agent))
    const launch = launching(found, { folder: place.folder, env, chosen })
    if ('problem' in launch) return fail(launch.problem)

    this.#step('agent-start', 'started')
    const fence = await probeFence()
    if (this.#unwanted)
      return fail({
        step: 'agent-start',
        code: 'agent-start-failed',
        message: 'It was stopped before it began.',
      })
    const { marker } = this.#options
    const { bounds } = config
    log(`agent ${agentGeneration} starts behind a ${fence.kind}: ${found.run.command}`)
    const connection = acp.connect({
      ...launch.options,
      marker,
      fence,
      version: config.version,
      startMs: bounds.agentStartMs,
      on: this.#events(),
    })
    this.#connection = connection
    const initialized = await connection.initialized
    if ('failure' in initialized)
      return fail(await this.#failure('agent-start', initialized.failure, connection))
    this.#step('agent-start', 'done')

    this.#step('agent-session', 'started')
    const opened = await within(connection.open(agentSession, launch.chosen), bounds.agentSessionMs)
    if ('failure' in opened)
      return fail(await this.#failure('agent-session', opened.failure, connection))
    this.#step('agent-session', 'done')
    const { title = found.title, version } = initialized.ok
    feed({
      type: 'agent-ready',
      agentGeneration,
      ready: {
        agent: {
          name: found.name,
          title,
          demo: found.demo,
          ...(version === undefined ? {} : { version }),
        },
        ...opened.ok,
        folder: place.folder,
        // Whatever became of it, once the first agent is there it stays.
        workspace: agentGeneration === 1 ? place.workspace : 'kept',
        ...(place.branch === undefined ? {} : { branch: place.branch }),
        fence: fence.kind,
      },
    })
    const exit = await connection.exited
    log(`agent ${agentGeneration} ended: ${JSON.stringify(exit)}`)
    this.#connection = undefined
    feed({ type: 'agent-exited', agentGeneration, exit })
  }

  async prompt(turn: number, text: string): Promise<void> {
    const agentGeneration = this.#agentGeneration
    const answer = await this.#connection?.prompt(text)
    if (answer === undefined) return
    const { feed } = this.#options
    if ('ok' in answer)
      return feed({
        type: 'prompt-settled',
        agentGeneration,
        turn,
        settled: { stopReason: answer.ok },
      })
    const { code, message } = answer.failure
    // The exit of the process is told by itself, once.
    if (code === 'agent-exited') return
    const failure = { code: code === 'sign-in-needed' ? code : ('agent-error' as const), message }
    feed({ type: 'prompt-settled', agentGeneration, turn, settled: { failure } })
  }

  async choose({ mode, model }: Chosen): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) return
    if (mode !== undefined) await connection.setMode(mode)
    if (model !== undefined) await connection.setModel(model)
  }

  cancel(): void {
    this.#connection?.cancel()
  }
  answer(id: number, optionId: string | undefined): void {
    this.#connection?.answer(id, optionId)
  }
  pause(): void {
    this.#connection?.pause()
  }
  resume(): void {
    this.#connection?.resume()
  }
  end(): void {
    this.#unwanted = true
    void this.#connection?.end()
  }
  kill(): void {
    this.#connection?.process.kill()
  }

  #events(): AgentEvents {
    const { feed, log } = this.#options
    const agentGeneration = this.#agentGeneration
    return {
      update: (update) => feed({ type: 'agent-updated', agentGeneration, update }),
      offer: (offer) => feed({ type: 'agent-offered', agentGeneration, offer }),
      choiceRefused: (message) => feed({ type: 'choice-refused', agentGeneration, message }),
      permission: (id, ask) => feed({ type: 'agent-asked', agentGeneration, id, ask }),
      permissionGone: (id) => feed({ type: 'agent-unasked', agentGeneration, id }),
      note: (line) => log(`agent ${agentGeneration}: ${line}`),
    }
  }

  #step(step: PreparationStep, status: ReportOf<'step'>['status']): void {
    this.#options.feed({ type: 'step-changed', report: { type: 'step', step, status } })
  }

  /** Ends what did not become ready, and says why it did not. */
  async #failure(
    step: PreparationStep,
    failure: AgentFailure,
    connection: AgentConnection,
  ): Promise<Problem> {
    const exit: AgentExit = await connection.end()
    this.#connection = undefined
    const code = failure.code === 'sign-in-needed' ? 'sign-in-needed' : 'agent-start-failed'
    return {
      step,
      code,
      message: failure.message.slice(0, 2000),
      stderr: [...exit.stderr].slice(-limits.stderrLinesMax),
    }
  }
}

/** An answer of the agent, or that it gave none in time. */
async function within<Ok>(
  answer: Promise<{ readonly ok: Ok } | { readonly failure: AgentFailure }>,
  msMax: number,
): Promise<{ readonly ok: Ok } | { readonly failure: AgentFailure }> {
  const done = new AbortController()
  const late = sleep(msMax, undefined, { signal: done.signal }).then(
    () => ({
      failure: {
        code: 'timeout' as const,
        message: `The agent did not answer within ${spell(msMax)}.`,
      },
    }),
    () => answer,
  )
  const first = await Promise.race([answer, late])
  done.abort()
  return first
}

function launching(...[found, start]: Parameters<typeof launchOf>) {
  try {
    return launchOf(found, start)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const problem: Problem = { step: 'agent-start', code: 'agent-start-failed', message }
    return { problem }
  }
}

function notFound(choice: AgentChoice): Problem {
  const message =
    'name' in choice
      ? `The agent "${choice.name}" was not found on this machine.`
      : `The program "${choice.command}" was not found.`
  return { step: 'agent-start', code: 'agent-not-found', message: message.slice(0, 2000) }
}
