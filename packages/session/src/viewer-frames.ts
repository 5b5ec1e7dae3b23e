/**
 * Frames of viewers' streams, each made once however many look on.
 *
 * A segment's text is wrapped, never parsed; a view is made once for each state it was derived from.
 */
import type { ErrorCode } from '@belay/protocol'
import type { SessionState } from './state.ts'
import { viewOf } from './view.ts'

/** What goes to a viewer. Whoever sends the same frame to many may keep its bytes beside it. */
export interface Frame {
  readonly text: string
}

/** Stored events as viewers are given them: a piece of JSON, numbered from `first` to `last`. */
export interface EventSegment {
  readonly first: number
  readonly last: number
  /** Joined by commas: `[` + text + `]` is a JSON array. */
  readonly text: string
}

const eventFrames = new WeakMap<EventSegment, Frame>()

/** The `events` frame of a whole segment. */
export function eventsFrame(segment: EventSegment): Frame {
  let frame = eventFrames.get(segment)
  if (frame === undefined) {
    frame = {
      // Made anew each time: its bytes are what is kept, by the sink.
      get text() {
        return `{"type":"events","events":[${segment.text}]}`
      },
    }
    eventFrames.set(segment, frame)
  }
  return frame
}

/** The `events` frame of what a segment holds above `after`, for a viewer that stands in its middle. */
export function eventsFrameAfter(segment: EventSegment, after: number): Frame {
  if (segment.first > after) return eventsFrame(segment)
  const events: { seq: number }[] = JSON.parse(`[${segment.text}]`)
  const text = JSON.stringify({ type: 'events', events: events.filter(({ seq }) => seq > after) })
  return { text }
}

const views = new WeakMap<SessionState, string>()

/** A session as its viewers see it, as JSON. */
function viewJson(state: SessionState, id: string): string {
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
    left.undecided === right.undecided &&
    left.settings === right.settings &&
    left.changes === right.changes &&
    left.restore === right.restore &&
    left.neighbours === right.neighbours
  )
}

const stateFrames = new WeakMap<SessionState, Frame>()

export function stateFrame(state: SessionState, id: string): Frame {
  let frame = stateFrames.get(state)
  if (frame === undefined) {
    frame = { text: `{"type":"state","session":${viewJson(state, id)}}` }
    stateFrames.set(state, frame)
  }
  return frame
}

export function endFrame(code: ErrorCode, message: string, retry: boolean): Frame {
  return { text: JSON.stringify({ type: 'end', code, message, retry }) }
}

/** The first frame of a stream. @param kept the last event, at or after the cursor, that is not kept any more; else the cursor */
export function snapshotFrame(
  state: SessionState,
  id: string,
  { cursor, kept }: { readonly cursor: number; readonly kept: number },
): Frame {
  const trimmed = kept > cursor ? `"trimmedTo":${kept},` : ''
  return {
    text: `{"type":"snapshot","from":${kept + 1},"seq":${state.head.seq},${trimmed}"session":${viewJson(state, id)}}`,
  }
}
