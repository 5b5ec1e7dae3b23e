import { expect, test } from 'vitest'
import { settledWords } from './settled-words.ts'

const options = [
  { optionId: 'once', name: 'Yes, proceed', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
  { optionId: 'run', name: 'Always for “npm run”', kind: 'allow_always' },
  { optionId: 'test', name: 'Always for “npm test”', kind: 'allow_always' },
] as const

test('[V-174] a settled question says what was answered and where, or why it was not', () => {
  const answered = (optionId: string, by: string) =>
    settledWords({ state: 'answered', options, optionId, by })
  expect(answered('once', 'web')).toBe('Allowed once, in the browser')
  expect(answered('no', 'terminal')).toBe('Rejected, in the terminal')
  expect(answered('test', 'my-bot')).toBe('“Always for “npm test””, by my-bot')
  expect(answered('gone', 'web')).toBe('“gone”, in the browser')
  const not = (by: string) => settledWords({ state: 'withdrawn', options, optionId: undefined, by })
  expect(not('interrupted')).toBe('Not answered: turn stopped')
  expect(not('agent ended')).toBe('Not answered: agent ended')
  // In logs from before it was told apart.
  expect(not('turn ended')).toBe('Not answered: turn ended')
  expect(not('agent')).toBe('Not answered: the agent took it back')
  expect(not('no answer in time')).toBe('Not answered in time')
  expect(settledWords({ state: 'asked', options, optionId: undefined, by: undefined })).toBe(
    undefined,
  )
})
