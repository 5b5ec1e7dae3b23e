import { limits, type Report } from '@belay/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyJoiner, flush, join, joinDueAt } from './join.ts'

function joinAll(reports: readonly Report[]): readonly Report[] {
  let joiner = emptyJoiner
  const out: Report[] = []
  reports.forEach((report, index) => {
    const joined = join(joiner, report, index)
    joiner = joined.joiner
    out.push(...joined.out)
  })
  return [...out, ...flush(joiner).out]
}

const text = (value: string, messageId?: string): Report => ({
  type: 'text',
  turn: 1,
  text: value,
  ...(messageId === undefined ? {} : { messageId }),
})
const taken: Report = { type: 'turn-taken', turn: 1 }

test('[R-7] pieces of one kind are joined, and anything else lets them go first', () => {
  expect(
    joinAll([text('a'), text('b'), taken, text('c'), { type: 'thought', turn: 1, text: 'd' }]),
  ).toEqual([text('ab'), taken, text('c'), { type: 'thought', turn: 1, text: 'd' }])
  expect(joinAll([text('a', 'm1'), text('b', 'm2'), text('c', 'm2')])).toEqual([
    text('a', 'm1'),
    text('bc', 'm2'),
  ])
})

test('[R-7] words of no turn are joined too, and never with those of one', () => {
  const type = 'said-after'
  const outside = (value: string, after = 1): Report => ({ type, kind: 'text', after, text: value })
  const update = { sessionUpdate: 'tool_call' }
  const tool: Report = { type, kind: 'tool', after: 1, text: 't', update }
  expect(
    joinAll([text('a'), outside('b'), outside('c'), outside('d', 2), tool, outside('e')]),
  ).toEqual([text('a'), outside('bc'), outside('d', 2), tool, outside('e')])
})

test('[R-8] a piece is due after the named time, counted from its beginning, and goes at once when it is large', () => {
  const one = join(emptyJoiner, text('a'), 100)
  const two = join(one.joiner, text('b'), 120)
  expect(joinDueAt(two.joiner)).toBe(100 + limits.joinMsMax)
  expect(two.out).toEqual([])
  const big = join(two.joiner, text('x'.repeat(limits.joinBytesMax)), 121)
  expect(big.out).toHaveLength(1)
  expect(joinDueAt(big.joiner)).toBeUndefined()
})

test('[R-7] whatever comes, no character is lost, doubled or moved', () => {
  const report = fc.oneof(
    fc
      .tuple(fc.string(), fc.constantFrom('m1', 'm2', undefined))
      .map(([value, message]) => text(value, message)),
    fc.string().map((value): Report => ({ type: 'thought', turn: 1, text: value })),
    fc.constant(taken),
  )
  // Runs of one kind have no visible seams, so both sides are compared with the seams taken out.
  const spelled = (reports: readonly Report[]) =>
    reports
      .filter((one) => !('text' in one) || one.text !== '')
      .flatMap((one): (readonly (string | undefined)[])[] =>
        one.type === 'text' || one.type === 'thought'
          ? one.text
              .split('')
              .map((character) => [
                one.type,
                one.type === 'text' ? one.messageId : undefined,
                character,
              ])
          : [[one.type]],
      )
  fc.assert(
    fc.property(fc.array(report), (reports) => {
      expect(spelled(joinAll(reports))).toEqual(spelled(reports))
    }),
  )
})
