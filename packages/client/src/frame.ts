/**
 * Reading a stream's frames. The one place where bytes from a server become values of this package.
 *
 * A server may be newer than its viewer: an event of an unknown type is carried whole, a frame of an unknown type is
 * skipped. Anything else that does not fit the schema is a broken protocol.
 */
import {
  cursorSchema,
  eventSchema,
  type ListFrame,
  listFrameSchema,
  type StreamFrame,
  streamFrameSchema,
} from '@belay/protocol'
import { z } from 'zod'
import type { ViewerEvent } from './item.ts'

export interface EventsFrame {
  readonly type: 'events'
  readonly events: readonly ViewerEvent[]
}
/** A frame of the protocol, with room for events this version does not know. */
export type ViewerFrame = Exclude<StreamFrame, { type: 'events' }> | EventsFrame
export type EndFrame = Extract<StreamFrame, { type: 'end' }>

const tagSchema = z.looseObject({ type: z.string() })
const eventsSchema = z.object({ events: z.array(z.unknown()).min(1) })
const anyEventSchema = z.looseObject({ type: z.string(), seq: cursorSchema.min(1), at: z.int() })
const frameTypes = new Set<string>(
  streamFrameSchema.options.map((option) => option.shape.type.value),
)
const listTypes = new Set<string>(listFrameSchema.options.map((option) => option.shape.type.value))

/** @returns `unknown` for a frame to skip, `broken` for what is none */
export function decodeFrame(text: string): ViewerFrame | 'unknown' | 'broken' {
  const tagged = tagSchema.safeParse(parseJson(text))
  if (!tagged.success) return 'broken'
  if (!frameTypes.has(tagged.data.type)) return 'unknown'
  if (tagged.data.type === 'events') return decodeEvents(tagged.data)
  return streamFrameSchema.safeParse(tagged.data).data ?? 'broken'
}

/** The same for the list of sessions. */
export function decodeListFrame(text: string): ListFrame | 'unknown' | 'broken' {
  const tagged = tagSchema.safeParse(parseJson(text))
  if (!tagged.success) return 'broken'
  if (!listTypes.has(tagged.data.type)) return 'unknown'
  return listFrameSchema.safeParse(tagged.data).data ?? 'broken'
}

function decodeEvents(frame: unknown): EventsFrame | 'broken' {
  const parsed = eventsSchema.safeParse(frame)
  if (!parsed.success) return 'broken'
  const events: ViewerEvent[] = []
  for (const raw of parsed.data.events) {
    const event = decodeEvent(raw)
    if (event === undefined) return 'broken'
    events.push(event)
  }
  return { type: 'events', events }
}

/** One event, as a stream or a page of the log carries it; undefined when it is none. */
export function decodeEvent(raw: unknown): ViewerEvent | undefined {
  const known = eventSchema.safeParse(raw)
  if (known.success) return known.data
  const any = anyEventSchema.safeParse(raw)
  if (!any.success) return undefined
  return { type: 'unknown-event', seq: any.data.seq, at: any.data.at, event: any.data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
