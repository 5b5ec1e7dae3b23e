import type { SessionSummary } from '@belay/protocol'
import { sessionView } from '@belay/testing'
import { expect, test } from 'vitest'
import { searchSessions } from './search-sessions.ts'

function session(id: string, part: Partial<SessionSummary>): SessionSummary {
  return sessionView({
    id,
    title: id,
    agent: { name: 'Codex', demo: false },
    workspace: { type: 'folder', path: '/home/me/project' },
    ...part,
  })
}
const all = [
  session('a', { title: 'Fix the flaky test' }),
  session('b', { status: 'working', agent: { name: 'Claude', demo: false } }),
  session('c', { workspace: { type: 'repository', url: 'https://x/lib.git', branch: 'Fix-9' } }),
]
function found(text: string): string[] {
  return searchSessions(all, text).map(({ id }) => id)
}

test('[W-36] every word must be there, in whatever is known of a session', () => {
  expect(found('fix')).toEqual(['a', 'c'])
  expect(found('FIX flaky')).toEqual(['a'])
  expect(found('claude working')).toEqual(['b'])
  expect(found('lib.git')).toEqual(['c'])
  expect(found('nothing like it')).toEqual([])
})

test('[W-36] an empty search finds all', () => {
  expect(found('  ')).toEqual(['a', 'b', 'c'])
})
