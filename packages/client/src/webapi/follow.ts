/**
 * Following a session or the list of sessions, for ever, across any number of drops: over a WebSocket, or over
 * server-sent events.
 */
import type { ListFrame } from '@belay/protocol'
import {
  afterEnd,
  type FollowOptions,
  followOver,
  type FollowSessionOptions,
  keepLine,
  unreadable,
} from '../follow-over.ts'
import { decodeListFrame } from '../frame.ts'
import type { Dial, Following } from '../link.ts'
import type { Client } from './client.ts'
import { dialEventStream, dialSocket } from './dial.ts'

/** Follows a session over a WebSocket. */
export function follow(client: Client, id: string, options: FollowSessionOptions): Following {
  return followOver(client.platform, options, (after, hear) =>
    dialSocket(client, streamPath(id, after), hear, () => client.call('getSession', { id })),
  )
}

/** The same over server-sent events: for where WebSockets do not pass. */
export function followSse(client: Client, id: string, options: FollowSessionOptions): Following {
  return followOver(client.platform, options, (after, hear) =>
    dialEventStream(client, streamPath(id, after), hear),
  )
}

/** Follows the list of sessions. Each time the line is opened the whole list comes first. */
export function followList(client: Client, options: FollowOptions<ListFrame>): Following {
  const dial: Dial = (hear) =>
    dialSocket(client, '/v1/stream', hear, () => client.call('listSessions', { limit: 1 }))
  return keepLine(client.platform, options, dial, (text) => {
    const frame = decodeListFrame(text)
    if (frame === 'unknown') return undefined
    if (frame === 'broken') return unreadable
    options.onFrame(frame)
    return frame.type === 'end' ? afterEnd(frame) : undefined
  })
}

function streamPath(id: string, after: number): string {
  return `/v1/sessions/${encodeURIComponent(id)}/stream?after=${after}`
}
