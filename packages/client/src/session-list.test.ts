import type { SessionSummary } from '@belay/protocol'
import { expect, test } from 'vitest'
import { applyListFrame, type SessionList } from './session-list.ts'

function summary(id: string, createdAt: number, title = id): SessionSummary {
  return {
    id,
    title,
    status: 'idle',
    why: '',
    agent: { name: 'a', demo: false },
    workspace: { type: 'folder', path: '/w' },
    createdAt,
    queued: 0,
  }
}

test('[V-15] the list holds the newest first, each session once, as it was said last', () => {
  const [a, b, c] = [summary('a', 1), summary('b', 2), summary('c', 3)]
  const unknown: SessionList = {}
  expect(unknown.sessions).toBeUndefined()
  const all = applyListFrame(unknown, { type: 'sessions', sessions: [a, b] })
  expect(all.sessions).toEqual([b, a])
  const added = applyListFrame(all, { type: 'session', session: c })
  expect(added.sessions).toEqual([c, b, a])
  const changed = applyListFrame(added, { type: 'session', session: summary('b', 2, 'new') })
  expect(changed.sessions?.map((session) => session.title)).toEqual(['c', 'new', 'a'])
  const removed = applyListFrame(changed, { type: 'removed', session: 'c' })
  expect(removed.sessions?.map((session) => session.id)).toEqual(['b', 'a'])
})
