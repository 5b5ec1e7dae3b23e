/** `belay log`: the events of a session as they are, for looking closely. */
import { trimmedSentence, type ViewerEvent } from '@belay/client'
import type { Client } from '@belay/client/webapi'
import { follow } from '@belay/client/webapi'
import { limits } from '@belay/protocol'
import { exitCodes } from '../exit-codes.ts'
import { oneLine, type Paint, painter } from '../paint.ts'
import type { PlaceOptions } from '../place.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { seqOf } from './attach.ts'

export interface LogOptions extends PlaceOptions {
  readonly from?: string
  readonly follow?: boolean
  readonly json?: boolean
}

export async function log(world: World, given: string, options: LogOptions): Promise<number> {
  const after = seqOf(options.from ?? '1') - 1
  const { client, id: session } = await connectTo(world, given, options)
  const paint = painter(world.out.color)
  const show = (events: readonly ViewerEvent[]) => {
    const lines = events.map((event) =>
      options.json === true ? JSON.stringify(rawOf(event)) : lineOf(paint, event),
    )
    world.out.write(lines.map((line) => `${line}\n`).join(''))
  }
  // Apart from the events: what is asked for by its number must not be taken for what is there.
  const onTrimmed = () => world.err.write(`${trimmedSentence}\n`)
  const cursor = await showStored(client, session, after, { show, onTrimmed })
  return options.follow === true
    ? followLog(world, client, { session, cursor, show })
    : exitCodes.completed
}

interface Showing {
  readonly show: (events: readonly ViewerEvent[]) => void
  readonly onTrimmed: () => void
}

async function showStored(
  client: Client,
  id: string,
  after: number,
  { show, onTrimmed }: Showing,
): Promise<number> {
  let cursor = after
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const { events, trimmedTo } = await client.call('events', {
      id,
      after: cursor,
      limit: limits.pageEventsMax,
    })
    if (trimmedTo !== undefined) onTrimmed()
    const last = events.at(-1)
    if (last === undefined) return cursor
    show(events)
    cursor = last.seq
  }
}

interface Shown {
  readonly session: string
  readonly cursor: number
  readonly show: (events: readonly ViewerEvent[]) => void
}

async function followLog(world: World, client: Client, shown: Shown): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const stopListening = world.onInterrupt(() => resolve(exitCodes.detached))
  const following = follow(client, shown.session, {
    after: shown.cursor,
    onFrame(frame) {
      if (frame.type === 'events') shown.show(frame.events)
      if (frame.type === 'end' && !frame.retry) resolve(exitCodes.completed)
    },
  })
  try {
    return await promise
  } finally {
    following.close()
    stopListening()
  }
}

function rawOf(event: ViewerEvent): unknown {
  return event.type === 'unknown-event' ? event.event : event
}

const gistCharsMax = 160

function lineOf(paint: Paint, event: ViewerEvent): string {
  const { seq, at, type, ...rest } = event
  const time = new Date(at).toISOString().slice(11, 23)
  const gist = oneLine(JSON.stringify(rest))
  const cut = gist.length > gistCharsMax ? `${gist.slice(0, gistCharsMax)}…` : gist
  return `${String(seq).padStart(6)}  ${paint('dim', time)}  ${type.padEnd(19)} ${paint('dim', cut)}`
}
