/** Every way a turn can end, and every stored deadline. */
import {
  deadlines,
  type EndingCode,
  endingCodes,
  endings,
  type Report,
  type ReportOf,
} from '@belay/protocol'
import { createdSession, runningTurn, type Scenario, statusOf } from '@belay/testing'
import { expect, test } from 'vitest'

const text: Report = { type: 'text', turn: 1, text: 'words' }
const tool = (status: 'in_progress' | 'completed'): Report => ({
  type: 'tool',
  turn: 1,
  toolCallId: 't1',
  status,
})
const asked: ReportOf<'permission-asked'> = {
  type: 'permission-asked',
  turn: 1,
  permissionId: 'a1',
  title: 'Write a file',
  options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
}
const stops = (
  stopReason: 'end_turn' | 'max_tokens' | 'max_turn_requests' | 'refusal' | 'cancelled',
) => ({ type: 'turn-finished', turn: 1, stopReason }) as const
const fails = (
  code:
    | 'no-words'
    | 'agent-error'
    | 'agent-exited'
    | 'agent-start-failed'
    | 'sign-in-needed'
    | 'interrupt-forced',
) => ({ type: 'turn-finished', turn: 1, error: { code, message: 'why' } }) as const
const lost = { type: 'runner-link-lost', generation: 1 } as const
const exited = { type: 'runner-exited', generation: 1, code: 1, signal: undefined } as const

/** What brings a running turn, the agent of which has answered nothing yet, to each end. */
const ways: Record<EndingCode, (s: Scenario) => unknown> = {
  'end-turn': (s) => s.report(stops('end_turn')),
  'max-tokens': (s) => s.report(stops('max_tokens')),
  'max-requests': (s) => s.report(stops('max_turn_requests')),
  refusal: (s) => s.report(stops('refusal')),
  interrupted: (s) => (s.input({ type: 'interrupt', turn: 1 }), s.report(stops('cancelled'))),
  'interrupt-forced': (s) => (s.input({ type: 'interrupt', turn: 1 }), s.ring()),
  'agent-cancelled': (s) => s.report(stops('cancelled')),
  'session-deleted': (s) => s.input({ type: 'delete' }),
  'agent-error': (s) => s.report(fails('agent-error')),
  'no-words': (s) => s.report(fails('no-words')),
  'agent-exited': (s) => s.report(fails('agent-exited')),
  'agent-start-failed': (s) => s.report(fails('agent-start-failed')),
  'sign-in-needed': (s) => s.report(fails('sign-in-needed')),
  'runner-exited': (s) => (s.report(text), s.input(exited)),
  'runner-lost': (s) => (
    s.report(text),
    s.input(lost),
    s.ring(),
    s.input({ type: 'runner-silent', generation: 1 })
  ),
  'no-start': (s) => s.ring(),
  'no-progress': (s) => s.ring(),
  'tool-silent': (s) => (s.report(tool('in_progress')), s.ring()),
  'time-cap': (s) => {
    while (s.state.turn.type === 'active' && s.state.turn.turn === 1) {
      s.wait(deadlines.turnQuietMs / 2)
      s.report(text)
      s.input({ type: 'alarm' })
    }
  },
  'in-doubt': (s) => s.input(exited),
}

// The end of a deleted session's turn has no log to be in: `callback.test.ts` sees it.
const logged = endingCodes.filter((code) => code !== 'session-deleted')

test.each(logged)('[S-35] a turn ends as %s once, with the whole row of the table', (code) => {
  const s = code === 'no-start' || code === 'agent-start-failed' ? handedOver() : runningTurn()
  s.prompt('p2')
  const log = s.events.slice()
  ways[code](s)
  const ends = s.events.filter((event) => event.type === 'turn-ended')
  expect(ends).toHaveLength(1)
  const { outcome, sentence, retryable, action, fault } = endings[code]
  expect(ends[0]).toMatchObject({ turn: 1, code, outcome, sentence, retryable, action, fault })
  // The next prompt is on its way, or a person is asked for what it waits for.
  expect(statusOf(s)).toMatch(retryable ? /^(undecided|attention)$/ : /^(starting|preparing)$/)
  expect(s.state.queue[0]?.held).toBe(retryable ? true : undefined)
  expect(s.events.length).toBeGreaterThan(log.length)
})

