import type { LinkState } from '@belay/client/webapi'
import type { AgentLink } from '@belay/protocol'
import { expect, test } from 'vitest'
import { linkChanged } from './link-view.ts'
import { awayMs, quietMs, standingOf, type KnownSession, type StandingFacts } from './standing.ts'

const open = linkChanged(undefined, { state: 'open', attempt: 0 }, 0)
const connecting: LinkState = { state: 'connecting', attempt: 1 }
const turn = { turn: 1, promptId: 'p', phase: 'running', startedAt: 0, openTools: [] } as const
const agentLink: AgentLink = {
  state: 'backoff',
  generation: 2,
  since: 0,
  attempt: 2,
  attemptsMax: 4,
  nextRetryAt: 3000,
  cause: { code: 'crash', title: 'The agent stopped by itself (exit 1).' },
  canSend: 'queue',
  actions: ['restart-now', 'stop'],
}
const ended = {
  turn: 1,
  outcome: 'in-doubt',
  code: 'in-doubt',
  endedAt: 0,
  reached: 'maybe',
} as const

function session(part: Partial<KnownSession>): KnownSession {
  return {
    id: 's',
    title: 's',
    status: 'idle',
    why: 'Waiting for the next prompt.',
    agent: { name: 'a', demo: false },
    workspace: { type: 'folder', path: '/' },
    createdAt: 0,
    queued: 0,
    ...part,
  }
}

function at(now: number, part: Partial<StandingFacts>): StandingFacts {
  return {
    session: session({}),
    link: open,
    online: true,
    lastEventAt: 0,
    toolTitles: [],
    now,
    ...part,
  }
}
function down(state: LinkState) {
  return linkChanged(open, state, 0)
}
const working = session({
  status: 'working',
  why: 'The agent is working.',
  turn: { ...turn, openTools: [] },
})

const slowStart: AgentLink = {
  ...agentLink,
  state: 'starting',
  notice: 'The agent takes longer than usual to start; it has 60 s for it.',
}

const table: readonly (readonly [string, StandingFacts, string, string])[] = [
  ['connected and idle', at(9, {}), 'Idle', 'Waiting for the next prompt.'],
  ['not read yet', at(9, { session: undefined }), 'Opening', 'The session is being read.'],
  ['working', at(9, { session: working }), 'Working', 'The agent is working.'],
  [
    'reconnecting, with its countdown',
    at(4100, { link: down({ state: 'waiting', attempt: 4, nextAt: 9000 }), session: working }),
    'Reconnecting',
    'The server does not answer; agents go on without it. Next try in 5 s. What you see is from before.',
  ],
  [
    'reconnecting, under way',
    at(4100, { link: down(connecting) }),
    'Reconnecting',
    'The server does not answer; agents go on without it. Trying now. What you see is from before.',
  ],
  [
    'the server is away',
    at(20_000, { link: down({ state: 'waiting', attempt: 9, nextAt: 23_000 }) }),
    'Server away',
    'The server does not answer; agents go on without it. Next try in 3 s. What you see is from before.',
  ],
  [
    'no network',
    at(3000, { online: false, link: down({ state: 'waiting', attempt: 3, nextAt: 4000 }) }),
    'Offline',
    'This device has no network; it reconnects by itself, next try in 1 s. What you see is from before.',
  ],
  [
    'the runner is lost, in its grace',
    at(3000, {
      session: session({
        status: 'recovering',
        runner: { state: 'lost', generation: 1, graceUntil: 10_000 },
      }),
    }),
    'Recovering',
    'Connection to the agent lost. Waiting 7 s more; its output is kept.',
  ],
  [
    'the runner is lost, its grace is over',
    at(10_500, {
      session: session({
        status: 'recovering',
        runner: { state: 'lost', generation: 1, graceUntil: 10_000 },
      }),
    }),
    'Recovering',
    'Connection to the agent lost. What became of the turn is being found out.',
  ],
  [
    'the agent restarts, with its countdown',
    at(1000, { session: session({ status: 'starting', agentLink }) }),
    'Agent restarting',
    'The agent stopped by itself (exit 1). It starts again in 2 s (2 of 4).',
  ],
  [
    'the agent restarts, under way',
    at(1000, { session: session({ agentLink: { ...agentLink, state: 'starting' } }) }),
    'Agent restarting',
    'The agent stopped by itself (exit 1). It is starting (2 of 4).',
  ],
  [
    'the agent restarts and takes long',
    at(1000, { session: session({ agentLink: slowStart }) }),
    'Agent restarting',
    'The agent stopped by itself (exit 1). The agent takes longer than usual to start; it has 60 s for it.',
  ],
  [
    'the agent takes long to start',
    at(1000, { session: session({ status: 'starting', agentLink: { ...slowStart, attempt: 0 } }) }),
    'Agent starting',
    'The agent takes longer than usual to start; it has 60 s for it.',
  ],
  [
    'the agent is given up',
    at(1000, { session: session({ agentLink: { ...agentLink, state: 'failed' } }) }),
    'Agent failed',
    'The agent stopped by itself (exit 1).',
  ],
  [
    'the agent is ready',
    at(1000, { session: session({ agentLink: { ...agentLink, state: 'ready' } }) }),
    'Idle',
    'Waiting for the next prompt.',
  ],
  [
    'the agent is quiet',
    at(5 * 60_000, { session: working, lastEventAt: 100 }),
    'Agent quiet',
    'No sign for 4 min, and nothing is asked or run. It may be thinking: wait, steer it, or stop it.',
  ],
  [
    'waiting for a person',
    at(9, { session: session({ status: 'waiting-person', why: 'Waiting for you: write a.txt?' }) }),
    'Waiting for you',
    'write a.txt?',
  ],
  [
    'waiting for tools',
    at(9, {
      session: session({ status: 'waiting-tool', turn: { ...turn, openTools: ['1', '2'] } }),
      toolTitles: ['npm test', 'npm run lint'],
    }),
    'Running a tool',
    'npm test, and 1 more',
  ],
  [
    'in doubt',
    at(9, {
      session: session({
        status: 'undecided',
        why: 'Decide about turn 1: the prompt may not have arrived.',
        lastTurn: ended,
        undecided: { count: 1, turns: [{ ...ended, actions: [] }] },
      }),
    }),
    'In doubt',
    'Decide about turn 1: the prompt may not have arrived.',
  ],
]

