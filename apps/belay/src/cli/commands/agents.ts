/** Which agent a new session gets. */
import { resolve } from 'node:path'
import type { AgentChoice, FoundAgent } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import type { World } from '../world.ts'

export interface AgentOptions {
  readonly agent?: string
  readonly command?: string
  readonly agentArg?: readonly string[]
  readonly mode?: string
  readonly model?: string
}

export interface ChosenAgent {
  readonly choice: AgentChoice
  readonly title: string
  readonly demo: boolean
}

/** By name or command line; else the first real agent that misses nothing; else the demo, which says so. */
export function chooseAgent(
  world: World,
  options: AgentOptions,
  agents: readonly FoundAgent[],
): ChosenAgent {
  const { agent, command, agentArg = [] } = options
  if (agent !== undefined && command !== undefined) {
    throw new CliError(exitCodes.usage, 'Give --agent or --command, not both.')
  }
  if (command === undefined && agentArg.length > 0) {
    throw new CliError(exitCodes.usage, '--agent-arg belongs to --command.')
  }
  if (command !== undefined) {
    // A path is seen from here; a bare name is looked up by the server.
    const path = /[\\/]/.test(command) ? resolve(world.cwd, command) : command
    return {
      choice: { command: path, args: [...agentArg], ...beginningOf(options) },
      title: command,
      demo: false,
    }
  }
  const found =
    agent === undefined
      ? (agents.find(isReady) ?? agents.find(({ demo }) => demo))
      : agents.find(({ name }) => name === agent)
  if (found === undefined) {
    const names = agents.map(({ name }) => name).join(', ')
    throw new CliError(
      exitCodes.usage,
      agent === undefined
        ? 'No agent was found: "belay doctor" says what is missing, or name one with --command.'
        : `There is no agent "${agent}": known are ${names}. Any other is named with --command.`,
    )
  }
  if (!found.found) {
    throw new CliError(
      exitCodes.usage,
      `${found.title} was not found on the machine of the server${howToGet(found)}. Its program must be where the PATH of the server leads, or is named with --command.`,
    )
  }
  return {
    choice: { name: found.name, ...beginningOf(options) },
    title: found.title,
    demo: found.demo,
  }
}

/** What it is to begin with. */
function beginningOf({ mode, model }: AgentOptions) {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(model === undefined ? {} : { model }),
  }
}

export function isReady({ found, demo, missing }: FoundAgent): boolean {
  return found && !demo && missing.length === 0
}

/** How one that is not there is had, and what is done then. */
export function howToGet({ install, signIn }: FoundAgent): string {
  if (install === undefined) return ''
  return `: install it (${install})${signIn === undefined ? '' : `, then ${signIn}`}`
}

/** One line: which agents are there, and what the others miss. */
export function agentsLine(agents: readonly FoundAgent[]): string {
  const ready = agents.filter(isReady).map(({ title }) => title)
  const missing = agents
    .filter((agent) => agent.found && !agent.demo && agent.missing.length > 0)
    .map((agent) => `${agent.title} (misses ${agent.missing.join('; ')})`)
  const demo = ready.length === 0 && agents.some((agent) => agent.demo)
  const parts = [...ready, ...missing, ...(demo ? ['the DEMO agent, which needs nothing'] : [])]
  return parts.length === 0 ? 'Agents: none found.' : `Agents: ${parts.join(', ')}.`
}
