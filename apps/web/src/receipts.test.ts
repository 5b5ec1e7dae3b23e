import type { PromptItem } from '@belay/client'
import { expect, test } from 'vitest'
import { receiptsOf, receiptWord } from './receipts.ts'

const prompt = (part: Partial<PromptItem>): PromptItem => ({
  type: 'prompt',
  key: 'prompt:p',
  seq: 1,
  at: 0,
  promptId: 'p',
  text: 'do it',
  state: 'running',
  acceptedAt: 0,
  ...part,
})

const states = (item: PromptItem) => receiptsOf(item).map(({ state }) => state)

test('[W-65] a running prompt has the receipts the log has, and the others are to come', () => {
  const item = prompt({ startedAt: 1, deliveredAt: 2, takenAt: 3 })
  expect(states(item)).toEqual(['done', 'done', 'done', 'done', 'to-come', 'to-come'])
  expect(receiptWord(item)).toBe('· Taken by the agent')
})

test('[W-65] after a crash what did not happen is said never to have been, and the end is the honest one', () => {
  const doubt = prompt({ state: 'done', startedAt: 1, takenAt: 3, outcome: 'in-doubt', endedAt: 9 })
  expect(states(doubt)).toEqual(['done', 'done', 'done', 'done', 'never', 'done'])
  expect(receiptWord(doubt)).toBe('· In doubt: the agent may have seen it')
  const lost = prompt({ state: 'done', startedAt: 1, outcome: 'failed', endedAt: 9 })
  expect(states(lost)).toEqual(['done', 'done', 'never', 'never', 'never', 'done'])
})

test('[W-65] one that was taken back never began', () => {
  expect(receiptsOf(prompt({ state: 'cancelled', endedAt: 4 }))).toEqual([
    { words: 'On disk', at: 0, state: 'done' },
    { words: 'Taken back before its turn', at: 4, state: 'done' },
  ])
})
