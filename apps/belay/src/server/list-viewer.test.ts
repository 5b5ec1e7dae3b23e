/** The list as it is told of summaries that an older version stored. */
import { endings, type SessionSummary } from '@belay/protocol'
import { expect, test } from 'vitest'
import { listSessions } from './list-viewer.ts'

const row: SessionSummary = {
  id: 's1',
  title: 'Bump the linter',
  status: 'idle',
  why: 'Waiting for the next prompt.',
  agent: { name: 'a', demo: false },
  workspace: { type: 'folder', path: '/a' },
  createdAt: 1,
  queued: 0,
}
const failed = {
  turn: 3,
  outcome: 'failed',
  code: 'agent-exited',
  endedAt: 9,
  reached: 'yes',
} as const
const actions: ('continue' | 'send-again' | 'discard')[] = ['continue', 'send-again', 'discard']

function told(stored: SessionSummary): SessionSummary | undefined {
  return listSessions({ list: () => [{ id: 's1', summary: JSON.stringify(stored) }] }, 10)[0]
}

test('[S-140] a session that sleeps since an older version called it idle is told with the turn that is to be decided about', () => {
  expect(told({ ...row, lastTurn: { ...failed, actions } })).toEqual({
    ...row,
    lastTurn: { ...failed, actions },
    status: 'undecided',
    why: `Decide about turn 3: ${endings['agent-exited'].sentence}`,
    undecided: {
      count: 1,
      turns: [{ turn: 3, outcome: 'failed', code: 'agent-exited', endedAt: 9, actions }],
    },
  })
})

test('[S-140] one that was decided about, that ended well, or that a newer version wrote is told as it is', () => {
  const ended = { ...failed, outcome: 'completed', code: 'end-turn' } as const
  for (const stored of [
    row,
    { ...row, lastTurn: failed },
    { ...row, lastTurn: ended },
    { ...row, status: 'working' as const, lastTurn: { ...failed, actions } },
    {
      ...row,
      status: 'undecided' as const,
      lastTurn: { ...failed, actions },
      undecided: { count: 2, turns: [] },
    },
  ])
    expect(told(stored)).toEqual(stored)
})
