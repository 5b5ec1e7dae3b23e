import type { StepState } from '@belay/protocol'
import { expect, test } from 'vitest'
import { painter } from './paint.ts'
import { StepTeller } from './steps.ts'

const disk: StepState = { step: 'disk', status: 'done', since: 0, ms: 1, detail: '9 GB free' }
const setup = { step: 'setup', index: 1, count: 2, label: 'npm ci', since: 0 } as const

function teller() {
  const steps = new StepTeller(painter(false))
  return (...now: StepState[]) => steps.next({ status: 'preparing', attempt: 1, steps: now })
}

test('[V-77] a preparation is told step by step, each line of output once, and only what took a while', () => {
  const tell = teller()
  expect(tell(disk)).toBe('')
  expect(tell(disk, { ...setup, status: 'started' })).toBe('· Setup: npm ci (1 of 2) …\n')
  expect(tell(disk, { ...setup, status: 'started', tail: 'one\ntw' })).toBe('    one\n')
  expect(tell(disk, { ...setup, status: 'started', tail: 'ne\ntwo\ntwo\n' })).toBe(
    '    two\n    two\n',
  )
  const over: StepState = { ...setup, status: 'done', ms: 1500, tail: 'two\ntwo\n\u001B[2Jthree' }
  expect(tell(disk, over)).toBe('    [2Jthree\n  ✓ 1.5 s\n')
  expect(tell(disk, over)).toBe('')
})

test('[V-77] who comes late is told what is now, and a new attempt is told anew', () => {
  const steps = new StepTeller(painter(false))
  const clone: StepState = { step: 'clone', status: 'done', since: 0, ms: 900 }
  const now = { status: 'preparing' as const, steps: [disk, clone] }
  const told = '· Clone …\n  ✓ 0.9 s\n'
  expect(steps.next({ ...now, attempt: 1 })).toBe(told)
  expect(steps.next({ ...now, attempt: 1 })).toBe('')
  expect(steps.next({ ...now, attempt: 2 })).toBe(told)
  expect(steps.next({ status: 'attention', attempt: 3, steps: [clone] })).toBe('')
})

test('[V-77] a step other than a command is shown when it takes a while', () => {
  const tell = teller()
  expect(tell({ step: 'agent-start', status: 'started', since: 0 })).toBe('')
  expect(tell({ step: 'agent-start', status: 'done', since: 0, ms: 499 })).toBe('')
  const clone: StepState = { step: 'clone', status: 'started', since: 0, detail: '5 of 9 objects' }
  expect(tell(clone)).toBe('· Clone …\n')
  expect(tell({ step: 'agent-session', status: 'done', since: 0, ms: 2000 })).toBe(
    '· Conversation …\n  ✓ 2.0 s\n',
  )
})
