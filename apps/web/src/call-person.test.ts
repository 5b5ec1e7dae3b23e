import type { SessionSummary } from '@belay/protocol'
import { sessionView } from '@belay/testing'
import { expect, test } from 'vitest'
import { callsOf } from './call-person.ts'

function session(part: Partial<SessionSummary>): SessionSummary {
  return sessionView({
    title: 'Fix it',
    status: 'working',
    why: 'The agent is working.',
    ...part,
  })
}
const ended = {
  turn: 1,
  outcome: 'completed',
  code: 'end-turn',
  endedAt: 5,
  reached: 'yes',
} as const
const asks = session({ status: 'waiting-person', why: 'Waiting for you: write a.txt?' })
const finished = session({ status: 'idle', lastTurn: ended })
const wrong = { ...ended, outcome: 'failed', code: 'agent-exited' } as const
const failed = session({
  status: 'undecided',
  why: 'Decide about turn 1: The agent stopped in the middle of the turn.',
  lastTurn: wrong,
  undecided: { count: 1, turns: [{ ...wrong, actions: [] }] },
})
const finishedAfter = { ...failed, lastTurn: { ...ended, turn: 2 } }

test('[W-53] a session that begins to ask, fails or finishes is told of, once', () => {
  const words = (before: SessionSummary, after: SessionSummary) =>
    callsOf([before], [after]).map(({ title, body }) => [title, body])
  expect(words(session({}), asks)).toEqual([['Fix it asks you', 'write a.txt?']])
  expect(words(session({}), finished)).toEqual([['Fix it has finished', '']])
  expect(words(session({}), failed)).toEqual([['Fix it failed', failed.why]])
  // What came after a failure may end well; that the failure is open is said with it.
  expect(words(session({}), finishedAfter)).toEqual([['Fix it has finished', failed.why]])
  for (const same of [asks, finished, failed, finishedAfter])
    expect(words(same, { ...same, queued: 1 })).toEqual([])
  expect(words(asks, session({}))).toEqual([])
})

test('[W-53] the next question and the next turn are told of again', () => {
  const other = { ...asks, why: 'Waiting for you: write b.txt?' }
  const tags = [callsOf([session({})], [asks]), callsOf([asks], [other])]
    .flat()
    .map(({ tag }) => tag)
  expect(new Set(tags).size).toBe(2)
  expect(callsOf([finished], [{ ...finished, lastTurn: { ...ended, turn: 2 } }])).toHaveLength(1)
})

test('[W-53] nothing is told of what was so before the page was opened', () => {
  expect(callsOf(undefined, [asks, finished])).toEqual([])
  expect(callsOf([], [asks])).toEqual([])
})
