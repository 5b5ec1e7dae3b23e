/**
 * Following a session, for ever, across any number of drops, over lines that somebody else dials.
 *
 * Owns: the cursor. Whoever listens gets every event once, in order, whatever the line does.
 *
 * Invariants:
 * - V-50 A stream is opened after the last event that was handed on; duplicates are dropped.
 * - V-54 What a server does not keep any more is passed over only when it says so.
 * - V-51 A gap, or a frame that cannot be read, hands nothing on and opens the stream again.
 * - V-52 An `end` that may be retried opens the stream again; any other is handed on and is the last thing said.
 */
import { takeEvents } from './cursor.ts'
import { decodeFrame, type EndFrame, type ViewerFrame } from './frame.ts'
import {
  type Clockwork,
  type Dial,
  type Following,
  type Hear,
  Link,
  type LinkState,
  type Loss,
} from './link.ts'

export interface FollowOptions<Frame> {
  readonly onFrame: (frame: Frame) => void
  readonly onLink?: (state: LinkState) => void
}
export interface FollowSessionOptions extends FollowOptions<ViewerFrame> {
  /** The last event already known; 0 for the whole log. */
  readonly after: number
}

/**
 * Follows a session over lines that somebody else dials: another transport, or a network that is played.
 * @param dial opens a line after the event with this number. @returns what hangs it up
 */
export function followOver(
  platform: Clockwork,
  options: FollowSessionOptions,
  dial: (after: number, hear: Hear) => () => void,
): Following {
  let cursor = options.after
  return keepLine(
    platform,
    options,
    (hear) => dial(cursor, hear),
    (text) => {
      const frame = decodeFrame(text)
      if (frame === 'unknown') return undefined
      if (frame === 'broken') return unreadable
      if (frame.type === 'events') {
        const taken = takeEvents(cursor, frame.events)
        if (taken.type === 'gap') return missing(taken.expected, taken.got)
        cursor = taken.cursor
        if (taken.events.length > 0) options.onFrame({ type: 'events', events: taken.events })
        return undefined
      }
      if (frame.type === 'snapshot' && frame.seq >= cursor && frame.from > cursor + 1) {
        if (frame.trimmedTo !== frame.from - 1) return missing(cursor + 1, frame.from)
        cursor = frame.trimmedTo
      }
      options.onFrame(frame)
      if (frame.type === 'snapshot' && frame.seq < cursor) {
        cursor = 0
        return {
          reason: 'the server has another log of this session: reading it from its beginning',
        }
      }
      return frame.type === 'end' ? afterEnd(frame) : undefined
    },
  )
}

export const unreadable: Loss = { reason: 'the server sent something this version cannot read' }

function missing(expected: number, got: number): Loss {
  return { reason: `event ${expected} is missing before ${got}` }
}

export function afterEnd(end: EndFrame): Loss | 'over' {
  return end.retry ? { reason: end.message } : 'over'
}

/** Keeps a line to whatever is dialled. @param onText says why the line is of no use any more */
export function keepLine(
  platform: Clockwork,
  options: FollowOptions<EndFrame>,
  dial: Dial,
  onText: (text: string) => Loss | 'over' | undefined,
): Following {
  return new Link({
    platform,
    dial,
    onText,
    onEnd: (end) => options.onFrame(end),
    onLink: (state) => options.onLink?.(state),
  })
}
