/** What leaves on a socket, in which order. The session behind it is played: it answers when the test says so. */
import { decodeFrame, encodeHello } from '@belay/channel'
import { type Command, protocolHints, protocolVersion } from '@belay/protocol'
import { expect, test } from 'vitest'
import { ChannelEnds } from './channel-ends.ts'
import type { SessionInput, SessionReply } from './input.ts'

const who = { session: 's1', generation: 1 }
const interrupt: Command = { type: 'interrupt', turn: 1 }

function greeted() {
  const stored = Promise.withResolvers<SessionReply>()
  const frames: string[] = []
  const ends = new ChannelEnds({
    submit: () => stored.promise,
    clock: () => 0,
    note: () => undefined,
  })
  const socket = { send: (text: string) => frames.push(text), close() {}, terminate() {} }
  const hello = { version: protocolVersion, ...who, received: 1 }
  ends.attach(who, socket).frame(encodeHello(JSON.stringify(hello)))
  return { ends, frames, welcome: () => stored.resolve({ type: 'stored', received: 0 }) }
}

test('[K-52] commands of the same moment as a hello leave in their order, each once, behind the welcome', async () => {
  const { ends, frames, welcome } = greeted()
  // A person's request is decided first, and the hello then asks for all that was not acknowledged.
  for (const n of [3, 2, 3]) ends.send(who, n, () => interrupt)
  welcome()
  await new Promise(setImmediate)
  ends.send(who, 4, () => interrupt)
  const said = frames.flatMap((frame): readonly (string | number)[] => {
    const lines = decodeFrame(frame)
    return typeof lines === 'string'
      ? [lines]
      : lines.map((line) => ('n' in line ? line.n : line.type))
  })
  expect(said).toEqual(['welcome', 2, 3, 4])
})

test('[C-132] [K-176] a hint is said to a runner that was welcomed and understands it, and to nobody else', async () => {
  const hint = { type: 'prompt-coming', promptId: 'p1' } as const
  const { ends, frames, welcome } = greeted()
  ends.notify('s1', hint)
  welcome()
  await new Promise(setImmediate)
  expect(frames).toHaveLength(1)
  ends.notify('other', hint)
  ends.notify('s1', hint)
  expect(frames.slice(1)).toEqual([`N ${JSON.stringify(hint)}`])
  const older: string[] = []
  const socket = { send: (text: string) => older.push(text), close() {}, terminate() {} }
  const hello = { version: protocolHints - 1, session: 's2', generation: 1, received: 0 }
  ends.attach({ session: 's2', generation: 1 }, socket).frame(encodeHello(JSON.stringify(hello)))
  await new Promise(setImmediate)
  expect(older).toEqual([expect.stringMatching(/^W /)])
  ends.notify('s2', hint)
  expect(older).toHaveLength(1)
})

test('[S-112] a session hears which version its runner speaks, also one of before', () => {
  for (const version of [1, protocolVersion]) {
    const heard: SessionInput[] = []
    const ends = new ChannelEnds({
      submit(_, input) {
        heard.push(input)
        return Promise.resolve({ type: 'stored', received: 0 })
      },
      clock: () => 0,
      note() {},
    })
    const socket = { send() {}, close() {}, terminate() {} }
    const ear = ends.attach({ session: 's1', generation: 3 }, socket)
    ear.frame(encodeHello(JSON.stringify({ version, session: 's1', generation: 3, received: 2 })))
    expect(heard).toEqual([{ type: 'runner-hello', generation: 3, received: 2, version }])
  }
})
