/** No failure is passed over: what failed is held up to a person, and what waited behind it waits for them. */
import { type AgentLink, deadlines, limits, type Resolution } from '@belay/protocol'
import {
  createdSession,
  creation,
  runningTurn,
  scenario,
  type Scenario,
  statusOf,
  unchanged,
} from '@belay/testing'
import { createSessionActor, viewOf, whyOf } from '@belay/session'
import { describe, expect, test } from 'vitest'

const taken = (turn: number) => ({ type: 'turn-taken', turn }) as const
const finished = (turn: number) =>
  ({ type: 'turn-finished', turn, stopReason: 'end_turn' }) as const
const failed = (turn: number) =>
  ({ type: 'turn-finished', turn, error: { code: 'agent-error', message: 'No.' } }) as const
const decide = (turn: number, action: Resolution, promptId = `d${turn}`) =>
  ({ type: 'turn-resolved', turn, action, promptId }) as const

/** Runs the turn that is under way to a failure. */
function fail(s: Scenario, turn: number): void {
  s.report(taken(turn), failed(turn), unchanged(turn))
}

/** Turn 1 failed, and `waiting` prompts wait behind it. */
function paused(waiting = 2): Scenario {
  const s = runningTurn()
  for (let n = 0; n < waiting; n += 1) s.prompt(`p${n + 2}`, `text ${n + 2}`)
  s.report(failed(1), unchanged(1))
  return s
}

const view = (s: Scenario) => viewOf(s.state, s.id)
const next = (s: Scenario) => s.commands().at(-1)
const why = (s: Scenario) =>
  whyOf(s.state, s.now, {
    id: s.id,
    deadlines,
    proofs: { serverSince: s.now, linkHeardAt: s.now, runner: undefined },
  }).sentence

describe('[S-141] prompts that wait when a turn fails', () => {
  test('are held, and the session says for what', () => {
    const s = paused()
    expect(statusOf(s)).toBe('undecided')
    expect(view(s)).toMatchObject({
      why: 'Paused: decide about turn 1; 2 prompts wait. The agent answered with an error: No.',
      queued: 2,
      held: 2,
      undecided: { count: 1, turns: [{ turn: 1, code: 'agent-error', holds: true }] },
      queue: [{ held: true }, { held: true }],
    })
    expect(why(s)).toContain('continue, send it again, leave it, or let the prompts go on')
    s.input({ type: 'alarm' })
    expect(s.types().filter((type) => type === 'turn-started')).toHaveLength(1)
  })

  test.each(['continue', 'send-again'] as const)('go on behind the prompt of %s', (action) => {
    const s = paused()
    s.input(decide(1, action))
    expect(next(s)).toMatchObject({ type: 'prompt', turn: 2, promptId: 'd1' })
    s.report(taken(2), finished(2), unchanged(2))
    expect(next(s)).toMatchObject({ promptId: 'p2' })
    expect(view(s)).not.toHaveProperty('undecided')
  })

  test('go on when the turn is left', () => {
    const s = paused()
    s.input(decide(1, 'discard'))
    expect(next(s)).toMatchObject({ promptId: 'p2' })
    expect(view(s)).not.toHaveProperty('held')
  })

  test('go on when a person says so; that is in the log, and the turn stays undecided', () => {
    const s = paused()
    s.input({ type: 'resume-queue', turn: 1 })
    expect(next(s)).toMatchObject({ promptId: 'p2' })
    expect(s.events).toContainEqual(expect.objectContaining({ type: 'queue-resumed', turns: [1] }))
    expect(view(s)).toMatchObject({
      undecided: { count: 1 },
      why: expect.stringContaining('turn 1'),
    })
    s.report(taken(2), finished(2), unchanged(2))
    s.report(taken(3), finished(3), unchanged(3))
    expect(statusOf(s)).toBe('undecided')
    // What came twice does not let go of what failed since.
    s.prompt('p4')
    s.prompt('p5')
    fail(s, 4)
    const { length } = s.events
    expect(s.input({ type: 'resume-queue', turn: 1 })).toEqual({ type: 'done' })
    expect([s.events.length, view(s).held]).toEqual([length, 1])
  })

  test('wait for each turn that holds them', () => {
    const s = paused()
    s.input({
      type: 'prompt-submitted',
      prompt: { promptId: 'now', text: 'first', digest: 'first' },
      steer: true,
    })
    fail(s, 2)
    expect(view(s).why).toBe('Paused: decide about turns 1 and 2; 2 prompts wait.')
    s.input(decide(2, 'discard'))
    expect(statusOf(s)).toBe('undecided')
    s.input(decide(1, 'discard'))
    expect(next(s)).toMatchObject({ promptId: 'p2' })
  })

  test('can be taken back, edited and moved meanwhile; without them nothing is paused', () => {
    const s = paused()
    s.input({ type: 'prompt-edited', promptId: 'p2', text: 'other', position: 2 })
    expect(view(s).queue).toMatchObject([{ promptId: 'p3' }, { promptId: 'p2', text: 'other' }])
    s.input({ type: 'prompt-cancelled', promptId: 'p2' })
    s.input({ type: 'prompt-cancelled', promptId: 'p3' })
    expect(view(s)).toMatchObject({
      status: 'undecided',
      why: expect.stringMatching(/^Decide about turn 1: /),
    })
    expect(view(s)).not.toHaveProperty('held')
    // What a later failure holds waits for that alone.
    s.prompt('p4')
    s.prompt('p5')
    fail(s, 2)
    s.input(decide(2, 'discard'))
    expect(next(s)).toMatchObject({ promptId: 'p5' })
  })

  test('stay held through a restart, the end of the runner, and a preparation', () => {
    const s = paused()
    s.input({ type: 'server-started' })
    s.ring()
    s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' })
    expect([statusOf(s), s.state.runner.type]).toEqual(['undecided', 'none'])
    s.input({ type: 'restore', turn: 1, to: 'before' })
    s.linkRunner()
    expect(s.types()).toContain('session-ready')
    s.report({ type: 'restored', turn: 1, to: 'before', files: 0 })
    expect([statusOf(s), view(s).held]).toEqual(['undecided', 2])
  })
})

