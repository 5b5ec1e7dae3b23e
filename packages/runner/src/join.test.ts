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
  return [...out, ...flush(joiner, reports.length).out]
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
  ).toEqual([text('a'), text('b'), taken, text('c'), { type: 'thought', turn: 1, text: 'd' }])
  expect(
    joinAll([text('a', 'm1'), text('b', 'm1'), text('c', 'm1'), text('d', 'm2'), text('e', 'm2')]),
  ).toEqual([text('a', 'm1'), text('bc', 'm1'), text('d', 'm2'), text('e', 'm2')])
})

test('[R-8] the first piece of a message goes at once; what follows is due when the named time has passed since', () => {
  const one = join(emptyJoiner, text('a'), 100)
  expect(one.out).toEqual([text('a')])
  expect(joinDueAt(one.joiner)).toBeUndefined()
  const two = join(one.joiner, text('b'), 120)
  expect(two.out).toEqual([])
  expect(joinDueAt(two.joiner)).toBe(100 + limits.joinMsMax)
  const due = flush(two.joiner, 141)
  expect(due.out).toEqual([text('b')])
  const soon = join(due.joiner, text('c'), 150)
  expect(soon.out).toEqual([])
  expect(joinDueAt(soon.joiner)).toBe(141 + limits.joinMsMax)
})

test.each([
  ['another message', text('c', 'm2')],
  ['another type', { type: 'thought', turn: 1, text: 'c' } as const],
  ['another turn', { type: 'text', turn: 2, text: 'c', messageId: 'm1' } as const],
])('[R-8] the first piece of %s lets the held one go, and goes with it', (_, other) => {
  const one = join(emptyJoiner, text('a', 'm1'), 100)
  const two = join(one.joiner, text('b', 'm1'), 101)
  expect(join(two.joiner, other, 102).out).toEqual([text('b', 'm1'), other])
})

test('[R-8] a piece goes at once after anything else, after the named time, and when it is large', () => {
  const one = join(emptyJoiner, text('a'), 100)
  expect(join(join(one.joiner, taken, 101).joiner, text('b'), 102).out).toEqual([text('b')])
  expect(join(one.joiner, text('b'), 100 + limits.joinMsMax).out).toEqual([text('b')])
  const big = join(one.joiner, text('x'.repeat(limits.joinBytesMax)), 101)
  expect(big.out).toHaveLength(1)
  expect(joinDueAt(big.joiner)).toBeUndefined()
})

test('[R-8] twenty thousand small pieces are still few reports', () => {
  // One a twentieth of a millisecond: a second of a quick model.
  const count = 20_000
  let joiner = emptyJoiner
  const out: Report[] = []
  for (let index = 0; index < count; index += 1) {
    const now = index / 20
    const due = joinDueAt(joiner)
    if (due !== undefined && due <= now) {
      const flushed = flush(joiner, now)
      joiner = flushed.joiner
      out.push(...flushed.out)
    }
    const joined = join(joiner, text('word '), now)
    joiner = joined.joiner
    out.push(...joined.out)
  }
  out.push(...flush(joiner, count / 20).out)
  expect(out.map((one) => ('text' in one ? one.text : '')).join('')).toBe('word '.repeat(count))
  const bySize = (count * 'word '.length) / limits.joinBytesMax
  const byTime = count / 20 / limits.joinMsMax
  expect(out.length).toBeLessThanOrEqual(bySize + byTime + 2)
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
