/** `belay resolve`: what becomes of a turn that was cut off or is in doubt. */
import type { Resolution } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { newId } from '../new-id.ts'
import { insist } from '../place.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface ResolveOptions extends ManageOptions {
  readonly turn?: string
}

export async function resolve(
  world: World,
  given: string,
  options: ResolveOptions & { readonly action: Resolution },
): Promise<number> {
  const { action } = options
  const { client, id } = await connectTo(world, given, options)
  const { undecided, lastTurn } = await client.call('getSession', { id })
  // Where prompts wait, what they wait for comes first.
  const holding = undecided?.turns.findLast(({ holds }) => holds === true)
  const last = (holding ?? undecided?.turns.at(-1) ?? lastTurn)?.turn
  const turn = options.turn === undefined ? last : Number(options.turn)
  if (turn === undefined || !Number.isInteger(turn) || turn < 1) {
    throw new CliError(exitCodes.usage, `There is no turn ${options.turn ?? ''} to decide about.`)
  }
  const promptId = newId()
  const answer = await insist(() => client.call('resolveTurn', { id, turn, action, promptId }))
  const sentence = {
    continue: `The agent is asked to continue turn ${turn}, as prompt ${promptId}.`,
    'send-again': `The prompt of turn ${turn} is sent again, as ${promptId}.`,
    discard: `Turn ${turn} is left as it is.`,
  }[action]
  return say(world, options, { session: id, turn, ...answer }, sentence)
}
