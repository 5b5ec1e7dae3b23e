import type { NoticeItem } from '@belay/client'
import { expect, test } from 'vitest'
import { jumpWords, readableItems, staysAtEnd } from './reading.ts'

const box = (scrollTop: number) => ({ scrollTop, scrollHeight: 1000, clientHeight: 200 })

test('[W-17] a reader is held at the end, is let go by going up a little, and held again by coming near', () => {
  expect(staysAtEnd(true, 700, box(800))).toBe(true)
  expect(staysAtEnd(true, 800, box(790))).toBe(false)
  expect(staysAtEnd(false, 700, box(740))).toBe(false)
  expect(staysAtEnd(false, 740, box(790))).toBe(true)
})

test('[W-17] content that became shorter above the end lets nobody go', () => {
  expect(staysAtEnd(true, 900, box(800))).toBe(true)
})

test('[W-17] the way back to the end says how much is new', () => {
  expect(jumpWords(0)).toBe('Jump to latest')
  expect(jumpWords(3)).toBe('3 new · Jump to latest')
  expect(jumpWords(5000)).toBe('999+ new · Jump to latest')
})

const failure = (seq: number, attempt: number): NoticeItem => ({
  type: 'notice',
  key: `event:${seq}`,
  seq,
  at: 0,
  event: {
    type: 'preparation-failed',
    seq,
    at: 0,
    attempt,
    step: 'clone',
    code: 'clone-failed',
    message: 'No such repository.',
  },
})

test('[W-90] the place of what a turn changed is nothing to read until it is told', () => {
  const items = [
    failure(1, 1),
    { type: 'changes-place', key: 'changes:1', seq: 2, at: 2, turn: 1 },
  ] as const
  expect(readableItems(items, false)).toEqual([items[0]])
  expect(readableItems(items, true)).toEqual([])
})

test('[W-62] a failed preparation is told once: by its card until it is tried again, then by the log', () => {
  const items = [failure(1, 1), failure(2, 2)]
  expect(readableItems(items, true)).toEqual([items[0]])
  expect(readableItems(items, false)).toEqual(items)
})
