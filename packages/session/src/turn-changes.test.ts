/** What a turn changed: due after its end, told once, and never shown as nothing when it is not known. */
import { deadlines, type Report } from '@belay/protocol'
import { runningTurn, type Scenario, unchanged } from '@belay/testing'
import { describe, expect, test } from 'vitest'
import { nextAlarm } from './alarm.ts'
import { viewOf } from './view.ts'

const finished = (turn: number): Report => ({ type: 'turn-finished', turn, stopReason: 'end_turn' })
const changed = (turn: number): Report => ({
  type: 'turn-changes',
  turn,
  files: [{ path: 'a', status: 'added', added: 1, removed: 0 }],
  patch: '+a',
})
const look = (s: Scenario, turn = 1) => s.input({ type: 'changes-looked-up', turn })
const told = (s: Scenario) => s.events.filter(({ type }) => type === 'turn-changes')
const exited = { type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' } as const

/** A turn that has ended, and of which nobody knows yet what it changed. */
function due(): Scenario {
  const s = runningTurn()
  s.report(finished(1))
  return s
}

describe('what is due', () => {
  test('[S-101] is taken after the end of its turn, once, and found by its number', () => {
    const s = due()
    expect(s.types().at(-1)).toBe('turn-ended')
    expect(viewOf(s.state, s.id).changesDue).toBe(1)
    s.report(changed(1), changed(1))
    expect(told(s)).toHaveLength(1)
    expect(viewOf(s.state, s.id)).not.toHaveProperty('changesDue')
    expect(look(s)).toEqual({ type: 'changes', seq: s.events.at(-1)?.seq })
  })

  test('[S-101] that is nothing is no event, and is known to be nothing', () => {
    const s = due()
    s.report(unchanged(1), changed(1))
    expect(told(s)).toEqual([])
    expect(look(s)).toEqual({ type: 'changes', seq: undefined })
    expect(s.rows.get('changes:1')).toBe('none')
  })

  test.each<readonly [string, Report]>([
    [
      'a problem',
      { type: 'turn-changes', turn: 1, files: [], patch: '', problem: 'It was stopped.' },
    ],
    ['more files', { type: 'turn-changes', turn: 1, files: [], patch: '', more: 3 }],
    [
      'a note',
      {
        type: 'turn-changes',
        turn: 1,
        files: [],
        patch: '',
        notes: ['One file could not be read.'],
      },
    ],
  ])('[S-101] with %s and without files is an event', (_, report) => {
    const s = due()
    s.report(report)
    expect(told(s)).toMatchObject([report])
    expect(look(s)).toEqual({ type: 'changes', seq: s.events.at(-1)?.seq })
  })

  test('[S-102] holds up neither the end of its turn nor the next prompt, and who asks hears of it', () => {
    const s = due()
    expect(look(s)).toEqual({
      type: 'refused',
      refusal: { code: 'not-ready', message: 'What turn 1 changed is still being looked at.' },
    })
    s.prompt('p2')
    expect(s.state.turn).toMatchObject({ type: 'active', turn: 2 })
    s.report(changed(1), { type: 'turn-taken', turn: 2 })
    expect(s.types().slice(-4)).toEqual([
      'turn-started',
      'turn-delivered',
      'turn-changes',
      'turn-taken',
    ])
    expect(look(s).type).toBe('changes')
  })

  test('[S-102] outlives a turn behind it that was stopped before it began', () => {
    const s = due()
    s.prompt('p2')
    s.input({ type: 'interrupt', turn: 2 })
    s.report({ type: 'turn-finished', turn: 2, stopReason: 'cancelled' }, changed(1))
    expect(told(s)).toMatchObject([{ turn: 1 }])
    expect(s.state.changes).toEqual({ type: 'none' })
  })

  test.each<readonly [string, (s: Scenario) => unknown, string]>([
    [
      'its runner died',
      (s) => s.input(exited),
      'Belay’s process beside the agent ended before it had looked.',
    ],
    [
      'its runner was given up',
      (s) => {
        s.input({ type: 'runner-link-lost', generation: 1 })
        s.ring()
        s.ring()
      },
      'Belay’s process beside the agent ended before it had looked.',
    ],
    ['its runner is silent', (s) => s.ring(), 'it was not looked at in time.'],
    [
      'another turn is over',
      (s) => {
        s.prompt('p2')
        s.report({ type: 'turn-taken', turn: 2 }, finished(2))
      },
      'another turn began before it was looked at.',
    ],
  ])('[S-100] is said not to be known, once, when %s', (_, happen, why) => {
    const s = due()
    happen(s)
    const problem = `What turn 1 changed is not known: ${why}`
    expect(told(s)).toMatchObject([{ turn: 1, files: [], patch: '', problem }])
    expect(look(s)).toEqual({ type: 'changes', seq: told(s)[0]?.seq })
  })

  test('[S-100] has a deadline that stands still while its runner is away', () => {
    const s = due()
    const at = s.now + deadlines.checkpointMs + 10_000
    expect(nextAlarm(s.state, deadlines)).toBe(at)
    s.input({ type: 'runner-link-lost', generation: 1 })
    s.wait(deadlines.checkpointMs + 20_000)
    s.input({ type: 'runner-hello', generation: 1, received: 1 })
    expect(nextAlarm(s.state, deadlines)).toBe(s.now + deadlines.graceMs)
    s.report(changed(1))
    expect(told(s)).toMatchObject([{ files: [{ path: 'a' }] }])
  })

  test('[S-100] keeps the session from expiring and its agent from being let go', () => {
    const s = due()
    expect(s.input({ type: 'expire', before: s.now + 1 })).toMatchObject({ type: 'ignored' })
    s.report(unchanged(1))
    expect(nextAlarm(s.state, deadlines)).toBe(s.now + deadlines.idleMs)
  })
})

test('[S-100] a turn that its runner or its person cut is said to have changed nobody knows what', () => {
  const s = runningTurn()
  s.input(exited)
  expect(s.types().slice(-3)).toEqual(['runner-exited', 'turn-ended', 'turn-changes'])
  const never = runningTurn()
  never.report(finished(1), unchanged(1))
  never.prompt('p2')
  never.report({ type: 'turn-finished', turn: 2, stopReason: 'cancelled' })
  expect(never.state.changes).toEqual({ type: 'none' })
  expect(look(never, 2)).toEqual({ type: 'changes', seq: undefined })
})

test('[S-101] what is told before an end that waits for its commit is not due after it', () => {
  const s = runningTurn()
  s.report(changed(1), changed(1), { ...finished(1) }, changed(1))
  expect(s.state.changes).toEqual({ type: 'none' })
  expect(s.types().slice(-2)).toEqual(['turn-changes', 'turn-ended'])
})

test('[S-17] what a turn changed that nothing is due of is dropped', () => {
  const s = due()
  const { length } = s.events
  s.report(changed(7))
  expect(s.events).toHaveLength(length)
  expect(s.state.changes).toMatchObject({ type: 'due', turn: 1 })
})
