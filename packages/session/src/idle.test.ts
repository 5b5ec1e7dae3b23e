/** Agents without work are let go, and old sessions expire. */
import { deadlines, type Report } from '@belay/protocol'
import { createdSession, runningTurn, type Scenario, statusOf, unchanged } from '@belay/testing'
import { expect, test } from 'vitest'

const finished: Report = { type: 'turn-finished', turn: 1, stopReason: 'end_turn' }

function idle(): Scenario {
  const s = runningTurn()
  s.report(finished, unchanged(1))
  return s
}

test('[S-34] an agent without a turn is let go in time, without a word in the log', () => {
  const s = idle()
  const { length } = s.events
  const since = s.now
  s.ring()
  expect(s.now).toBe(since + deadlines.idleMs)
  expect(s.state.runner).toEqual({ type: 'none', generation: 1 })
  expect([...s.outbox.keys()]).toEqual(['stop-runner:1'])
  expect([s.events.length, statusOf(s)]).toEqual([length, 'idle'])
  expect(s.ring()).toBe(false)
})

test('[S-34] the next prompt wakes it with its conversation', () => {
  const s = idle()
  s.ring()
  s.prompt('p2')
  expect(s.state.runner).toMatchObject({ type: 'starting', generation: 2 })
  expect(s.commands()[0]).toMatchObject({ type: 'prepare', agentSession: 'conversation-1' })
  s.linkRunner()
  expect(s.state.turn).toMatchObject({ turn: 2, promptId: 'p2' })
})

test('[S-34] the time of a session that never had a prompt counts from when it was ready', () => {
  const s = createdSession()
  s.wait(deadlines.idleMs)
  s.input({ type: 'server-started' })
  s.linkRunner()
  s.wait(deadlines.idleMs - 1)
  s.input({ type: 'alarm' })
  expect(s.state.runner.type).toBe('linked')
  s.wait(1)
  s.input({ type: 'alarm' })
  expect(s.state.runner.type).toBe('none')
})

const busy: Record<string, Report[]> = {
  'a turn': [],
  'a tool': [{ type: 'tool', turn: 1, toolCallId: 't1', status: 'in_progress' }],
  'a question': [
    {
      type: 'permission-asked',
      turn: 1,
      permissionId: 'a1',
      title: 'May I?',
      options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
    },
  ],
}
test.each(Object.entries(busy))('[S-34] never while %s is open', (_what, reports) => {
  const long = 100 * deadlines.idleMs
  const s = runningTurn({ turnQuietMs: long, turnMs: long, toolMs: long, permissionMs: long })
  s.report(...reports)
  s.wait(50 * deadlines.idleMs)
  s.input({ type: 'alarm' })
  expect(s.state.runner.type).toBe('linked')
  expect(s.state.turn.type).toBe('active')
})

test('[S-43] a session expires only when it is idle and nothing has happened since', () => {
  const s = idle()
  const ended = s.now
  expect(s.input({ type: 'expire', before: ended })).toMatchObject({ type: 'ignored' })
  s.prompt('p2')
  expect(s.input({ type: 'expire', before: ended + 1 })).toMatchObject({ type: 'ignored' })
  s.report({ type: 'turn-finished', turn: 2, stopReason: 'end_turn' }, unchanged(2))
  expect(s.input({ type: 'expire', before: s.now + 1 })).toEqual({ type: 'done' })
  expect(statusOf(s)).toBe('deleted')
})

test('[S-43] a session that failed, or whose prompts wait for a person, expires like any other, from its failure on', () => {
  const failed = createdSession('do it')
  failed.wait(5000)
  failed.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' })
  expect(failed.input({ type: 'expire', before: failed.now })).toMatchObject({ type: 'ignored' })
  expect(failed.input({ type: 'expire', before: failed.now + 1 })).toEqual({ type: 'done' })
  expect(statusOf(failed)).toBe('deleted')
  const waiting = createdSession('do it')
  expect(waiting.input({ type: 'expire', before: waiting.now + 1 })).toMatchObject({
    type: 'ignored',
  })
})
