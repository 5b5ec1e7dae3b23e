import { steps } from '@belay/protocol'
import { expect, test } from 'vitest'
import { preparationSteps, remedyWords } from './preparation-steps.ts'

test('[W-16] what began is as the server says it, what is after it is still to do', () => {
  const shown = preparationSteps({
    status: 'preparing',
    steps: [
      { step: 'disk', status: 'done', since: 1, ms: 2 },
      { step: 'workspace', status: 'done', since: 3, ms: 2 },
      { step: 'clone', status: 'done', since: 5, ms: 2 },
      { step: 'setup', index: 1, count: 2, label: 'npm ci', status: 'started', since: 7 },
    ],
  })
  expect(shown.map(({ words, state }) => [words, state])).toEqual([
    ['Disk', 'done'],
    ['Folder', 'done'],
    ['Repository', 'done'],
    ['Setup: npm ci', 'started'],
    ['Agent', 'to-do'],
    ['Conversation', 'to-do'],
  ])
})

test('[W-16] before the first step none is said to have begun', () => {
  expect(
    new Set(preparationSteps({ status: 'preparing', steps: [] }).map(({ state }) => state)),
  ).toEqual(new Set(['to-do']))
})

test('[W-16] every step the runner can name is there once it is named', () => {
  for (const step of steps) {
    const shown = preparationSteps({
      status: 'preparing',
      steps: [{ step, status: 'failed', since: 1 }],
    })
    expect(shown[0]?.state).toBe('failed')
  }
})

test('[W-16] the step at which a preparation failed is not under way, whatever it said last', () => {
  const shown = preparationSteps({
    status: 'attention',
    steps: [{ step: 'agent-session', status: 'started', since: 5 }],
  })
  expect(shown.map(({ state }) => state)).toEqual(['failed'])
})

test('[W-128] a preparation that failed says what is to be corrected, whatever step it failed at', () => {
  const at = (step: (typeof steps)[number]) =>
    remedyWords({
      status: 'attention',
      steps: [
        { step: 'disk', status: 'done', since: 1 },
        { step, status: 'failed', since: 2 },
      ],
    })
  expect(at('workspace')).toBe('Correct the folder, then retry.')
  expect(at('clone')).toBe('Correct the repository or what opens it, then retry.')
  for (const step of steps) expect(at(step)).toMatch(/, then retry\.$/)
  expect(remedyWords({ status: 'attention', steps: [] })).toBe('Correct that, then retry.')
  const problem = { code: 'sign-in-needed', message: 'Sign in; then retry.' }
  expect(remedyWords({ status: 'attention', steps: [], problem })).toBe('')
})
