/** Frames of a viewer's stream, the same on WebSocket and SSE. Only `events` moves a cursor. */
import { z } from 'zod'
import { utf8Bytes } from './utf8-bytes.ts'
import { errorCodes } from './error.ts'
import { eventSchema } from './event.ts'
import { cursorSchema, sessionIdSchema } from './ids.ts'
import { summarySchema, viewSchema } from './view.ts'

/** First frame of every stream. Events follow from `from` on. */
const snapshotFrameSchema = z.object({
  type: z.literal('snapshot'),
  session: viewSchema,
  from: cursorSchema.meta({ description: 'The number of the first event that will follow.' }),
  seq: cursorSchema.meta({ description: 'The last event stored when the stream was opened.' }),
  trimmedTo: cursorSchema.optional().meta({
    description:
      'Events after the cursor and up to this one are not kept any more; the ones that follow begin behind it.',
  }),
})
const eventsFrameSchema = z.object({
  type: z.literal('events'),
  events: z.array(eventSchema).min(1),
})
/** All events up to `seq` have been sent; what follows is live. Sent once. */
const caughtUpFrameSchema = z.object({ type: z.literal('caught-up'), seq: cursorSchema })
/** Signal: the session as it is now. The latest counts; none is ever replayed. */
const stateFrameSchema = z.object({ type: z.literal('state'), session: viewSchema })
/** The stream is over. `retry` says whether opening it again can help. */
const endFrameSchema = z.object({
  type: z.literal('end'),
  code: z.enum(errorCodes),
  message: z.string(),
  retry: z.boolean(),
})

export const streamFrameSchema = z
  .discriminatedUnion('type', [
    snapshotFrameSchema,
    eventsFrameSchema,
    caughtUpFrameSchema,
    stateFrameSchema,
    endFrameSchema,
  ])
  .meta({ id: 'StreamFrame' })
export type StreamFrame = z.infer<typeof streamFrameSchema>

/** Frames of the list of sessions: all of them once, then each that changes. */
export const listFrameSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('sessions'), sessions: z.array(summarySchema) }),
    z.object({ type: z.literal('session'), session: summarySchema }),
    z.object({ type: z.literal('removed'), session: sessionIdSchema }),
    // Nothing changed; the stream lives.
    z.object({ type: z.literal('beat') }),
    endFrameSchema,
  ])
  .meta({ id: 'ListFrame' })
export type ListFrame = z.infer<typeof listFrameSchema>

/** A viewer's stream that is quiet says this often, in milliseconds, that it lives. */
export const viewerBeatMs = 10_000

/** WebSocket close codes of viewers' streams and of the channel. */
export const closeCodes = {
  /** Ended as it should: session deleted, or close asked for. Never a failure. */
  done: 4000,
  /** A newer connection of the same runner took its place. */
  replaced: 4001,
  /** A newer generation owns the session. */
  fenced: 4002,
  /** The server is stopping: come back. */
  goingAway: 4003,
  /** The other side broke the protocol. */
  protocolError: 4004,
  /** The viewer was too slow for too long, or the link was silent. */
  silent: 4005,
} as const

/** What RFC 6455 leaves for a reason: a control frame is at most 125 bytes, two of them the code. */
const reasonBytesMax = 123

/** As much of a sentence as a close frame holds; a socket that is given more throws instead of closing. */
export function closeReason(sentence: string): string {
  let reason = ''
  for (const character of sentence) {
    if (utf8Bytes(reason + character) > reasonBytesMax) return reason
    reason += character
  }
  return reason
}