test.each(table)('[W-37] one word and one sentence: %s', (_, facts, word, reason) => {
  expect(standingOf(facts)).toMatchObject({ word, reason })
})

test('[W-62] why a preparation failed is said by its card where that is shown, and by this line anywhere else', () => {
  const failed = session({ status: 'attention', why: 'There is no such branch.' })
  const said = (cardShown: boolean) => standingOf(at(9, { session: failed, cardShown }))
  expect(said(true)).toMatchObject({ word: 'Needs attention', reason: 'It waits until you retry.' })
  expect(said(false)).toMatchObject({
    word: 'Needs attention',
    reason: 'There is no such branch.',
  })
})

test('[W-9] nothing is said before two seconds, whatever the line tries in between', () => {
  const lost = linkChanged(open, connecting, 1000)
  const waiting = linkChanged(lost, { state: 'waiting', attempt: 1, nextAt: 1700 }, 1200)
  for (const [link, now] of [
    [open, 99_000],
    [lost, 1000],
    // Counted from the loss, not from the last try.
    [waiting, 1000 + quietMs - 1],
    [linkChanged(waiting, { state: 'open', attempt: 0 }, 3500), 3500],
    [linkChanged(waiting, { state: 'over', attempt: 0 }, 3500), 99_000],
  ] as const)
    expect(standingOf(at(now, { link }))).toMatchObject({ word: 'Idle' })
  expect(standingOf(at(1000 + quietMs, { link: waiting })).word).toBe('Reconnecting')
})

test('[W-10] waiting counts down and can be cut short; trying cannot', () => {
  const waiting = down({ state: 'waiting', attempt: 4, nextAt: 10_000 })
  expect(standingOf(at(9900, { link: waiting }))).toMatchObject({ retry: 'possible' })
  expect(standingOf(at(9900, { link: waiting })).reason).toContain('in 1 s')
  expect(standingOf(at(9900, { link: down(connecting) }))).toMatchObject({ retry: 'under-way' })
  expect(standingOf(at(awayMs, { link: waiting })).word).toBe('Server away')
  expect(standingOf(at(9, {})).retry).toBeUndefined()
})

test('[W-37] a quiet agent is a warning after five minutes, and none while a tool runs', () => {
  const now = 6 * 60_000
  expect(standingOf(at(now, { session: working })).tone).toBe('person')
  expect(standingOf(at(2 * 60_000, { session: working })).tone).toBe('busy')
  const tool = session({ status: 'waiting-tool', turn: { ...turn, openTools: ['1'] } })
  expect(standingOf(at(now, { session: tool })).word).toBe('Running a tool')
})

test('[W-37] an agent that can be started again offers it, and one that is well does not', () => {
  const said = standingOf(at(1000, { session: session({ agentLink }) }))
  expect(said.canRestart).toBe(true)
  const starting = { ...agentLink, state: 'starting', actions: [] } as const
  const again = { ...starting, actions: [...starting.actions] }
  expect(
    standingOf(at(1000, { session: session({ agentLink: again }) })).canRestart,
  ).toBeUndefined()
})

test('[W-37] a running turn is counted from its start, without how long a person was waited for', () => {
  const since = (part: Partial<StandingFacts>) =>
    standingOf(at(9000, { session: working, lastEventAt: 9000, ...part })).since
  expect(since({})).toBe(0)
  expect(since({ waitedMs: 4000 })).toBe(4000)
})

test('[V-205] while the server does not answer it is said that agents go on, however long it lasts', () => {
  for (const now of [4100, 20_000]) {
    const { reason } = standingOf(at(now, { link: down(connecting), session: working }))
    expect(reason).toMatch(/^The server does not answer; agents go on without it\. Trying now\./)
  }
})
