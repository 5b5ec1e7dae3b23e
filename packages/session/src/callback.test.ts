/** Telling the end of a turn: when it is tried, how often, and what becomes of it. */
import { callbacksOf } from '@belay/session'
import { createdSession, creation, type Scenario, scenario } from '@belay/testing'
import { expect, test } from 'vitest'

const target = { url: 'https://example.com/hook', sealed: 'v1.sealed' }
const tried = (attempt: number, problem?: string, turn = 1) =>
  ({ type: 'callback-tried', turn, attempt, problem }) as const

/** A session with a callback, whose first turn has ended. */
function told(): Scenario {
  const s = scenario()
  const prompt = { promptId: 'p1', text: 'do it', digest: 'd' }
  s.input(creation({ prompt, callback: target }))
  s.linkRunner()
  s.report(
    { type: 'turn-taken', turn: 1 },
    { type: 'turn-finished', turn: 1, stopReason: 'end_turn' },
  )
  return s
}

test('[S-40] the end of a turn and its callback are one step, and a session without one makes none', () => {
  const s = told()
  expect(s.outbox.get('callback:1')).toMatchObject({
    type: 'deliver-callback',
    turn: 1,
    attempt: 1,
    callbackId: 'turn_s1_1',
    target,
    data: { session: 's1', turn: 1, promptId: 'p1', outcome: 'completed', code: 'end-turn' },
  })
  const plain = createdSession('do it')
  plain.linkRunner()
  plain.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  expect(plain.outbox.size).toBe(0)
})

test('[S-40] an attempt stays in the outbox until its own outcome is in', () => {
  const s = told()
  expect(s.input(tried(2))).toMatchObject({ type: 'ignored' })
  expect(s.input(tried(1, undefined, 9))).toMatchObject({ type: 'ignored' })
  expect(s.outbox.has('callback:1')).toBe(true)
  s.input(tried(1))
  expect(s.outbox.has('callback:1')).toBe(false)
  expect(callbacksOf(s.state, 's1')).toMatchObject([{ state: 'delivered', attempts: 1 }])
  expect(s.input(tried(1))).toMatchObject({ type: 'ignored' })
})

test('[S-41] failed attempts come again after 5 s and then twice as long up to an hour; after a day it is given up', () => {
  const s = told()
  const start = s.now
  const waits: number[] = []
  for (let attempt = 1; ; attempt++) {
    s.input(tried(attempt, 'It answered 500.'))
    const [callback] = callbacksOf(s.state, 's1')
    if (callback?.state === 'failed') break
    expect(s.outbox.has('callback:1')).toBe(false)
    const before = s.now
    ringCallbacks(s)
    waits.push(s.now - before)
    expect(s.outbox.get('callback:1')).toMatchObject({
      attempt: attempt + 1,
      callbackId: 'turn_s1_1',
    })
  }
  const minute = 60_000
  expect(waits.slice(0, 11)).toEqual([
    5000,
    10_000,
    20_000,
    40_000,
    80_000,
    160_000,
    320_000,
    640_000,
    1_280_000,
    2_560_000,
    60 * minute,
  ])
  expect(s.now - start).toBeLessThanOrEqual(24 * 60 * minute)
  expect(s.now - start).toBeGreaterThan(22 * 60 * minute)
  expect(s.events.at(-1)).toMatchObject({
    type: 'callback-failed',
    turn: 1,
    callbackId: 'turn_s1_1',
    message: 'It answered 500.',
  })
  const resent = s.input({ type: 'callback-resent', callbackId: 'turn_s1_1' })
  expect(resent).toMatchObject({ type: 'callback', callback: { state: 'sending' } })
  expect(s.outbox.has('callback:1')).toBe(true)
})

/** Waits for the next attempt, and lets nothing else happen. */
function ringCallbacks(s: Scenario): void {
  const [callback] = callbacksOf(s.state, 's1')
  s.now = callback?.nextAt ?? s.now
  s.input({ type: 'alarm' })
}

test('[S-41] one that was delivered can be sent again; one that is under way is not doubled; others are refused', () => {
  const s = told()
  expect(s.input({ type: 'callback-resent', callbackId: 'turn_s1_1' })).toMatchObject({
    callback: { attempts: 1 },
  })
  s.input(tried(1))
  expect(s.input({ type: 'callback-resent', callbackId: 'turn_s1_1' })).toMatchObject({
    callback: { state: 'sending', attempts: 2 },
  })
  expect(s.input({ type: 'callback-resent', callbackId: 'turn_s1_7' })).toMatchObject({
    refusal: { code: 'callback-not-found' },
  })
})

test('[S-41] the state stays bounded: the settled are forgotten first, then the oldest is given up visibly', () => {
  const s = told()
  s.input(tried(1))
  for (let turn = 2; turn <= 52; turn++) {
    s.prompt(`p${turn}`)
    s.report({ type: 'turn-finished', turn, stopReason: 'end_turn' })
  }
  const turns = callbacksOf(s.state, 's1').map(({ turn }) => turn)
  expect([turns.length, turns[0], turns.at(-1)]).toEqual([50, 52, 3])
  expect(s.events.filter(({ type }) => type === 'callback-failed')).toMatchObject([{ turn: 2 }])
  expect(s.outbox.has('callback:2')).toBe(false)
})

test('[S-42] deleting ends the running turn as cancelled and still tells it, then nothing is left', () => {
  const s = told()
  s.prompt('p2')
  s.input({ type: 'delete' })
  expect(s.events).toEqual([])
  expect(s.outbox.get('callback:2')).toMatchObject({
    data: { turn: 2, outcome: 'cancelled', code: 'session-deleted' },
  })
  s.input(tried(1, 'It answered 500.', 2))
  expect(s.ring()).toBe(true)
  expect(s.outbox.get('callback:2')).toMatchObject({ attempt: 2 })
  s.input(tried(2, undefined, 2))
  s.input(tried(1))
  expect([s.state.callbacks, s.ring()]).toEqual([[], false])
})
