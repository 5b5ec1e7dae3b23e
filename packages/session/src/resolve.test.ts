/** What becomes of a turn that was cut off is decided by a person, once. */
import type { Report, Resolution } from '@belay/protocol'
import { createdSession, runningTurn, type Scenario } from '@belay/testing'
import { viewOf } from '@belay/session'
import { expect, test } from 'vitest'

const exited = { type: 'runner-exited', generation: 1, code: 1, signal: undefined } as const
const resolve = (action: Resolution, promptId = 'p2', turn = 1) =>
  ({ type: 'turn-resolved', turn, action, promptId }) as const
const refusedAs = (code: string) =>
  expect.objectContaining({ refusal: expect.objectContaining({ code }) })

function cutOff(...reports: Report[]): Scenario {
  const s = runningTurn()
  s.report(...reports)
  s.input(exited)
  return s
}

const lastTurn = (s: Scenario) => viewOf(s.state, s.id).lastTurn

test('[S-38] a turn in doubt is not sent again by itself; sending it again runs the same text as a new prompt', () => {
  const s = cutOff()
  expect(lastTurn(s)).toMatchObject({
    outcome: 'in-doubt',
    reached: 'maybe',
    actions: ['continue', 'send-again', 'discard'],
  })
  expect(s.state.queue).toEqual([])
  expect(s.input(resolve('send-again'))).toEqual({
    type: 'resolved',
    action: 'send-again',
    promptId: 'p2',
  })
  expect(s.events.find(({ type }) => type === 'turn-resolved')).toMatchObject({
    turn: 1,
    action: 'send-again',
    promptId: 'p2',
  })
  s.linkRunner()
  expect(s.commands().at(-1)).toMatchObject({
    type: 'prompt',
    turn: 2,
    promptId: 'p2',
    text: 'do it',
  })
  expect(lastTurn(s)).toMatchObject({ resolved: 'send-again' })
  expect(lastTurn(s)).not.toHaveProperty('actions')
})

test('[S-38] continuing sends its own words, and goes before what waits', () => {
  const s = runningTurn()
  s.report({ type: 'text', turn: 1, text: 'half an ans' })
  s.prompt('p2')
  s.input(exited)
  s.input(resolve('continue', 'p3'))
  s.linkRunner()
  expect(s.commands().at(-1)).toMatchObject({
    promptId: 'p3',
    text: expect.stringMatching(/^Continue where you were cut off\./),
  })
  expect(s.state.queue).toMatchObject([{ promptId: 'p2' }])
})

test('[S-38] leaving a turn creates no prompt', () => {
  const s = cutOff()
  expect(s.input(resolve('discard'))).toMatchObject({ type: 'resolved' })
  expect([s.state.queue, s.state.runner.type]).toEqual([[], 'none'])
  expect(lastTurn(s)).toMatchObject({ resolved: 'discard' })
})

test('[S-38] the same decision again returns the first answer; another one is refused', () => {
  const s = cutOff()
  const first = s.input(resolve('send-again'))
  const { length } = s.events
  expect(s.input(resolve('send-again'))).toEqual(first)
  expect(s.input(resolve('discard'))).toEqual(refusedAs('turn-not-resolvable'))
  expect(s.input(resolve('send-again', 'p3'))).toEqual(refusedAs('turn-not-resolvable'))
  expect(s.events).toHaveLength(length)
})

test('[S-38] only a turn that ended and may be tried again can be decided about', () => {
  const s = runningTurn()
  expect(s.input(resolve('continue'))).toEqual(refusedAs('turn-not-resolvable'))
  expect(s.input(resolve('continue', 'p2', 7))).toEqual(refusedAs('turn-not-found'))
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  expect(s.input(resolve('continue'))).toEqual(refusedAs('turn-not-resolvable'))
  expect(lastTurn(s)).not.toHaveProperty('actions')
  const again = cutOff()
  expect(again.input(resolve('send-again', 'p1'))).toEqual(refusedAs('prompt-conflict'))
  for (let n = 1; n <= 11; n++) again.prompt(`q${n}`)
  expect(again.input(resolve('send-again'))).toEqual(refusedAs('queue-full'))
  expect(again.input(resolve('discard'))).toMatchObject({ type: 'resolved' })
})

test('[S-38] an older turn can still be decided about, and nothing is kept of one that ended well', () => {
  const s = cutOff()
  s.prompt('p2')
  s.linkRunner()
  s.report(
    { type: 'turn-taken', turn: 2 },
    { type: 'turn-finished', turn: 2, stopReason: 'end_turn' },
  )
  expect([...s.rows.keys()].filter((key) => key.startsWith('turn'))).toEqual([
    'turn-text:1',
    'turn:1',
  ])
  expect(s.input(resolve('send-again', 'p3'))).toMatchObject({ type: 'resolved' })
  expect(s.commands().at(-1)).toMatchObject({ promptId: 'p3', text: 'do it' })
  expect([...s.rows.keys()].filter((key) => key.startsWith('turn'))).toEqual([
    'turn:1',
    'turn-text:3',
  ])
})

test('[S-38] there is nothing to go on with when the agent never had the prompt', () => {
  const s = createdSession('do it')
  s.linkRunner()
  s.input(exited)
  expect(lastTurn(s)).toMatchObject({ reached: 'no', actions: ['send-again', 'discard'] })
})
