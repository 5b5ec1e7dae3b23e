/** `belay prompt`: a further prompt to a session. */
import { attachmentsOf } from '../attachments.ts'
import { newId } from '../new-id.ts'
import { oneLine } from '../paint.ts'
import { answeringOf } from '../permissions.ts'
import { insist } from '../place.ts'
import { connectTo } from '../sessions.ts'
import { untilPromptEnds, watch } from '../watch.ts'
import type { World } from '../world.ts'
import { promptText, type WatchingOptions } from './run.ts'

export interface PromptOptions extends WatchingOptions {
  readonly follow?: boolean
  readonly steer?: boolean
  readonly file?: readonly string[]
}

export async function prompt(
  world: World,
  given: string,
  words: string,
  options: PromptOptions,
): Promise<number> {
  const text = await promptText(world, words)
  const files = attachmentsOf(world, options.file)
  const { client, id: session } = await connectTo(world, given, options)
  const { seq, status, why } = await client.call('getSession', { id: session })
  const promptId = newId()
  const how = options.steer === true ? { steer: true as const } : {}
  const state = await insist(() =>
    client.call('prompt', { id: session, promptId, text, ...files, ...how }),
  )
  if (options.follow === true) {
    // What it waits behind began before what is shown from here.
    if (status !== 'idle' && options.json !== true)
      world.err.write(`Queued. Before it: ${oneLine(why)}\n`)
    return watch({
      world,
      client,
      session,
      after: seq,
      json: options.json === true,
      sse: options.sse === true,
      answering: answeringOf(world, options),
      until: untilPromptEnds({ world, session }, promptId),
    })
  }
  world.out.write(
    options.json === true
      ? `${JSON.stringify(state)}\n`
      : `Accepted as ${promptId}: ${state.state}. Watch it with "belay attach ${session} --from ${seq + 1}".\n`,
  )
  return 0
}
