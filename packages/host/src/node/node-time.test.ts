import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nodeTime } from './node-time.ts'

// Not a test of speed but of days, so the platform's own timers stand still and are moved.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('[H-29] an alarm in two months rings in two months, not at once', () => {
  const { timer, clock } = nodeTime()
  const day = 24 * 60 * 60 * 1000
  const at = clock() + 60 * day
  const rang: number[] = []
  timer.set(at, () => rang.push(clock()))
  vi.advanceTimersByTime(60 * day - 1)
  expect(rang).toEqual([])
  vi.advanceTimersByTime(1)
  expect(rang).toEqual([at])
})

test('[H-29] an alarm replaces the one before, also one beyond what a timeout can hold', () => {
  const { timer, clock } = nodeTime()
  const rang: string[] = []
  timer.set(clock() + 2 ** 33, () => rang.push('far'))
  vi.advanceTimersByTime(2 ** 31)
  timer.set(clock() + 10, () => rang.push('near'))
  vi.advanceTimersByTime(2 ** 34)
  expect(rang).toEqual(['near'])
  timer.set(clock() + 2 ** 33, () => rang.push('cleared'))
  vi.advanceTimersByTime(2 ** 31)
  timer.clear()
  vi.advanceTimersByTime(2 ** 34)
  expect(rang).toEqual(['near'])
})

test('[H-29] an alarm that has passed rings in the next turn', () => {
  const { timer, clock } = nodeTime()
  let rang = 0
  timer.set(clock() - 1000, () => (rang += 1))
  expect(rang).toBe(0)
  vi.advanceTimersByTime(1)
  expect(rang).toBe(1)
})
