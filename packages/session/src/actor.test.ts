/** States as older versions wrote them: what is read back must be a state that works. */
import { createdSession, runningTurn, type Scenario } from '@belay/testing'
import { expect, test } from 'vitest'
import { createSessionActor } from './actor.ts'
import { viewOf } from './view.ts'

/** The parts that the first version had. */
const firstParts = [
  'head',
  'lifecycle',
  'settings',
  'runner',
  'commands',
  'agent',
  'turn',
  'queue',
  'permissions',
  'last',
]

/** Stores the state as the first version did, and reads it with this one. */
function reread(s: Scenario): void {
  const stored = Object.entries(s.state).filter(([name]) => firstParts.includes(name))
  const parts: Record<string, unknown> = JSON.parse(JSON.stringify(Object.fromEntries(stored)))
  const { steps: _, ...lifecycle } = Object(parts['lifecycle'])
  s.state = createSessionActor().parse(s.id, { ...parts, lifecycle })
}

test('[S-55] a turn that began under an older version ends under this one, and the next begins', () => {
  const s = runningTurn()
  reread(s)
  s.prompt('p2')
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  expect(s.events.findLast(({ type }) => type === 'turn-ended')).toMatchObject({
    turn: 1,
    outcome: 'completed',
  })
  expect(viewOf(s.state, s.id)).toMatchObject({ turn: { turn: 2 }, steps: [], queued: 0 })
})

test('[S-55] a preparation that began under an older version is told, fails in words and is tried again', () => {
  const s = createdSession('do it')
  reread(s)
  expect(viewOf(s.state, s.id)).toMatchObject({ status: 'preparing', steps: [] })
  s.input({ type: 'runner-start-failed', generation: 1, message: 'There is no room.' })
  reread(s)
  expect(viewOf(s.state, s.id)).toMatchObject({
    status: 'attention',
    problem: { message: 'There is no room.' },
    queue: [{ promptId: 'p1' }],
  })
  expect(s.input({ type: 'retry' })).toEqual({ type: 'done' })
})
