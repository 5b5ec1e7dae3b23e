/**
 * A server that takes requests and answers none, as it does when its process was stopped or has too much to do.
 *
 * - V-235 That is said once, within two heartbeats, while the command waits; and that it answers again, when it does.
 */
import {
  type Route,
  type RouteAnswer,
  type RouteInput,
  type RouteName,
  routes,
} from '@belay/protocol'
import type { Client } from '@belay/client/webapi'
import { painter } from './paint.ts'
import type { World } from './world.ts'

/** It answers in milliseconds; half a heartbeat is not chance. */
const silentMs = 5_000

/** The same client, which says so in the terminal. */
export function tellingSilence({ err }: Pick<World, 'err'>, client: Client): Client {
  const paint = painter(err.color)
  let isTold = false

  function tell(): void {
    if (isTold) return
    isTold = true
    err.write(
      paint(
        'dim',
        `· The Belay server at ${client.address('')} is there and does not answer; waiting for it. Agents go on without it.\n`,
      ),
    )
  }
  async function call<Name extends RouteName>(
    name: Name,
    input: RouteInput<Name>,
  ): Promise<RouteAnswer<Name>> {
    const route: Route = routes[name]
    // What waits for something else, and the line of a stream, say so for themselves.
    if (route.waits === true || name === 'ticket') return client.call(name, input)
    const timer = setTimeout(tell, silentMs)
    try {
      const answer = await client.call(name, input)
      if (isTold) err.write(paint('dim', '· It answers again.\n'))
      isTold = false
      return answer
    } finally {
      clearTimeout(timer)
    }
  }
  return { ...client, call }
}
