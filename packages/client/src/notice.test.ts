import { expect, test } from 'vitest'
import type { NoticeEvent } from './item.ts'
import { noticeOf } from './notice.ts'

const stamp = { seq: 1, at: 1 }
const exited = {
  ...stamp,
  type: 'agent-exited',
  agentGeneration: 1,
  code: 9,
  stderr: ['boom'],
} as const

test('[V-14] an end that was meant is never told as a failure, any other says how and with which last lines', () => {
  expect(noticeOf({ ...exited, expected: true, stderr: [] }).level).toBe('quiet')
  const crash = noticeOf({ ...exited, expected: false, stderr: ['boom'] })
  expect(crash).toEqual({
    level: 'failure',
    sentence: 'The agent stopped by itself (exit code 9).',
    lines: ['boom'],
  })
  const runner: NoticeEvent = { ...stamp, type: 'runner-exited', generation: 1, expected: true }
  expect(noticeOf(runner).level).toBe('quiet')
  expect(noticeOf({ ...runner, expected: false, signal: 'SIGKILL' }).sentence).toContain('SIGKILL')
})

test('[V-14] a conversation that could not be restored is a warning, not silence', () => {
  const ready = {
    ...stamp,
    type: 'agent-ready',
    agent: { name: 'demo', title: 'Demo', demo: true },
    agentSession: 'x',
    folder: '/w',
    fence: 'process-tree',
  } as const
  expect(noticeOf({ ...ready, restored: 'lost' }).level).toBe('warning')
  expect(noticeOf({ ...ready, restored: 'new' })).toMatchObject({
    level: 'info',
    sentence: 'The DEMO agent is ready in /w.',
  })
})
