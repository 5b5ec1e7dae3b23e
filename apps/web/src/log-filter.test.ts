import type { SessionEvent } from '@belay/protocol'
import { expect, test } from 'vitest'
import { eventKinds, filterEvents, lineOf } from './log-filter.ts'

const events: readonly SessionEvent[] = [
  { seq: 1, at: 1, type: 'prompt-accepted', promptId: 'p', text: 'Fix it' },
  { seq: 2, at: 2, type: 'preparation-started', attempt: 1, generation: 1 },
  { seq: 3, at: 3, type: 'text', turn: 1, text: 'Fixed' },
  { seq: 4, at: 4, type: 'runner-lost', generation: 1, graceUntil: 9 },
]

test('[W-42] every event is of exactly one kind, and all words must be in it', () => {
  const kinds = eventKinds.filter((kind) => kind !== 'all')
  const shown = kinds.flatMap((kind) => filterEvents(events, kind, '').map(({ seq }) => seq))
  expect(shown.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  expect(filterEvents(events, 'all', 'FIX').map(({ seq }) => seq)).toEqual([1, 3])
  expect(filterEvents(events, 'agent', 'fix turn').map(({ seq }) => seq)).toEqual([3])
  expect(filterEvents(events, 'all', ' ')).toBe(events)
})

test('[W-42] an event’s line is its fields without number, time and type, and no longer than is read', () => {
  expect(events.slice(0, 1).map(lineOf)).toEqual(['{"promptId":"p","text":"Fix it"}'])
  const long: SessionEvent = { seq: 1, at: 1, type: 'text', turn: 1, text: 'x'.repeat(5000) }
  expect(lineOf(long).length).toBe(301)
})
