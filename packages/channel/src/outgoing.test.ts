import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acknowledge, emptyOutgoing, type Outgoing, post, unackedAfter } from './outgoing.ts'

function posted(...messages: readonly string[]): Outgoing<string> {
  return messages.reduce<Outgoing<string>>(post, emptyOutgoing)
}

test('[C-1] numbers are dense from 1, and what is unacked ends at the last sent', () => {
  const operation = fc.oneof(fc.constant('post' as const), fc.nat({ max: 20 }))
  let acked = 0
  fc.assert(
    fc.property(fc.array(operation, { minLength: 10, maxLength: 60 }), (operations) => {
      let outgoing: Outgoing<number> = emptyOutgoing
      for (const next of operations) {
        if (next === 'post') outgoing = post(outgoing, outgoing.sent + 1)
        else if (next <= outgoing.sent) {
          outgoing = acknowledge(outgoing, next)
          acked++
        }
        const numbers = outgoing.unacked.map(({ n }) => n)
        const first = outgoing.sent - numbers.length + 1
        expect(numbers).toEqual(Array.from(numbers, (_, index) => first + index))
        expect(outgoing.unacked.every(({ n, message }) => n === message)).toBe(true)
      }
    }),
  )
  expect(acked).toBeGreaterThan(50)
})

test('[C-2] a message stays until it or a later one is acknowledged', () => {
  const outgoing = posted('a', 'b', 'c')
  expect(acknowledge(outgoing, 0)).toBe(outgoing)
  expect(acknowledge(outgoing, 2).unacked).toEqual([{ n: 3, message: 'c' }])
  expect(acknowledge(outgoing, 3)).toEqual({ sent: 3, unacked: [] })
})

test('[C-2] an old or repeated ack changes nothing', () => {
  const outgoing = acknowledge(posted('a', 'b', 'c'), 2)
  expect(acknowledge(outgoing, 1)).toBe(outgoing)
  expect(acknowledge(outgoing, 2)).toBe(outgoing)
})

test('[C-10] an ack of what was never sent is a broken invariant, not a loss', () => {
  expect(() => acknowledge(posted('a'), 2)).toThrow('ack 2 is beyond 1, the last message sent')
})

test('[C-2] what is sent again is what the other side does not have', () => {
  const outgoing = acknowledge(posted('a', 'b', 'c', 'd'), 1)
  expect(unackedAfter(outgoing, 2).map(({ message }) => message)).toEqual(['c', 'd'])
  expect(unackedAfter(outgoing, 0).map(({ n }) => n)).toEqual([2, 3, 4])
  expect(unackedAfter(outgoing, 4)).toEqual([])
})
