/** A clock that steps in every state that has a deadline. */
import { deadlines, type ReportOf } from '@belay/protocol'
import { createdSession, runningTurn, type Scenario } from '@belay/testing'
import { expect, test } from 'vitest'
import { dues, nextAlarm } from './alarm.ts'

const hour = 3600_000
const asked: ReportOf<'permission-asked'> = {
  type: 'permission-asked',
  turn: 1,
  permissionId: 'q1',
  title: 'May I?',
  options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }],
}

const states: Record<string, () => Scenario> = {
  'a runner that starts': () => createdSession('do it'),
  'a turn at work': () => runningTurn(),
  'a turn that waits for a person': () => {
    const s = runningTurn()
    s.report(asked)
    return s
  },
  'a turn with a tool': () => {
    const s = runningTurn()
    s.report({ type: 'tool', turn: 1, toolCallId: 't', status: 'in_progress' })
    return s
  },
  'a turn that is being stopped': () => {
    const s = runningTurn()
    s.input({ type: 'interrupt', turn: 1 })
    return s
  },
  'a runner that is away': () => {
    const s = runningTurn()
    s.input({ type: 'runner-link-lost', generation: 1 })
    return s
  },
  'an agent without a turn': () => {
    const s = runningTurn()
    s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
    return s
  },
}

/** Every deadline but those of waiting prompts, which are dates. */
function spans({ state }: Scenario) {
  return dues(state, deadlines).filter(({ type }) => type !== 'prompt')
}

test.each(Object.entries(states))(
  '[K-54] a step of the clock, forth or back, moves every deadline of %s by as much and ends nothing',
  (_, make) => {
    for (const by of [8 * hour, -hour]) {
      const s = make()
      const before = spans(s)
      const events = s.events.length
      s.now += by
      s.input({ type: 'clock-jumped', by })
      s.input({ type: 'alarm' })
      expect(before.length).toBeGreaterThan(0)
      expect(spans(s)).toEqual(before.map((due) => ({ ...due, at: due.at + by })))
      expect(s.events.length).toBe(events)
    }
  },
)

test('[K-54] a prompt is taken back by its date, whatever the clock does', () => {
  const s = runningTurn()
  s.input({ type: 'prompt-submitted', prompt: { promptId: 'p9', text: 'later', digest: 'd' } })
  const date = () => dues(s.state, deadlines).find(({ type }) => type === 'prompt')?.at
  const before = date()
  s.input({ type: 'clock-jumped', by: 8 * hour })
  expect(date()).toBe(before)
  expect(nextAlarm(s.state, deadlines)).toBeDefined()
})
