/** The order in which prompts run: as sent, as moved, or at once. */
import { createdSession, runningTurn } from '@belay/testing'
import { expect, test } from 'vitest'

const steer = (promptId: string) =>
  ({
    type: 'prompt-submitted',
    prompt: { promptId, text: 'now', digest: 'digest of now' },
    steer: true,
  }) as const
const order = (s: ReturnType<typeof runningTurn>) => s.state.queue.map(({ promptId }) => promptId)

test('[S-36] a steering prompt stops the running turn and runs next, before those that wait', () => {
  const s = runningTurn()
  s.prompt('p2')
  expect(s.input(steer('p3'))).toMatchObject({ prompt: { state: 'queued' } })
  expect(order(s)).toEqual(['p3', 'p2'])
  expect(s.commands().at(-1)).toEqual({ type: 'interrupt', turn: 1 })
  expect(s.events.slice(-2)).toMatchObject([
    { type: 'prompt-accepted', promptId: 'p3', position: 1 },
    { type: 'interrupt-requested', turn: 1 },
  ])
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'cancelled' })
  expect(s.state.turn).toMatchObject({ turn: 2, promptId: 'p3' })
})

test('[S-36] the same steering prompt sent again stops nothing: by then it may be the one that runs', () => {
  const s = runningTurn()
  s.input(steer('p2'))
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'cancelled' })
  s.report({ type: 'turn-taken', turn: 2 })
  expect(s.input(steer('p2'))).toMatchObject({ prompt: { state: 'started', turn: 2 } })
  expect(s.state.turn).toMatchObject({ turn: 2, phase: { type: 'running' } })
})

test('[S-36] steering a session that prepares itself does not stop the preparation', () => {
  const s = createdSession('first')
  s.input(steer('p2'))
  expect(s.state.lifecycle).toMatchObject({ type: 'preparing', attempt: 1 })
  s.linkRunner()
  expect(s.state.turn).toMatchObject({ promptId: 'p2' })
})

test('[S-36] steering while the runner is away frees the person at once', () => {
  const s = runningTurn()
  s.input({ type: 'runner-link-lost', generation: 1 })
  s.input(steer('p2'))
  expect(s.events.some(({ type }) => type === 'turn-ended')).toBe(true)
  s.linkRunner()
  expect(s.state.turn).toMatchObject({ turn: 2, promptId: 'p2', generation: 2 })
})

test('[S-37] a prompt moves to the place it is given, the others keep their order', () => {
  const s = runningTurn()
  for (const promptId of ['a', 'b', 'c', 'd']) s.prompt(promptId)
  const move = (promptId: string, position: number) =>
    s.input({ type: 'prompt-edited', promptId, text: undefined, position })
  move('c', 1)
  expect(order(s)).toEqual(['c', 'a', 'b', 'd'])
  move('a', 99)
  expect(order(s)).toEqual(['c', 'b', 'd', 'a'])
  expect(s.events.at(-1)).toMatchObject({ type: 'prompt-moved', promptId: 'a', position: 4 })
  const { length } = s.events
  move('b', 2)
  expect([order(s), s.events.length]).toEqual([['c', 'b', 'd', 'a'], length])
  expect(move('p1', 1)).toMatchObject({ refusal: { code: 'prompt-started' } })
})

test('[S-37] text and place of a prompt may change in one request', () => {
  const s = runningTurn()
  s.prompt('a')
  s.prompt('b')
  s.input({ type: 'prompt-edited', promptId: 'b', text: 'better', position: 1 })
  expect(s.state.queue).toMatchObject([{ promptId: 'b', text: 'better' }, { promptId: 'a' }])
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  expect(s.commands().at(-1)).toMatchObject({ promptId: 'b', text: 'better' })
})
