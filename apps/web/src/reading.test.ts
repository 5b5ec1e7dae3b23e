import { expect, test } from 'vitest'
import { blocksAtEnd, firstBlock, staysAtEnd } from './reading.ts'

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

test('[W-18] only the last blocks are drawn for who reads at the end', () => {
  expect(firstBlock(0, 2, true)).toBe(0)
  expect(firstBlock(0, 10, true)).toBe(10 - blocksAtEnd)
})

test('[W-18] nothing is taken away above a reader who went up, and another transcript begins anew', () => {
  expect(firstBlock(4, 30, false)).toBe(4)
  expect(firstBlock(12, 2, false)).toBe(0)
})