test('[S-141] a turn that a person stopped, or that ended well, holds nothing', () => {
  const s = runningTurn()
  s.prompt('p2')
  s.prompt('p3')
  s.input({ type: 'interrupt', turn: 1 })
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'cancelled' }, unchanged(1))
  s.report(taken(2), finished(2), unchanged(2))
  expect(next(s)).toMatchObject({ promptId: 'p3' })
  expect(view(s)).not.toHaveProperty('undecided')
})

test('[S-142] a prompt sent after a failure begins when nothing waits, and decides nothing', () => {
  const s = paused(0)
  s.prompt('p2')
  expect(next(s)).toMatchObject({ promptId: 'p2' })
  expect(view(s)).toMatchObject({ status: 'starting', undecided: { count: 1 } })
  s.report(taken(2), finished(2), unchanged(2))
  expect(view(s)).toMatchObject({ status: 'undecided', lastTurn: { outcome: 'completed' } })
  s.input(decide(1, 'discard'))
  expect(statusOf(s)).toBe('idle')
})

test('[S-142] behind prompts that are held it waits with them; a steering one goes before them and frees none', () => {
  const s = paused(1)
  s.prompt('p3')
  expect([statusOf(s), view(s).queued, view(s).held]).toEqual(['undecided', 2, 1])
  s.input({
    type: 'prompt-submitted',
    prompt: { promptId: 'now', text: 'first', digest: 'first' },
    steer: true,
  })
  expect(next(s)).toMatchObject({ promptId: 'now' })
  s.report(taken(2), finished(2), unchanged(2))
  expect([statusOf(s), view(s).held]).toEqual(['undecided', 1])
})

test('[S-140] of very many undecided turns the latest are named, and all are counted', () => {
  const s = runningTurn()
  s.report(failed(1), unchanged(1))
  const count = limits.undecidedTurnsMax + 3
  for (let turn = 2; turn <= count; turn += 1) {
    s.prompt(`p${turn}`)
    fail(s, turn)
  }
  expect(view(s).undecided).toMatchObject({ count })
  expect(view(s).undecided?.turns).toHaveLength(limits.undecidedTurnsMax)
  expect(view(s).why).toBe(`Decide about turns 21, 22, 23 and ${count - 3} more.`)
  s.input(decide(2, 'discard'))
  expect(view(s).undecided?.count).toBe(count - 1)
  s.input(decide(count, 'discard'))
  for (let turn = 1; turn < count; turn += 1) s.input(decide(turn, 'discard'))
  expect(statusOf(s)).toBe('idle')
})

test('[S-144] what is held outlasts the time of the queue, keeps no agent awake, and has its whole time after', () => {
  const s = paused(1)
  while (s.ring());
  expect([s.state.runner.type, view(s).held]).toEqual(['none', 1])
  s.wait(3 * deadlines.queueMs)
  s.input({ type: 'alarm' })
  expect(s.state.queue).toHaveLength(1)
  s.input(decide(1, 'discard'))
  s.input({ type: 'alarm' })
  s.linkRunner()
  expect(next(s)).toMatchObject({ promptId: 'p2' })
})

