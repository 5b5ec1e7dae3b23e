import { steps } from '@belay/protocol'
import { expect, test } from 'vitest'
import { preparationSteps } from './preparation-steps.ts'

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
    ['Clone', 'done'],
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
