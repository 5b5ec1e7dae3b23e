import type { TextItem } from '@belay/client'
import { expect, test } from 'vitest'
import { hashOfSeq, indexOfSeq, seqOfHash } from './event-link.ts'

const text = (seq: number): TextItem => ({
  type: 'text',
  key: `event:${seq}`,
  seq,
  at: 0,
  turn: 1,
  messageId: undefined,
  text: 't',
  until: 0,
})

test('[W-61] a link names its event, and nothing else is a link', () => {
  expect(seqOfHash(hashOfSeq(12))).toBe(12)
  for (const hash of ['', '#seq=', '#seq=0', '#seq=1x', '#token=12', '#seq=99999999999999999999'])
    expect(seqOfHash(hash)).toBeUndefined()
})

test('[W-61] an event without an item of its own is read in the item it was added to', () => {
  const items = [text(2), text(5), text(9)]
  expect(indexOfSeq(items, 5)).toBe(1)
  expect(indexOfSeq(items, 7)).toBe(1)
  expect(indexOfSeq(items, 1)).toBe(0)
  expect(indexOfSeq([], 1)).toBeUndefined()
})