test('[S-39] what waited for a retry has its whole time after it', () => {
  const s = createdSession('do it')
  s.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' })
  s.wait(2 * deadlines.queueMs)
  s.input({ type: 'retry' })
  s.input({ type: 'alarm' })
  s.linkRunner()
  expect(next(s)).toMatchObject({ promptId: 'p1' })
})

test('[S-145] in a session that was created to go on nothing is held, and the turns are undecided all the same', () => {
  const s = scenario()
  const prompt = { promptId: 'p1', text: 'do it', digest: 'do it' }
  s.input(creation({ prompt, goOn: true }))
  s.linkRunner()
  s.prompt('p2')
  fail(s, 1)
  expect(next(s)).toMatchObject({ promptId: 'p2' })
  s.report(taken(2), finished(2), unchanged(2))
  expect(view(s)).toMatchObject({ goOn: true, status: 'undecided', undecided: { count: 1 } })
})

test('[S-43] a session with an undecided turn and held prompts expires like any other', () => {
  const s = paused(1)
  expect(s.input({ type: 'expire', before: s.now })).toMatchObject({ type: 'ignored' })
  s.input({ type: 'expire', before: s.now + 1 })
  expect(statusOf(s)).toBe('deleted')
})

test('[S-55] of a state from before, the last turn is undecided as it was', () => {
  const s = paused(0)
  const { undecided: _, ...before } = s.state
  const actor = createSessionActor()
  expect(viewOf(actor.parse(s.id, before), s.id)).toMatchObject({
    status: 'undecided',
    undecided: { count: 1, turns: [{ turn: 1, actions: ['continue', 'send-again', 'discard'] }] },
  })
  s.input(decide(1, 'discard'))
  const { undecided: __, ...decided } = s.state
  expect(viewOf(actor.parse(s.id, decided), s.id)).toMatchObject({ status: 'idle' })
})

test('[S-55] what was undecided in a state from before is written with the next end', () => {
  const s = paused(0)
  const { undecided: _, ...before } = s.state
  const actor = createSessionActor()
  s.state = actor.parse(s.id, before)
  const old = s.state.undecided
  s.prompt('p2')
  s.report(taken(2), finished(2))
  // Another object, which the host writes: kept in memory alone it would be gone with the next start.
  expect(s.state.undecided).not.toBe(old)
  expect(view(s)).toMatchObject({ undecided: { count: 1 } })
})

test('[S-143] the callback of an end names the turns that are undecided and how many prompts wait', () => {
  const s = scenario()
  const callback = { url: 'https://example.com', sealed: 'x' }
  s.input(creation({ prompt: { promptId: 'p1', text: 'a', digest: 'a' }, callback }))
  s.linkRunner()
  s.prompt('p2')
  fail(s, 1)
  expect(s.outbox.get('callback:1')).toMatchObject({ data: { turn: 1, undecided: [1], held: 1 } })
  s.input({ type: 'resume-queue', turn: 1 })
  s.report(taken(2), finished(2), unchanged(2))
  expect(s.outbox.get('callback:2')).toMatchObject({
    data: { turn: 2, outcome: 'completed', undecided: [1] },
  })
})

test('[S-177] one undecided turn says why it ended, once, also while its agent is started again', () => {
  const killed = 'The agent was killed (SIGKILL), from outside or for lack of memory.'
  const s = runningTurn()
  const error = { code: 'agent-exited', message: killed } as const
  s.report({ type: 'turn-finished', turn: 1, error }, unchanged(1))
  expect(view(s).why).toBe(`Decide about turn 1: ${killed}`)
  expect(view(s).undecided?.turns).toMatchObject([{ sentence: killed }])
  const link: AgentLink = {
    state: 'backoff',
    generation: 2,
    since: s.now,
    attempt: 1,
    attemptsMax: 4,
    nextRetryAt: s.now + 2000,
    cause: { code: 'signal', title: killed },
    canSend: 'queue',
    actions: ['restart-now'],
  }
  s.report({ type: 'agent-link', link })
  expect(view(s).why).toBe(`Decide about turn 1: ${killed} It restarts by itself.`)
  expect(why(s)).toMatch(/leave it\. It restarts in 2 s \(1 of 4\)\.$/)
  const other = 'The agent’s program was not found.'
  s.report({ type: 'agent-link', link: { ...link, cause: { code: 'missing', title: other } } })
  expect(view(s).why).toBe(`Decide about turn 1: ${killed} ${other} It restarts by itself.`)
})
