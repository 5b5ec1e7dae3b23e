import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffDelayMs, channelBackoff } from './backoff.ts'

test('[C-9] the first try is at once', () => {
  expect(backoffDelayMs(channelBackoff, 0, 0.99)).toBe(0)
})

test('[C-9] without chance the waits double up to the cap', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) =>
    backoffDelayMs(channelBackoff, attempt, 1),
  )
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})

test('[C-9] chance takes the upper half of a wait, and no number of tries ends them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoffDelayMs(channelBackoff, attempt, random)
        const longest = backoffDelayMs(channelBackoff, attempt, 1)
        expect(wait).toBeGreaterThanOrEqual(longest / 2)
        expect(wait).toBeLessThanOrEqual(longest)
        expect(longest).toBeLessThanOrEqual(channelBackoff.capMs)
        expect(wait).toBeGreaterThan(0)
      },
    ),
  )
})
