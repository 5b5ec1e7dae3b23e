import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeFrame,
  encodeAck,
  encodeHello,
  encodeMessage,
  encodeHint,
  encodeWelcome,
  type Line,
  ping,
  pong,
} from './lines.ts'

function encode(line: Line): string {
  switch (line.type) {
    case 'hello':
      return encodeHello(line.json)
    case 'welcome':
      return encodeWelcome(line.json)
    case 'ack':
      return encodeAck(line.n)
    case 'message':
      return encodeMessage(line.n, line.json)
    case 'hint':
      return encodeHint(line.json)
    case 'ping':
      return ping
    case 'pong':
      return pong
  }
}

const json = fc.json()
const anyLine: fc.Arbitrary<Line> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), json }),
  fc.record({ type: fc.constant('welcome' as const), json }),
  fc.record({ type: fc.constant('ack' as const), n: fc.maxSafeNat() }),
  fc.record({
    type: fc.constant('message' as const),
    n: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    json,
  }),
  fc.record({ type: fc.constant('hint' as const), json }),
  fc.constant({ type: 'ping' as const }),
  fc.constant({ type: 'pong' as const }),
)

test('[C-7] what is encoded decodes to itself, many lines to a frame', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 20 }), (lines) => {
      expect(decodeFrame(lines.map(encode).join('\n'))).toEqual(lines)
    }),
  )
})

test('[C-7] a message’s bytes come out as they went in', () => {
  const bytes = '{"text": "ü\\u2028",  "n":1.0 }'
  expect(decodeFrame(encodeMessage(7, bytes))).toEqual([{ type: 'message', n: 7, json: bytes }])
})

test('[C-7] each line has one spelling: whatever decodes is what its lines encode to', () => {
  const letters = fc.constantFrom(
    'H',
    'W',
    'A',
    'M',
    'N',
    'P',
    'Q',
    ' ',
    '0',
    '1',
    '9',
    '-',
    'e',
    '{',
    '\n',
  )
  let decoded = 0
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 8 }), (frame) => {
      const lines = decodeFrame(frame)
      if (typeof lines === 'string') return
      decoded++
      expect(lines.map(encode).join('\n')).toBe(frame)
    }),
    { numRuns: 20_000 },
  )
  expect(decoded).toBeGreaterThan(100)
})

test.each([
  '',
  'X',
  'P ',
  'PING',
  'M',
  'M 1',
  'M 0 {}',
  'M -1 {}',
  'M 1.5 {}',
  'M 01 {}',
  'M 1e3 {}',
  'M 0x10 {}',
  'M  1 {}',
  'MX1 {}',
  'M 9007199254740992 {}',
  'A',
  'A ',
  'A x',
  'A 00',
  'A 1 2',
  'Hello',
  'W',
])('[C-8] %j is refused, and the good lines before it with it', (bad) => {
  const answer = decodeFrame(`A 1\n${bad}\nP`)
  expect(answer).toBe(`not a channel line: ${JSON.stringify(bad)}`)
})

test('[C-8] a refusal quotes no more than the start of the line', () => {
  expect(JSON.stringify(decodeFrame('x'.repeat(1_000_000))).length).toBeLessThan(120)
})