/** A turn whose agent has not taken it. */
function handedOver(): Scenario {
  const s = createdSession('do it')
  s.linkRunner()
  return s
}

test('[S-14] a tool that is silent for ten minutes is not failed', () => {
  const s = runningTurn()
  s.report(tool('in_progress'))
  for (let minute = 0; minute < 10; minute++) {
    s.wait(60_000)
    s.input({ type: 'alarm' })
  }
  expect(statusOf(s)).toBe('waiting-tool')
  s.report(tool('completed'), stops('end_turn'))
  expect(s.events.at(-1)).toMatchObject({ type: 'turn-ended', outcome: 'completed' })
})

test('[S-45] a tool is waited for from its last sign on, not from its first', () => {
  const s = runningTurn({ toolMs: 1000 })
  s.report(tool('in_progress'))
  s.wait(900)
  s.report(tool('in_progress'))
  s.wait(900)
  s.input({ type: 'alarm' })
  expect(statusOf(s)).toBe('waiting-tool')
  s.wait(100)
  s.input({ type: 'alarm' })
  expect(s.events).toContainEqual(expect.objectContaining({ code: 'tool-silent' }))
})

test('[S-45] a runner that says it closes and does not end is given up, and the prompt behind it runs', () => {
  const s = createdSession()
  s.linkRunner()
  s.report({ type: 'closing', reason: 'asked' })
  s.prompt('p1')
  expect(statusOf(s)).toBe('idle')
  s.ring()
  expect(s.state.runner).toMatchObject({ type: 'starting', generation: 2 })
  expect(s.outbox.has('stop-runner:1')).toBe(true)
})

test('[S-32] a permission nobody answers is settled in time, the agent hears so, and its turn goes on', () => {
  const s = runningTurn()
  s.report(asked)
  const before = s.now
  s.ring()
  expect(s.now).toBe(before + deadlines.permissionMs)
  expect(s.events.at(-1)).toMatchObject({
    type: 'permission-settled',
    permissionId: 'a1',
    by: 'no answer in time',
  })
  expect(s.events.at(-1)).not.toHaveProperty('optionId')
  expect(s.commands().at(-1)).toEqual({ type: 'answer', permissionId: 'a1' })
  expect(statusOf(s)).toBe('working')
  // The agent has all its time to go on from here.
  s.input({ type: 'alarm' })
  expect(statusOf(s)).toBe('working')
  s.report(stops('end_turn'))
  expect(s.events.at(-1)).toMatchObject({ outcome: 'completed' })
})

test('[S-39] a prompt that waited for too long is taken back; one behind a failed preparation is kept', () => {
  const s = runningTurn({ toolMs: 10 * deadlines.queueMs })
  s.report(tool('in_progress'))
  s.prompt('p2')
  s.ring()
  expect(s.events.at(-1)).toMatchObject({
    type: 'prompt-cancelled',
    promptId: 'p2',
    by: expect.stringContaining('too long'),
  })
  expect(s.prompt('p2')).toMatchObject({ prompt: { state: 'cancelled' } })
  const failed = createdSession('do it')
  failed.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' })
  expect(failed.ring()).toBe(false)
  expect(failed.state.queue).toHaveLength(1)
})

const clocks: Record<string, { readonly start: () => Scenario; readonly ms: number }> = {
  quiet: { start: runningTurn, ms: deadlines.turnQuietMs },
  cap: { start: runningTurn, ms: deadlines.turnMs },
  start: { start: handedOver, ms: deadlines.turnStartMs },
  permission: {
    start: () => {
      const s = runningTurn()
      s.report(asked)
      return s
    },
    ms: deadlines.permissionMs,
  },
  preparation: {
    start: () => {
      const s = createdSession('do it')
      s.input({ type: 'runner-hello', generation: 1, received: 0 })
      return s
    },
    ms: deadlines.prepareMs,
  },
}

