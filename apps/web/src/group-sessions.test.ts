import { statuses, type SessionSummary } from '@belay/protocol'
import { sessionView } from '@belay/testing'
import { expect, test } from 'vitest'
import { groupSessions, needsPerson } from './group-sessions.ts'

function session(id: string, part: Partial<SessionSummary>): SessionSummary {
  return sessionView({ id, title: id, ...part })
}

const ended = {
  turn: 1,
  outcome: 'completed',
  code: 'end-turn',
  endedAt: 50,
  reached: 'yes',
} as const
const failed = { ...ended, outcome: 'failed', code: 'agent-exited' } as const
/** A session that rests, and waits for a person to decide about that turn. */
function undecided(id: string, lastTurn: typeof failed | typeof inDoubt): SessionSummary {
  const turns = [{ ...lastTurn, actions: [] }]
  return session(id, { status: 'undecided', lastTurn, undecided: { count: 1, turns } })
}
const inDoubt = { ...ended, outcome: 'in-doubt', code: 'in-doubt', reached: 'maybe' } as const

test('[W-3] those that wait for a person come first, however old they are', () => {
  const groups = groupSessions(
    [
      session('idle', { createdAt: 9 }),
      session('working', { status: 'working', createdAt: 8 }),
      session('unprepared', { status: 'attention', createdAt: 1 }),
      session('asking', { status: 'waiting-person', createdAt: 2 }),
      session('finished', { lastTurn: ended, createdAt: 3 }),
      undecided('crashed', failed),
    ],
    {},
  )
  expect(groups.map(({ name, sessions }) => [name, sessions.map(({ id }) => id)])).toEqual([
    ['asks', ['asking']],
    ['failed', ['crashed', 'unprepared']],
    ['finished', ['finished']],
    ['working', ['working']],
    ['idle', ['idle']],
  ])
})

test('[W-34] a failed turn is among the failed until it is decided, seen or not', () => {
  for (const lastTurn of [failed, inDoubt]) {
    const open = undecided('s', lastTurn)
    expect(groupSessions([open], { s: 9 })[0]?.name).toBe('failed')
    expect(needsPerson(open)).toBe(true)
    const left = session('s', { lastTurn: { ...lastTurn, resolved: 'discard' } })
    expect(groupSessions([left], { s: 9 })[0]?.name).toBe('idle')
    expect(needsPerson(left)).toBe(false)
  }
  const goingOn: SessionSummary = { ...undecided('s', failed), status: 'working' }
  expect(groupSessions([goingOn], {})[0]?.name).toBe('working')
  // The tab counts it all the same.
  expect(needsPerson(goingOn)).toBe(true)
})

test('[W-35] a finished turn is above the idle ones until it was seen, and so is the next', () => {
  const finished = session('s', { lastTurn: ended })
  expect(groupSessions([finished], {})[0]?.name).toBe('finished')
  expect(groupSessions([finished], { s: 1 })[0]?.name).toBe('idle')
  const again = session('s', { lastTurn: { ...ended, turn: 2 } })
  expect(groupSessions([again], { s: 1 })[0]?.name).toBe('finished')
})

test('[W-4] every status but deleted has one place', () => {
  const groups = groupSessions(
    statuses.map((status) => session(status, { status })),
    {},
  )
  const shown = groups.flatMap(({ sessions }) => sessions.map(({ id }) => id))
  expect(shown.toSorted()).toEqual(statuses.filter((status) => status !== 'deleted').toSorted())
})

test('[W-4] without sessions there is no group', () => {
  expect(groupSessions([session('gone', { status: 'deleted' })], {})).toEqual([])
})

test('[W-4] in a group the one that moved last is first', () => {
  const groups = groupSessions(
    [session('new', { createdAt: 40 }), session('old', { createdAt: 1, lastTurn: ended })],
    { old: 1 },
  )
  expect(groups[0]?.sessions.map(({ id }) => id)).toEqual(['old', 'new'])
})
