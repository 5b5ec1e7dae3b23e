/** What a runner's end of the channel says at which moment, with its timers played. */
import { encodeMessage, encodeHint, encodeWelcome } from '@belay/channel'
import { type Hint, protocolVersion } from '@belay/protocol'
import { expect, test } from 'vitest'
import { ChannelEnd } from './channel-end.ts'

function linked() {
  const reports: string[] = []
  const frames: string[] = []
  const hints: Hint[] = []
  const commands: string[] = []
  const soon: (() => void)[] = []
  const later: (() => void)[] = []
  let acked = 0
  const end = new ChannelEnd(
    {
      session: 's1',
      generation: 1,
      spool: {
        get last() {
          return reports.length
        },
        get acked() {
          return acked
        },
        read: (after) =>
          reports.slice(after).map((json, index) => ({ n: after + index + 1, json })),
        bytesBetween: (from, to) => to - from,
        acknowledge(n) {
          acked = Math.max(acked, n)
        },
      },
      standing: { received: 0 },
      isOpen: () => true,
      say: (frame) => frames.push(frame),
      soon: (callback) => soon.push(callback),
      later: (_, callback) => later.push(callback),
      onCommand: ({ type }) => commands.push(type),
      onHint: (hint) => hints.push(hint),
      onAcked: () => undefined,
      log: () => undefined,
    },
    0,
  )
  const hear = (frame: string) => end.hear(frame, 0)
  hear(encodeWelcome(JSON.stringify({ version: protocolVersion, received: 0 })))
  const pass = (waiting: (() => void)[]) => {
    for (const callback of waiting.splice(0)) callback()
  }
  const said = () => frames.splice(0)
  pass(soon)
  return {
    end,
    reports,
    commands,
    hints,
    hear,
    said,
    soon: () => pass(soon),
    later: () => pass(later),
  }
}
const interrupt = (n: number) => encodeMessage(n, JSON.stringify({ type: 'interrupt', turn: n }))

test('[R-277] an acknowledgement goes with the next reports, and alone when none come', () => {
  const { end, reports, commands, hear, said, soon, later } = linked()
  hear(interrupt(1))
  hear(interrupt(2))
  expect(commands).toEqual(['interrupt', 'interrupt'])
  soon()
  expect(said()).toEqual([])
  reports.push('{"a":1}')
  end.nudge()
  soon()
  expect(said()).toEqual(['A 2\nM 1 {"a":1}'])
  later()
  soon()
  expect(said()).toEqual([])
  hear(interrupt(3))
  later()
  soon()
  expect(said()).toEqual(['A 3'])
})

test('[R-277] what can wait goes with what cannot, or a moment later', () => {
  const { end, reports, said, soon, later } = linked()
  reports.push('{"taken":1}')
  end.nudgeLater()
  soon()
  expect(said()).toEqual([])
  reports.push('{"text":1}')
  end.nudge()
  soon()
  expect(said()).toEqual(['M 1 {"taken":1}\nM 2 {"text":1}'])
  reports.push('{"taken":2}')
  end.nudgeLater()
  later()
  soon()
  expect(said()).toEqual(['M 3 {"taken":2}'])
})

test('[C-132] a hint is handed on at once and not acknowledged; one that nobody knows is nothing', () => {
  const { hints, hear, said, soon, later } = linked()
  const hint = { type: 'prompt-coming', promptId: 'p1' } as const
  expect(hear(encodeHint(JSON.stringify(hint)))).toBeUndefined()
  expect(hear(encodeHint('{"type":"of tomorrow"}'))).toBeUndefined()
  expect(hear(encodeHint('no JSON'))).toBeUndefined()
  expect(hints).toEqual([hint])
  later()
  soon()
  expect(said()).toEqual([])
})
