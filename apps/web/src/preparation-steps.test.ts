import { steps } from '@belay/protocol'
import { expect, test } from 'vitest'
import { preparationSteps } from './preparation-steps.ts'

const folder = { type: 'folder', path: '/a' } as const
const repository = { type: 'repository', url: 'u', branch: 'b' } as const

test('[W-16] what is before the present step is done, what is after it is still to do', () => {
  const shown = preparationSteps({
    status: 'preparing',
    workspace: repository,
    step: { step: 'branch', status: 'started', since: 5 },
  })
  expect(shown.map(({ step, state }) => [step, state])).toEqual([
    ['workspace', 'done'],
    ['clone', 'done'],
    ['branch', 'started'],
    ['agent-start', 'to-do'],
    ['agent-session', 'to-do'],
  ])
})

test('[W-16] before the first step none is said to have begun', () => {
  expect(
    new Set(preparationSteps({ status: 'preparing', workspace: folder }).map(({ state }) => state)),
  ).toEqual(new Set(['to-do']))
})

test('[W-16] every step the runner can name is there once it is named, whatever the workspace', () => {
  for (const step of steps) {
    const shown = preparationSteps({
      status: 'preparing',
      workspace: folder,
      step: { step, status: 'failed', since: 1 },
    })
    expect(shown.find((each) => each.state === 'failed')?.step).toBe(step)
  }
})

test('[W-16] the step at which a preparation failed is not under way, whatever it said last', () => {
  const shown = preparationSteps({
    status: 'attention',
    workspace: repository,
    step: { step: 'clone', status: 'started', since: 5 },
  })
  expect(shown.map(({ state }) => state)).toEqual(['done', 'failed', 'to-do', 'to-do', 'to-do'])
})
