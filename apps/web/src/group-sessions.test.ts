import { statuses, type SessionSummary } from '@belay/protocol'
import { expect, test } from 'vitest'
import { groupSessions } from './group-sessions.ts'

function session(id: string, part: Partial<SessionSummary>): SessionSummary {
  return {
    id,
    title: id,
    status: 'idle',
    why: '',
    agent: { name: 'a', demo: false },
    workspace: { type: 'folder', path: '/' },
    createdAt: 1,
    queued: 0,
    ...part,
  }
}

test('[W-3] those that wait for a person come first, however old they are', () => {
  const groups = groupSessions([
    session('idle', { createdAt: 9 }),
    session('working', { status: 'working', createdAt: 8 }),
    session('failed', { status: 'attention', createdAt: 1 }),
    session('asking', { status: 'waiting-person', createdAt: 2 }),
  ])
  expect(groups.map(({ name, sessions }) => [name, sessions.map(({ id }) => id)])).toEqual([
    ['needs-you', ['asking', 'failed']],
    ['working', ['working']],
    ['idle', ['idle']],
  ])
})

test('[W-4] every status but deleted has one place', () => {
  const groups = groupSessions(statuses.map((status) => session(status, { status })))
  const shown = groups.flatMap(({ sessions }) => sessions.map(({ id }) => id))
  expect(shown.toSorted()).toEqual(statuses.filter((status) => status !== 'deleted').toSorted())
})

test('[W-4] without sessions there is no group', () => {
  expect(groupSessions([session('gone', { status: 'deleted' })])).toEqual([])
})

test('[W-4] in a group the one that moved last is first', () => {
  const ended = {
    turn: 1,
    outcome: 'completed',
    code: 'end-turn',
    endedAt: 50,
    reached: 'yes',
  } as const
  const groups = groupSessions([
    session('new', { createdAt: 40 }),
    session('old', { createdAt: 1, lastTurn: ended }),
  ])
  expect(groups[0]?.sessions.map(({ id }) => id)).toEqual(['old', 'new'])
})
