/** `belay callbacks`: how far the telling of a session's ended turns has come. */
import type { CallbackState } from '@belay/protocol'
import { oneLine } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface CallbackOptions extends ManageOptions {
  readonly resend?: string
}

export async function callbacks(
  world: World,
  given: string,
  options: CallbackOptions,
): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  if (options.resend !== undefined) {
    const callback = await client.call('resendCallback', { id, callbackId: options.resend })
    return say(world, options, callback, `Callback ${callback.callbackId} is sent again.`)
  }
  const answer = await client.call('callbacks', { id })
  const said =
    answer.url === undefined
      ? 'This session has no callback.'
      : [`Callbacks to ${oneLine(answer.url)}`, ...answer.callbacks.map(line)].join('\n')
  return say(world, options, answer, said)
}

function line(callback: CallbackState): string {
  const { callbackId, turn, state, attempts, nextAt, problem } = callback
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const next = nextAt === undefined ? '' : `, next ${new Date(nextAt).toISOString()}`
  const why = problem === undefined ? '' : `: ${oneLine(problem)}`
  return `  turn ${turn}  ${callbackId}  ${state}, ${times}${next}${why}`
}
