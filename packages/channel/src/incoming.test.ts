import { expect, test } from 'vitest'
import { arrive } from './incoming.ts'

test('[C-3] only the next number is taken, and what was taken before is dropped', () => {
  expect(arrive(0, 1)).toBe('next')
  expect(arrive(7, 8)).toBe('next')
  for (const n of [1, 6, 7]) expect(arrive(7, n)).toBe('duplicate')
})

test('[C-4] a number beyond the next is a gap', () => {
  expect(arrive(0, 2)).toBe('gap')
  expect(arrive(7, 9)).toBe('gap')
  expect(arrive(7, 7000)).toBe('gap')
})
