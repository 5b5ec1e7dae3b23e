import type { AgentChoices, Report } from '@belay/protocol'
import { createdSession, runningTurn, type Scenario } from '@belay/testing'
import { viewOf } from '@belay/session'
import { expect, test } from 'vitest'

const modes: AgentChoices = {
  current: 'ask',
  available: [
    { id: 'ask', name: 'Ask' },
    { id: 'auto', name: 'Auto', description: 'asks nothing' },
  ],
}
const offer = (fields: object): Report => ({ type: 'agent-offer', ...fields })
const choose = (s: Scenario, id: string) => s.input({ type: 'chosen', of: 'mode', id })
const view = (s: Scenario) => viewOf(s.state, s.id)

test('[S-82] the view has what the agent offers, each field as it was told last, and no event is made of it', () => {
  const s = runningTurn()
  expect(view(s).modes).toBeUndefined()
  const events = s.events.length
  s.report(offer({ modes, usage: { contextUsed: 10, contextSize: 100 } }))
  s.report(offer({ commands: [{ name: 'init', description: 'begin' }] }))
  s.report(offer({ usage: { contextUsed: 20, costUsd: 0.5 } }))
  expect(view(s)).toMatchObject({
    modes,
    commands: [{ name: 'init' }],
    usage: { contextUsed: 20, contextSize: 100, costUsd: 0.5 },
  })
  expect(s.events.length).toBe(events)
})

test('[S-83] a mode is chosen of what is offered, sent to the runner, and told to every later one', () => {
  const s = runningTurn()
  expect(choose(s, 'auto')).toMatchObject({ refusal: { code: 'not-offered' } })
  s.report(offer({ modes }))
  expect(choose(s, 'fly')).toMatchObject({ refusal: { code: 'not-offered' } })
  expect(s.input({ type: 'chosen', of: 'model', id: 'x' })).toMatchObject({
    refusal: { code: 'not-offered' },
  })
  expect(choose(s, 'auto')).toEqual({ type: 'done' })
  expect(choose(s, 'auto')).toEqual({ type: 'done' })
  expect(view(s).modes?.current).toBe('auto')
  expect(s.commands().filter(({ type }) => type === 'choose')).toEqual([
    { type: 'choose', mode: 'auto' },
  ])
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  s.input({ type: 'runner-exited', generation: 1, code: 0, signal: undefined })
  s.prompt('p2')
  expect(s.commands()[0]).toMatchObject({ type: 'prepare', chosen: { mode: 'auto' } })
})

test('[S-83] a session that sleeps keeps the choice for the next start', () => {
  const s = runningTurn()
  s.report(offer({ modes }))
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  s.input({ type: 'runner-exited', generation: 1, code: 0, signal: undefined })
  expect(choose(s, 'auto')).toEqual({ type: 'done' })
  expect(view(s).modes?.current).toBe('auto')
  s.prompt('p2')
  expect(s.commands()[0]).toMatchObject({ type: 'prepare', chosen: { mode: 'auto' } })
})

test('[S-83] a mode that the agent changes by itself is followed', () => {
  const s = runningTurn()
  s.report(offer({ modes }))
  choose(s, 'auto')
  s.report(offer({ modes: { ...modes, current: 'ask' } }))
  expect(s.state.offer.chosen).toEqual({ mode: 'ask' })
  expect(view(s).modes?.current).toBe('ask')
})

test('[S-83] another agent is offered anew: what was chosen was the old one’s', () => {
  const s = createdSession()
  s.report(offer({ modes }))
  choose(s, 'auto')
  s.input({ type: 'runner-start-failed', generation: 1, message: 'no' })
  s.input({ type: 'retry', agent: { name: 'other' } })
  expect(view(s).modes).toBeUndefined()
  expect(s.commands()[0]).not.toHaveProperty('chosen')
})
