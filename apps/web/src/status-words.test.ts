import { expect, test } from 'vitest'
import { staleTone, statusReason, statusWords } from './status-words.ts'

const failed = {
  turn: 2,
  outcome: 'failed',
  code: 'agent-exited',
  endedAt: 1,
  reached: 'yes',
} as const

test('[W-26] an idle session whose last turn failed says so, and how', () => {
  const session = { status: 'idle', why: 'Waiting for the next prompt.', lastTurn: failed } as const
  expect(statusWords(session)).toEqual({ word: 'Failed', tone: 'bad' })
  expect(statusReason(session)).toBe('The agent stopped in the middle of the turn.')
})

test('[W-26] a running session says what runs, whatever became of the turn before', () => {
  const session = { status: 'working', why: 'The agent is working.', lastTurn: failed } as const
  expect(statusWords(session).word).toBe('Working')
  expect(statusReason(session)).toBe('The agent is working.')
})

test('[W-26] the word is not said twice', () => {
  const session = { status: 'waiting-person', why: 'Waiting for you: write a.txt?' } as const
  expect(`${statusWords(session).word}: ${statusReason(session)}`).toBe(
    'Waiting for you: write a.txt?',
  )
})

test('[W-123] while the server is away nothing has the colour of what lives', () => {
  expect((['busy', 'good', 'person', 'bad', 'idle'] as const).map(staleTone)).toEqual([
    'away',
    'away',
    'person',
    'bad',
    'idle',
  ])
})
