import { encodeHello } from '@belay/channel'
import { protocolVersion } from '@belay/protocol'
import { expect, test } from 'vitest'
import { ChannelEnds } from './channel-ends.ts'
import type { SessionInput } from './input.ts'

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
