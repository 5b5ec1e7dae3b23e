/** `belay attach`: a session as it was and as it goes on. */
import { CliError, exitCodes } from '../exit-codes.ts'
import { answeringOf } from '../permissions.ts'
import { connectTo } from '../sessions.ts'
import { untilIdle, watch } from '../watch.ts'
import type { World } from '../world.ts'
import type { WatchingOptions } from './run.ts'

export interface AttachOptions extends WatchingOptions {
  readonly from?: string
  readonly untilIdle?: boolean
}

export async function attach(world: World, given: string, options: AttachOptions): Promise<number> {
  const from = seqOf(options.from ?? '1')
  const { client, id: session } = await connectTo(world, given, options)
  const { seq } = await client.call('getSession', { id: session })
  return watch({
    world,
    client,
    session,
    // From beyond the end means from now on.
    after: Math.min(from - 1, seq),
    json: options.json === true,
    sse: options.sse === true,
    answering: answeringOf(world, options),
    until: options.untilIdle === true ? untilIdle({ world, session }) : () => undefined,
  })
}

/** @throws CliError when it is not a number from 1 */
export function seqOf(text: string): number {
  const seq = Number(text)
  if (Number.isSafeInteger(seq) && seq > 0) return seq
  throw new CliError(exitCodes.usage, `--from takes the number of an event, from 1; got "${text}".`)
}
