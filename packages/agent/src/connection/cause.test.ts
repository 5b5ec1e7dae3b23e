import { expect, test } from 'vitest'
import type { AgentExit } from '../exit.ts'
import { causeOfExit, isPermanent } from './cause.ts'

const exit = (fields: Partial<AgentExit>): AgentExit => ({ stderr: [], ...fields })

test.each([
  [
    'a crash',
    exit({ code: 3, stderr: ['no'] }),
    true,
    'crash',
    'The agent stopped by itself (exit code 3).',
    false,
  ],
  [
    'an exit 0 of one that was ready',
    exit({ code: 0 }),
    true,
    'crash',
    'The agent ended by itself.',
    false,
  ],
  ['a signal', exit({ signal: 'SIGSEGV' }), true, 'signal', 'SIGSEGV', false],
  [
    'an exit 0 before it was ready',
    exit({ code: 0 }),
    false,
    'exited-at-once',
    'is no agent',
    true,
  ],
  [
    'a program that is not there',
    exit({ error: 'spawn x ENOENT' }),
    false,
    'missing',
    'not found',
    true,
  ],
  ['a shell that found none', exit({ code: 127 }), false, 'missing', 'not found', true],
  [
    'a program that may not run',
    exit({ error: 'spawn x EACCES' }),
    false,
    'not-executable',
    'may not be run',
    true,
  ],
  [
    'a shell that may not run it',
    exit({ code: 126 }),
    false,
    'not-executable',
    'cannot be run',
    true,
  ],
  [
    'another platform',
    exit({ error: 'spawn ENOEXEC' }),
    false,
    'wrong-platform',
    'another kind of machine',
    true,
  ],
  ['an old Windows', exit({ code: 3221225785 }), false, 'wrong-platform', '0xC0000139', true],
  [
    'a heap that is full',
    exit({ signal: 'SIGABRT', stderr: ['FATAL: heap out of memory'] }),
    true,
    'out-of-memory',
    'memory',
    false,
  ],
] as const)('[M-6] %s', (...row) => {
  const [, end, started, code, title, permanent] = row
  const cause = causeOfExit(end, { started, oomKilled: false })
  expect(cause.code).toBe(code)
  expect(cause.title).toContain(title)
  expect(isPermanent(cause)).toBe(permanent)
})

test('[M-6] a SIGKILL while the system ran out of memory is told as that, else as a signal', () => {
  const killed = exit({ signal: 'SIGKILL' })
  expect(causeOfExit(killed, { started: true, oomKilled: true }).code).toBe('out-of-memory')
  expect(causeOfExit(killed, { started: true, oomKilled: false }).code).toBe('signal')
})

test('[M-6] the last words are kept, bounded', () => {
  const cause = causeOfExit(exit({ code: 1, stderr: ['x'.repeat(5000), 'last'] }), {
    started: true,
    oomKilled: false,
  })
  expect(cause.detail?.endsWith('last')).toBe(true)
  expect(cause.detail?.length).toBe(2000)
})
