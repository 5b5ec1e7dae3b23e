import type { SessionEvent } from '@belay/protocol'
import { expect, test } from 'vitest'
import { hopTimes } from './hop-times.ts'

const events: readonly SessionEvent[] = [
  { seq: 1, at: 1000, type: 'prompt-accepted', promptId: 'p', text: 'Hi' },
  { seq: 2, at: 1012, type: 'turn-started', turn: 1, promptId: 'p', generation: 1 },
  { seq: 3, at: 1300, type: 'turn-taken', turn: 1 },
  { seq: 4, at: 2500, type: 'text', turn: 1, text: 'a' },
  { seq: 5, at: 2600, type: 'text', turn: 1, text: 'b' },
  {
    seq: 6,
    at: 3000,
    type: 'permission-asked',
    turn: 1,
    permissionId: 'q',
    title: 'Write?',
    options: [],
  },
  { seq: 7, at: 65_000, type: 'permission-settled', permissionId: 'q', by: 'web' },
]

test('[W-41] each stretch is told once, at the event that ends it', () => {
  expect([...hopTimes(events)]).toEqual([
    [2, 'queued 12 ms'],
    [3, 'to the agent 288 ms'],
    [4, 'first output 1.2 s'],
    [7, 'answered in 1 min 2 s'],
  ])
})

test('[W-41] a stretch whose beginning is not there is not told', () => {
  expect([...hopTimes(events.slice(3))]).toEqual([[7, 'answered in 1 min 2 s']])
})
