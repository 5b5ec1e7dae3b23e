/**
 * Frames of viewers' streams, each encoded once however many look on.
 *
 * A segment's bytes are wrapped, never parsed; a view is encoded once for each state it was derived from.
 */
import type { Segment } from '@belay/host'
import type { ErrorCode } from '@belay/protocol'
import { type SessionState, viewOf } from '@belay/session'

const eventFrames = new WeakMap<Segment, Buffer>()

/** The `events` frame of a whole segment. */
export function eventsFrame(segment: Segment): Buffer {
  let frame = eventFrames.get(segment)
  if (frame === undefined) {
    frame = Buffer.from(`{"type":"events","events":[${segment.text}]}`)
    eventFrames.set(segment, frame)
  }
  return frame
}

/** The `events` frame of what a segment holds above `after`, for a viewer that stands in its middle. */
export function eventsFrameAfter(segment: Segment, after: number): Buffer {
  if (segment.first > after) return eventsFrame(segment)
  const events: { seq: number }[] = JSON.parse(`[${segment.text}]`)
  return Buffer.from(
    JSON.stringify({ type: 'events', events: events.filter(({ seq }) => seq > after) }),
  )
}

const views = new WeakMap<SessionState, string>()

/** A session as its viewers see it, as JSON. */
export function viewJson(state: SessionState, id: string): string {
  let json = views.get(state)
  if (json === undefined) {
    json = JSON.stringify(viewOf(state, id))
    views.set(state, json)
  }
  return json
}

/** Whether two states can look different. Most commits change only `head` and `commands`, which no view shows. */
export function looksSame(left: SessionState, right: SessionState): boolean {
  return (
    left.turn === right.turn &&
    left.lifecycle === right.lifecycle &&
    left.queue === right.queue &&
    left.permissions === right.permissions &&
    left.runner === right.runner &&
    left.agent === right.agent &&
    left.offer === right.offer &&
    left.last === right.last &&
    left.settings === right.settings &&
    left.restore === right.restore
  )
}

export function endFrame(code: ErrorCode, message: string, retry: boolean): string {
  return JSON.stringify({ type: 'end', code, message, retry })
}

/** The first frame of a stream. @param kept the last event, at or after the cursor, that is not kept any more; else the cursor */
export function snapshotFrame(
  state: SessionState,
  id: string,
  { cursor, kept }: { readonly cursor: number; readonly kept: number },
): string {
  const trimmed = kept > cursor ? `"trimmedTo":${kept},` : ''
  return `{"type":"snapshot","from":${kept + 1},"seq":${state.head.seq},${trimmed}"session":${viewJson(state, id)}}`
}
