/**
 * Reading a stream's frames. The one place where bytes from a server become values of this package.
 *
 * A server may be newer than its viewer: an event of an unknown type is carried whole, a frame of an unknown type is
 * skipped. Anything else that does not fit the schema is a broken protocol.
 */
import {
  eventSchema,
  type ListFrame,
  listFrameSchema,
  type StreamFrame,
  streamFrameSchema,
} from '@belay/protocol'
import type { ViewerEvent } from './item.ts'

export interface EventsFrame {
  readonly type: 'events'
  readonly events: readonly ViewerEvent[]
}
/** A frame of the protocol, with room for events this version does not know. */
export type ViewerFrame = Exclude<StreamFrame, { type: 'events' }> | EventsFrame
export type EndFrame = Extract<StreamFrame, { type: 'end' }>

const frameTypes = new Set<string>(
  streamFrameSchema.options.map((option) => option.shape.type.value),
)
const listTypes = new Set<string>(listFrameSchema.options.map((option) => option.shape.type.value))

/** @returns `unknown` for a frame to skip, `broken` for what is none */
export function decodeFrame(text: string): ViewerFrame | 'unknown' | 'broken' {
  const frame = parseTagged(text)
  if (frame === undefined) return 'broken'
  if (!frameTypes.has(frame.type)) return 'unknown'
  if (frame.type === 'events') return decodeEvents(frame['events'])
  return streamFrameSchema.safeParse(frame).data ?? 'broken'
}

/** The same for the list of sessions. */
export function decodeListFrame(text: string): ListFrame | 'unknown' | 'broken' {
  const frame = parseTagged(text)
  if (frame === undefined) return 'broken'
  if (!listTypes.has(frame.type)) return 'unknown'
  return listFrameSchema.safeParse(frame).data ?? 'broken'
}

function decodeEvents(raw: unknown): EventsFrame | 'broken' {
  if (!Array.isArray(raw) || raw.length === 0) return 'broken'
  const events: ViewerEvent[] = []
  for (const one of raw) {
    const event = decodeEvent(one)
    if (event === undefined) return 'broken'
    events.push(event)
  }
  return { type: 'events', events }
}

function decodeEvent(raw: unknown): ViewerEvent | undefined {
  const known = eventSchema.safeParse(raw)
  if (known.success) return known.data
  if (!isTagged(raw)) return undefined
  const { seq, at } = raw
  const numbered = Number.isSafeInteger(seq) && Number.isSafeInteger(at)
  return numbered && typeof seq === 'number' && typeof at === 'number' && seq > 0
    ? { type: 'unknown-event', seq, at, event: raw }
    : undefined
}

interface Tagged {
  readonly type: string
  readonly [field: string]: unknown
}

function parseTagged(text: string): Tagged | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isTagged(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isTagged(value: unknown): value is Tagged {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  )
}
