/** Viewers and list viewers whose socket is full: a real host, and a sink that a test fills and drains. */
import {
  type ListFrame,
  listFrameSchema,
  type StreamFrame,
  streamFrameSchema,
} from '@belay/protocol'
import { type Frame, openViewer, type Sink } from '@belay/session'
import { creation } from '@belay/testing'
import { loneHost } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openListViewer } from './list-viewer.ts'
import type { SessionHost } from './session-host.ts'

let host: SessionHost
beforeEach(async () => {
  host = loneHost('slow-viewers')
  await host.submit('s1', creation())
})
afterEach(() => host.stop())

/** A sink that is full when a test says so. */
class GatedSink implements Sink {
  readonly frames: string[] = []
  full = false
  /** Those that wait for it to drain. */
  readonly waiting: (() => void)[] = []
  write(frame: Frame): void {
    this.frames.push(frame.text)
  }
  isFull(): boolean {
    return this.full
  }
  onDrain(callback: () => void): void {
    this.waiting.push(callback)
  }
  close(): void {}
  drain(): void {
    this.full = false
    for (const callback of this.waiting.splice(0)) callback()
  }
  take(): StreamFrame[] {
    return this.frames.splice(0).map((frame) => streamFrameSchema.parse(JSON.parse(frame)))
  }
  takeList(): ListFrame[] {
    return this.frames.splice(0).map((frame) => listFrameSchema.parse(JSON.parse(frame)))
  }
}

/** The events among them, by their numbers. */
function eventsIn(frames: readonly StreamFrame[]): number[] {
  return frames.flatMap((frame) =>
    frame.type === 'events' ? frame.events.map((event) => event.seq) : [],
  )
}

/** Each is a segment of its own. */
async function submitPrompts(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as people send them
    await host.submit('s1', {
      type: 'prompt-submitted',
      prompt: { promptId: `p${n}`, text: 'x', digest: `${n}` },
    })
}

const hello = (generation: number) =>
  host.submit('s1', { type: 'runner-hello', generation, received: 0 })

test('[L-3] a viewer whose sink is full is given nothing until it drains, then everything', async () => {
  const sink = new GatedSink()
  const viewer = openViewer(host, 's1', 0, sink)
  const before = eventsIn(sink.take())
  sink.full = true
  await submitPrompts(1, 30)
  expect(sink.frames).toEqual([])
  sink.drain()
  const seen = [...before, ...eventsIn(sink.take())]
  const { seq } = host.read('s1').head
  expect(seq).toBe(12)
  expect(seen).toEqual(Array.from({ length: seq }, (_, index) => index + 1))
  viewer.closed()
})

test('[L-3] a full sink gets no state and no proof of life either, and the latest state once it drains', async () => {
  const sink = new GatedSink()
  const viewer = openViewer(host, 's1', 0, sink)
  sink.take()
  sink.full = true
  await hello(1)
  viewer.beat()
  viewer.beat()
  await host.submit('s1', { type: 'runner-link-lost', generation: 1 })
  await hello(1)
  expect(sink.frames).toEqual([])
  expect(sink.waiting).toHaveLength(1)
  sink.drain()
  expect(sink.take()).toMatchObject([{ type: 'state', session: { runner: { state: 'linked' } } }])
  viewer.closed()
})

test('[L-7] a viewer is told what is not kept any more: when it comes, and when it was too slow', async () => {
  await submitPrompts(1, 3)
  const slow = new GatedSink()
  const { seq } = host.read('s1').head
  openViewer(host, 's1', 0, slow)
  slow.full = true
  await submitPrompts(4, 3)
  await host.submit('s1', { type: 'trim', through: seq + 1 })
  expect(host.first('s1')).toBe(seq + 2)
  slow.take()
  slow.drain()
  const [again, ...frames] = slow.take()
  expect(again).toMatchObject({ type: 'snapshot', from: seq + 2, trimmedTo: seq + 1 })
  expect(eventsIn(frames)).toEqual([seq + 2, seq + 3])
  const late = new GatedSink()
  openViewer(host, 's1', 2, late)
  expect(late.take()[0]).toMatchObject({ type: 'snapshot', from: seq + 2, trimmedTo: seq + 1 })
  const present = new GatedSink()
  openViewer(host, 's1', seq + 2, present)
  expect(present.take()[0]).not.toHaveProperty('trimmedTo')
})

test('[L-3] [L-6] a full list viewer waits once, and gets the latest of each session when it drains', async () => {
  const sink = new GatedSink()
  const viewer = openListViewer(host, sink)
  sink.takeList()
  sink.full = true
  for (let n = 1; n <= 5; n++) {
    await host.submit('s1', {
      type: 'prompt-submitted',
      prompt: { promptId: `p${n}`, text: 't', digest: 'd' },
    })
    viewer.beat()
  }
  expect(sink.frames).toEqual([])
  expect(sink.waiting).toHaveLength(1)
  sink.drain()
  expect(sink.takeList()).toMatchObject([{ type: 'session', session: { id: 's1', queued: 5 } }])
  viewer.beat()
  expect(sink.takeList()).toEqual([{ type: 'beat' }])
  viewer.closed()
  await host.submit('s1', { type: 'delete' })
  expect(sink.frames).toEqual([])
})