test.each(Object.entries(clocks))(
  '[S-31] a server that was away across the %s deadline fails nothing before the runner has spoken',
  (_name, { start, ms }) => {
    const s = start()
    const length = s.events.length
    const status = statusOf(s)
    s.wait(10 * ms)
    s.input({ type: 'server-started' })
    s.input({ type: 'alarm' })
    const only = ['runner-lost', 'runner-returned']
    expect(
      s
        .types()
        .slice(length)
        .filter((type) => !only.includes(type)),
    ).toEqual([])
    s.wait(deadlines.graceMs - 1)
    const { sent } = s.state.commands
    s.input({ type: 'runner-hello', generation: 1, received: sent })
    s.input({ type: 'alarm' })
    expect(statusOf(s)).toBe(status)
    // It is not waited for without end either.
    s.wait(deadlines.graceMs)
    s.input({ type: 'alarm' })
    expect([statusOf(s), s.state.permissions]).not.toEqual([status, []])
  },
)

test('[S-31] a runner that was starting when its server died has its time to dial again', () => {
  const s = createdSession('do it')
  s.wait(10 * deadlines.dialMs)
  s.input({ type: 'server-started' })
  s.input({ type: 'alarm' })
  expect(statusOf(s)).toBe('preparing')
  s.linkRunner()
  expect(statusOf(s)).toBe('starting')
  const never = createdSession('do it')
  never.input({ type: 'server-started' })
  never.ring()
  expect(statusOf(never)).toBe('attention')
})

test('[S-31] a grace that ran out while no server was there begins again', () => {
  const s = runningTurn()
  s.input(lost)
  s.wait(10 * deadlines.graceMs)
  s.input({ type: 'server-started' })
  expect(s.effects).toEqual([{ type: 'probe-runner', generation: 1, final: false }])
  s.input({ type: 'alarm' })
  s.report(text, stops('end_turn'))
  expect(s.events.at(-1)).toMatchObject({ type: 'turn-ended', outcome: 'completed' })
})

test('[S-147] a server that was started again is told in one line, and not as a lost runner', () => {
  const s = runningTurn()
  const { length } = s.events
  s.input({ type: 'server-started' })
  expect(statusOf(s)).toBe('recovering')
  s.input({ type: 'runner-hello', generation: 1, received: s.state.commands.sent })
  expect(s.events.slice(length)).toMatchObject([{ type: 'runner-returned', restart: true }])
  s.input(lost)
  s.input({ type: 'runner-hello', generation: 1, received: s.state.commands.sent })
  expect(s.types().slice(length + 1)).toEqual(['runner-lost', 'runner-returned'])
  expect(s.events.at(-1)).not.toHaveProperty('restart')
})

test.each([
  ['interrupted', 'interrupted'],
  ['agent-exited', 'agent ended'],
  ['runner-exited', 'agent ended'],
  ['runner-lost', 'agent ended'],
  ['agent-error', 'turn ended'],
  ['end-turn', 'turn ended'],
] as const)('[S-208] a question that %s leaves without an answer says “%s”', (code, by) => {
  const s = runningTurn()
  s.report(asked)
  ways[code](s)
  expect(s.events.filter(({ type }) => type === 'turn-ended')).toMatchObject([{ code }])
  expect(s.events.filter(({ type }) => type === 'permission-settled')).toMatchObject([{ by }])
})

test('[S-210] a turn that its agent cancels after a person refused something was stopped by that person', () => {
  const s = runningTurn()
  s.report({ ...asked, options: [{ optionId: 'no', name: 'No', kind: 'reject_once' }] })
  s.input({ type: 'permission-answered', permissionId: 'a1', optionId: 'no', by: 'web' })
  s.report(stops('cancelled'))
  expect(s.events.at(-1)).toMatchObject({
    type: 'turn-ended',
    code: 'interrupted',
    detail: 'The agent ended the turn because its question was answered with “No”.',
  })
})
