/** `belay mode` and `belay model`: what the agent of a session offers, and choosing of it. */
import type { AgentChoices } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface ChoiceOptions extends ManageOptions {
  readonly of: 'mode' | 'model'
  /** Absent: list them. */
  readonly wanted: string | undefined
}

export async function choice(world: World, given: string, options: ChoiceOptions): Promise<number> {
  const { of, wanted } = options
  const { client, id } = await connectTo(world, given, options)
  if (wanted === undefined) {
    const session = await client.call('getSession', { id })
    const choices = of === 'mode' ? session.modes : session.models
    if (choices === undefined)
      throw new CliError(
        exitCodes.failed,
        `The agent of this session has offered no ${of}s so far.`,
      )
    return say(world, options, choices, lines(choices))
  }
  const session =
    of === 'mode'
      ? await client.call('setMode', { id, modeId: wanted })
      : await client.call('setModel', { id, modelId: wanted })
  return say(world, options, session, `The ${of} is "${wanted}" from now on.`)
}

function lines({ current, available }: AgentChoices): string {
  const width = Math.max(...available.map(({ id }) => id.length))
  return available
    .map(({ id, name, description }) => {
      const words = description === undefined ? name : `${name}: ${description}`
      return `${id === current ? '*' : ' '} ${id.padEnd(width)}  ${words.replaceAll(/\s+/g, ' ')}`
    })
    .join('\n')
}
