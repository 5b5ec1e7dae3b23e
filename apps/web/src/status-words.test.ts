import { expect, test } from 'vitest'
import { staleTone, statusReason, statusWords } from './status-words.ts'

const turn = { turn: 2, code: 'agent-exited', endedAt: 1, actions: [] }
const undecided = (outcome: 'failed' | 'in-doubt') => ({
  status: 'undecided' as const,
  why: 'Paused: decide about turn 2; 3 prompts wait.',
  undecided: { count: 1, turns: [{ ...turn, code: 'agent-exited' as const, outcome }] },
})

test('[W-26] a session with an undecided turn says so, and what waits for it', () => {
  expect(statusWords(undecided('failed'))).toEqual({ word: 'Failed', tone: 'bad' })
  expect(statusWords(undecided('in-doubt'))).toEqual({ word: 'In doubt', tone: 'person' })
  const paused = { ...undecided('failed'), held: 3 }
  expect(`${statusWords(paused).word}: ${statusReason(paused)}`).toBe(paused.why)
})

test('[W-26] a running session says what runs, whatever became of the turn before', () => {
  const why = 'The agent is working. Decide about turn 2: The agent stopped.'
  const session = { ...undecided('failed'), status: 'working', why } as const
  expect(statusWords(session).word).toBe('Working')
  expect(statusReason(session)).toBe(why)
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
