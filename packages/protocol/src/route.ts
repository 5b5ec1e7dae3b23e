/** What a route of the API is made of, and the addresses that are no routes. `api.ts` has the table. */
import type { z } from 'zod'

export interface Route {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly status: number
  /** It is answered when something is over, and not in a moment. */
  readonly waits?: true
  readonly response: z.ZodType
}

/** Streams are opened by GET, as a WebSocket upgrade or as `text/event-stream`; they are not request and answer. */
export const streams = {
  stream: {
    path: '/v1/sessions/{id}/stream',
    summary: 'Follow a session: snapshot, events after a cursor, caught-up, live.',
    frames: 'StreamFrame',
  },
  list: { path: '/v1/stream', summary: 'Follow the list of sessions.', frames: 'ListFrame' },
  runner: { path: '/v1/runner' },
} as const
