import type { Report } from '@belay/protocol'
import {
  agentReady,
  createdSession,
  creation,
  runningTurn,
  scenario,
  statusOf,
} from '@belay/testing'
import { describe, expect, test } from 'vitest'
import { decodeReport } from './index.ts'

const text = (turn: number, words = 'words'): Report => ({ type: 'text', turn, text: words })
const tool = (turn: number, status: 'completed' | 'in_progress'): Report => ({
  type: 'tool',
  turn,
  toolCallId: 't1',
  status,
})
const finished = (turn: number): Report => ({ type: 'turn-finished', turn, stopReason: 'end_turn' })
const asked = (turn: number, permissionId = 'a1', toolCallId?: string): Report => ({
  type: 'permission-asked',
  turn,
  permissionId,
  toolCallId,
  title: 'Write a file',
  options: [
    { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
    { optionId: 'no', name: 'No', kind: 'reject_once' },
  ],
})
const answer = (optionId: string, by = 'ann', permissionId = 'a1') =>
  ({ type: 'permission-answered', permissionId, optionId, by }) as const
const refusedAs = (code: string) =>
  expect.objectContaining({ type: 'refused', refusal: expect.objectContaining({ code }) })
const ended = (fields: object) => expect.objectContaining({ type: 'turn-ended', ...fields })

describe('creating and prompting', () => {
  test('[S-22] a whole first turn is one dense log, in the order it happened', () => {
    const s = createdSession('do it')
    s.linkRunner()
    s.report({ type: 'turn-taken', turn: 1 }, text(1), finished(1))
    expect(s.types()).toEqual([
      'session-created',
      'prompt-accepted',
      'preparation-started',
      'agent-ready',
      'turn-started',
      'turn-delivered',
      'turn-taken',
      'session-ready',
      'text',
      'turn-ended',
    ])
    expect(s.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(s.state.head).toMatchObject({ seq: 10, received: 4 })
  })

  test('[S-90] an acknowledged prompt is said to be delivered, once and before it is taken', () => {
    const s = createdSession('do it')
    const delivered = () => s.events.filter(({ type }) => type === 'turn-delivered')
    s.linkRunner()
    expect(s.state.turn.type).toBe('active')
    expect(delivered()).toHaveLength(0)
    const { generation } = s.state.runner
    const frame = { type: 'runner-frame', generation, acked: 2, reports: [] } as const
    s.input(frame)
    s.input(frame)
    expect(delivered()).toMatchObject([{ turn: 1 }])
    s.report({ type: 'turn-taken', turn: 1 }, text(1), finished(1))
    expect(delivered()).toHaveLength(1)
  })

  test('[S-91] what is attached is kept with the acceptance, and state, log and commands only name it', () => {
    const s = createdSession('do it')
    s.linkRunner()
    s.report({ type: 'turn-taken', turn: 1 }, finished(1))
    const named = { id: 'p2.1', name: 'a.png', type: 'image/png', bytes: 3 }
    s.input({
      type: 'prompt-submitted',
      prompt: {
        promptId: 'p2',
        text: 'look',
        digest: 'd',
        attachments: [{ ...named, data: 'YWJj' }],
      },
    })
    expect(s.rows.get('attachment:p2.1')).toBe(JSON.stringify({ ...named, data: 'YWJj' }))
    expect(s.events.findLast(({ type }) => type === 'prompt-accepted')).toMatchObject({
      promptId: 'p2',
      attachments: [named],
    })
    expect(s.commands().at(-1)).toMatchObject({ type: 'prompt', attachments: [named] })
    expect(JSON.stringify([s.state, s.events])).not.toContain('YWJj')

    // Cut off, and sent again by a person: with the same attachment.
    s.report({ type: 'turn-taken', turn: 2 })
    s.input({
      type: 'runner-exited',
      generation: s.state.runner.generation,
      code: 1,
      signal: undefined,
    })
    s.input({ type: 'turn-resolved', turn: 2, action: 'send-again', promptId: 'p3' })
    expect(s.events.findLast(({ type }) => type === 'prompt-accepted')).toMatchObject({
      promptId: 'p3',
      attachments: [named],
    })
  })

  test('[S-24] the same create again returns the first answer, other settings are refused', () => {
    const s = createdSession('do it')
    const create = creation({ title: 'x', workspace: { type: 'folder', path: '/' } })
    const before = s.state
    expect(s.input(create)).toEqual({ type: 'created', promptId: undefined })
    expect(s.input({ ...create, digest: 'others' })).toEqual(refusedAs('session-conflict'))
    expect(s.state).toEqual(before)
  })

  test('[S-4] the same prompt id and text, sent five times, is accepted once; with another text it is refused', () => {
    const s = runningTurn()
    const answers = [1, 2, 3, 4, 5].map(() => s.prompt('p2', 'again'))
    expect(new Set(answers.map((reply) => JSON.stringify(reply))).size).toBe(1)
    expect(s.state.queue).toHaveLength(1)
    expect(s.prompt('p2', 'other words')).toEqual(refusedAs('prompt-conflict'))
    expect(s.types().filter((type) => type === 'prompt-accepted')).toHaveLength(2)
  })

  test('[S-4] a prompt that was edited or has ended is still recognised by what was first sent', () => {
    const s = runningTurn()
    s.prompt('p2', 'first words')
    s.input({ type: 'prompt-edited', promptId: 'p2', text: 'better words' })
    expect(s.prompt('p2', 'first words')).toMatchObject({
      type: 'prompt',
      prompt: { state: 'queued' },
    })
    s.report(finished(1))
    s.report({ type: 'turn-taken', turn: 2 }, finished(2))
    expect(s.prompt('p2', 'first words')).toMatchObject({
      type: 'prompt',
      prompt: { state: 'ended', turn: 2, ending: 'end-turn' },
    })
    expect(s.prompt('p1', 'do it')).toMatchObject({ prompt: { state: 'ended', turn: 1 } })
  })

  test('[S-5] the eleventh waiting prompt is refused with the limit, and nothing of it is kept', () => {
    const s = runningTurn()
    for (let n = 1; n <= 10; n++) expect(s.prompt(`q${n}`)).toMatchObject({ type: 'prompt' })
    const before = s.state
    expect(s.prompt('q11')).toMatchObject({
      type: 'refused',
      limit: 10,
      refusal: { code: 'queue-full' },
    })
    expect(s.state).toEqual(before)
    expect(s.rows.has('prompt:q11')).toBe(false)
  })

  test('[S-25] a waiting prompt can be edited and cancelled; one whose turn began cannot', () => {
    const s = runningTurn()
    s.prompt('p2')
    s.prompt('p3')
    expect(s.input({ type: 'prompt-edited', promptId: 'p2', text: 'new' })).toMatchObject({
      prompt: { state: 'queued' },
    })
    expect(s.input({ type: 'prompt-cancelled', promptId: 'p3' })).toMatchObject({
      prompt: { state: 'cancelled' },
    })
    expect(s.input({ type: 'prompt-cancelled', promptId: 'p1' })).toEqual(
      refusedAs('prompt-started'),
    )
    expect(s.input({ type: 'prompt-edited', promptId: 'p3', text: 'x' })).toEqual(
      refusedAs('prompt-started'),
    )
    expect(s.input({ type: 'prompt-edited', promptId: 'p9', text: 'x' })).toEqual(
      refusedAs('prompt-not-found'),
    )
    s.report(finished(1))
    expect(s.commands().at(-1)).toMatchObject({
      type: 'prompt',
      turn: 2,
      promptId: 'p2',
      text: 'new',
    })
  })
})

describe('preparation', () => {
  test('[S-6] create stores attempt, generation and deadline with the first prompt, in one transition', () => {
    const s = createdSession('do it')
    expect(s.state.lifecycle).toMatchObject({ type: 'preparing', attempt: 1 })
    expect(s.state.runner).toMatchObject({ type: 'starting', generation: 1 })
    expect(s.state.queue).toHaveLength(1)
    expect([...s.outbox.keys()]).toEqual(['start-runner:1'])
    expect(s.commands()).toMatchObject([{ type: 'prepare', agent: { name: 'toy' } }])
  })

  test.each<[string, (s: ReturnType<typeof createdSession>) => void, string]>([
    [
      'a failing step',
      (s) => (
        s.input({ type: 'runner-hello', generation: 1, received: 0 }),
        s.report({
          type: 'prepare-failed',
          step: 'clone',
          code: 'clone-failed',
          message: 'No such repository.',
        })
      ),
      'clone-failed',
    ],
    [
      'a runner that cannot start',
      (s) => s.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' }),
      'runner-start-failed',
    ],
    ['a runner that never dials', (s) => s.ring(), 'runner-start-failed'],
    [
      'a runner that dies',
      (s) => s.input({ type: 'runner-exited', generation: 1, code: 1, signal: undefined }),
      'runner-exited',
    ],
    ['a person who stops it', (s) => s.input({ type: 'interrupt', turn: undefined }), 'stopped'],
    [
      'its time limit',
      (s) => (s.input({ type: 'runner-hello', generation: 1, received: 0 }), s.ring()),
      'prepare-timeout',
    ],
  ])(
    '[S-7] preparation ended by %s keeps the prompt, says why, leaves no runner',
    (_name, fail, code) => {
      const s = createdSession('do it')
      fail(s)
      expect(s.state.lifecycle).toMatchObject({ type: 'attention', problem: { code } })
      expect(s.state.queue).toMatchObject([{ promptId: 'p1', text: 'do it' }])
      expect(s.state.runner).toEqual({ type: 'none', generation: 1 })
      expect([...s.outbox.keys()]).toEqual(['stop-runner:1'])
      expect(s.input({ type: 'retry' })).toEqual({ type: 'done' })
      s.linkRunner()
      expect(s.commands().at(-1)).toMatchObject({ type: 'prompt', promptId: 'p1' })
    },
  )

  test('[S-26] a new prompt moves a session on from a failed preparation', () => {
    const s = createdSession('do it')
    s.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' })
    s.prompt('p2')
    expect(s.state.lifecycle).toMatchObject({ type: 'preparing', attempt: 2 })
    expect(s.state.queue.map(({ promptId }) => promptId)).toEqual(['p1', 'p2'])
  })

  test('[S-27] ready is said once: when the agent took the first prompt, or when there is none', () => {
    const waiting = createdSession('do it')
    waiting.linkRunner()
    expect(statusOf(waiting)).toBe('starting')
    expect(waiting.types()).not.toContain('session-ready')
    waiting.report({ type: 'turn-taken', turn: 1 }, finished(1), agentReady)
    expect(waiting.types().filter((type) => type === 'session-ready')).toHaveLength(1)
    const empty = createdSession()
    empty.linkRunner()
    expect(empty.types().at(-1)).toBe('session-ready')
  })

  test('[S-27] a first turn that fails before it was taken does not leave the session preparing', () => {
    const s = createdSession('do it')
    s.linkRunner()
    s.report({
      type: 'turn-finished',
      turn: 1,
      error: { code: 'sign-in-needed', message: 'Sign in.' },
    })
    expect(s.events).toContainEqual(ended({ turn: 1, code: 'sign-in-needed', reached: 'no' }))
    expect(statusOf(s)).toBe('undecided')
    expect(s.types()).toContain('session-ready')
    const silent = createdSession('do it')
    silent.linkRunner()
    silent.ring()
    expect(silent.events).toContainEqual(ended({ turn: 1, code: 'no-start' }))
    expect(statusOf(silent)).toBe('attention')
  })
})

describe('turns', () => {
  test('[S-92] a changed folder is no sign that a prompt reached its agent; an answer is', () => {
    const changed = createdSession('do it')
    changed.linkRunner()
    changed.report(
      { type: 'turn-taken', turn: 1 },
      { type: 'turn-changes', turn: 1, files: [{ path: 'a', status: 'added' }], patch: '' },
      {
        type: 'turn-finished',
        turn: 1,
        error: { code: 'agent-exited', message: 'The agent was killed.' },
      },
    )
    expect(changed.events).toContainEqual(
      ended({ turn: 1, code: 'agent-exited', reached: 'maybe' }),
    )
    const answered = createdSession('do it')
    answered.linkRunner()
    answered.report({ type: 'turn-taken', turn: 1 }, finished(1))
    expect(answered.events).toContainEqual(ended({ turn: 1, code: 'end-turn', reached: 'yes' }))
  })

  test('[S-1] a second prompt waits until the first turn has ended', () => {
    const s = runningTurn()
    s.prompt('p2')
    expect(s.state.turn).toMatchObject({ type: 'active', turn: 1 })
    s.report(finished(1))
    expect(s.state.turn).toMatchObject({ type: 'active', turn: 2, promptId: 'p2', generation: 1 })
  })

  test('[S-8] every way to end a turn after the first changes nothing and logs nothing', () => {
    const s = runningTurn()
    s.report(finished(1))
    const { events, state } = s
    const length = events.length
    s.report(finished(1), {
      type: 'turn-finished',
      turn: 1,
      error: { code: 'agent-error', message: 'late' },
    })
    expect(s.input({ type: 'interrupt', turn: 1 })).toEqual(refusedAs('turn-not-current'))
    expect(events).toHaveLength(length)
    expect(s.state.turn).toEqual(state.turn)
    expect(s.state.last).toEqual(state.last)
  })

  test('[S-9] what hung on an interrupted turn does not touch the next one', () => {
    const s = runningTurn()
    s.prompt('p2')
    s.report(asked(1), { type: 'tool', turn: 1, toolCallId: 't1', status: 'in_progress' })
    s.input({ type: 'interrupt', turn: 1 })
    s.report({ type: 'turn-finished', turn: 1, stopReason: 'cancelled' })
    expect(s.events).toContainEqual(ended({ turn: 1, code: 'interrupted', outcome: 'interrupted' }))
    expect(s.state.turn).toMatchObject({
      turn: 2,
      phase: { type: 'starting' },
      openTools: [],
    })
    expect(s.state.permissions).toEqual([])
    s.report(
      { type: 'turn-taken', turn: 2 },
      { type: 'turn-finished', turn: 1, stopReason: 'cancelled' },
      text(2),
      finished(2),
    )
    expect(s.events.at(-1)).toEqual(ended({ turn: 2, outcome: 'completed' }))
  })

  test.each<[string, (s: ReturnType<typeof runningTurn>) => void, string]>([
    [
      'does not stop when it is told to',
      (s) => s.input({ type: 'interrupt', turn: 1 }),
      'interrupt-forced',
    ],
    ['is silent', () => undefined, 'no-progress'],
  ])('[S-10] an agent that %s loses its turn and its runner', (_name, before, code) => {
    const s = runningTurn()
    before(s)
    s.ring()
    expect(s.events).toContainEqual(ended({ code }))
    expect(s.state.runner).toEqual({ type: 'none', generation: 1 })
    expect([...s.outbox.keys()]).toEqual(['stop-runner:1'])
    expect(s.report(text(1))).toEqual(refusedAs('stale-generation'))
    s.prompt('p2')
    expect(s.state.runner).toMatchObject({ type: 'starting', generation: 2 })
    expect(s.commands()[0]).toMatchObject({ type: 'prepare', agentSession: 'conversation-1' })
  })

  test('[S-28] an interrupt names its turn, is answered at once, and ends it in bounded time', () => {
    const s = runningTurn()
    expect(s.input({ type: 'interrupt', turn: 7 })).toEqual(refusedAs('turn-not-current'))
    expect(s.input({ type: 'interrupt', turn: 1 })).toEqual({ type: 'interrupting', turn: 1 })
    expect(s.input({ type: 'interrupt', turn: undefined })).toEqual({
      type: 'interrupting',
      turn: 1,
    })
    expect(s.types().filter((type) => type === 'interrupt-requested')).toHaveLength(1)
    const away = runningTurn()
    away.input({ type: 'runner-link-lost', generation: 1 })
    away.input({ type: 'interrupt', turn: 1 })
    expect(away.events).toContainEqual(ended({ code: 'interrupted' }))
    expect(away.outbox.has('stop-runner:1')).toBe(true)
  })

  test('[S-14] the clocks of a turn stand still while a tool runs and while a person is asked', () => {
    const s = runningTurn({ turnQuietMs: 1000, turnMs: 5000 })
    s.report({ type: 'tool', turn: 1, toolCallId: 't1', status: 'in_progress' })
    s.wait(60_000)
    s.input({ type: 'alarm' })
    s.report({ type: 'tool', turn: 1, toolCallId: 't1', status: 'completed' }, asked(1))
    s.wait(60_000)
    s.input({ type: 'alarm' })
    expect(statusOf(s)).toBe('waiting-person')
    s.input(answer('yes'))
    const resumed = s.now
    s.ring()
    expect(s.now).toBe(resumed + 1000)
    expect(s.events).toContainEqual(ended({ code: 'no-progress' }))
  })

  test('[S-14] waiting is not counted against the time limit of a turn', () => {
    const s = runningTurn({ turnQuietMs: 1000, turnMs: 3000 })
    const started = s.now
    s.report({ type: 'tool', turn: 1, toolCallId: 't1', status: 'in_progress' })
    s.wait(60_000)
    s.report({ type: 'tool', turn: 1, toolCallId: 't1', status: 'failed' })
    for (let n = 0; n < 5; n++) {
      s.wait(600)
      if (s.state.turn.type === 'active') s.report(text(1))
    }
    s.ring()
    expect(s.events).toContainEqual(ended({ code: 'time-cap' }))
    expect(s.now).toBe(started + 60_000 + 3000)
  })

  test('[S-21] an alarm before its time does nothing', () => {
    const s = runningTurn()
    const before = s.state
    s.input({ type: 'alarm' })
    expect(s.state).toEqual(before)
  })

  test('[S-3] from every state, alarms alone lead to an end or to a person', () => {
    const starts = {
      created: () => createdSession('do it'),
      running: runningTurn,
      lost: () => {
        const s = runningTurn()
        s.input({ type: 'runner-link-lost', generation: 1 })
        return s
      },
      stopping: () => {
        const s = runningTurn()
        s.input({ type: 'interrupt', turn: 1 })
        return s
      },
      idleLost: () => {
        const s = createdSession()
        s.linkRunner()
        s.input({ type: 'runner-link-lost', generation: 1 })
        return s
      },
    }
    for (const [name, start] of Object.entries(starts)) {
      const s = start()
      let rings = 0
      while (s.ring() && rings < 20) rings++
      expect([name, statusOf(s), rings < 20]).toEqual([
        name,
        expect.stringMatching(/^(attention|idle|undecided)$/),
        true,
      ])
    }
  })
})

describe('permissions', () => {
  test('[S-11] the first answer wins, the same again is fine, another hears who was first', () => {
    const s = runningTurn()
    s.report(asked(1))
    expect(s.input(answer('maybe'))).toEqual(refusedAs('option-unknown'))
    expect(s.input(answer('yes', 'ann'))).toEqual({ type: 'answered', optionId: 'yes', by: 'ann' })
    expect(s.input(answer('yes', 'bob'))).toEqual({ type: 'answered', optionId: 'yes', by: 'ann' })
    expect(s.input(answer('no', 'bob'))).toMatchObject({
      refusal: { code: 'permission-settled', message: 'ann answered "yes" before.' },
    })
    expect(s.input(answer('yes', 'bob', 'a2'))).toEqual(refusedAs('permission-not-found'))
    expect(s.commands().filter(({ type }) => type === 'answer')).toEqual([
      { type: 'answer', permissionId: 'a1', optionId: 'yes' },
    ])
  })

  test('[S-209] a tool that waited for an answer has run only without that', () => {
    const s = runningTurn()
    s.report(tool(1, 'in_progress'))
    s.wait(1000)
    s.report(asked(1, 'a1', 't1'))
    s.wait(60_000)
    const before = s.state.turn
    s.input(answer('yes'))
    if (before.type !== 'active' || s.state.turn.type !== 'active') throw new Error('no turn')
    expect(s.state.turn.openTools).toEqual(
      before.openTools.map((one) => ({ ...one, since: one.since + 60_000 })),
    )
  })

  test('[S-12] open permissions are withdrawn with their turn, visibly', () => {
    const s = runningTurn()
    s.report(asked(1), asked(1, 'a2'))
    s.report({ type: 'permission-gone', permissionId: 'a2' })
    s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' })
    expect(s.state.permissions).toEqual([])
    expect(s.events.filter(({ type }) => type === 'permission-settled')).toMatchObject([
      { permissionId: 'a2', by: 'agent' },
      { permissionId: 'a1', by: 'agent ended' },
    ])
    expect(s.input(answer('yes'))).toMatchObject({
      refusal: { code: 'permission-settled', message: 'It was withdrawn: agent ended.' },
    })
  })
})

describe('the runner’s side', () => {
  test('[S-15] hello and frames of another generation are refused and nothing of them is stored', () => {
    const s = runningTurn()
    const before = s.state
    for (const generation of [0, 2, 9]) {
      expect(s.input({ type: 'runner-hello', generation, received: 0 })).toEqual(
        refusedAs('stale-generation'),
      )
      expect(
        s.input({
          type: 'runner-frame',
          generation,
          acked: 1,
          reports: [{ n: 3, json: JSON.stringify(text(1)), report: text(1) }],
        }),
      ).toEqual(refusedAs('stale-generation'))
    }
    expect(s.state).toEqual(before)
  })

  test('[S-16] duplicates are dropped, a gap is refused, an impossible ack is refused', () => {
    const s = runningTurn()
    const frame = (n: number) =>
      ({
        type: 'runner-frame',
        generation: 1,
        acked: undefined,
        reports: [{ n, json: JSON.stringify(text(1)), report: text(1) }],
      }) as const
    expect(s.input(frame(3))).toEqual({ type: 'stored', received: 3 })
    expect(s.input(frame(3))).toEqual({ type: 'stored', received: 3 })
    expect(s.input(frame(5))).toEqual(refusedAs('bad-request'))
    expect(s.input({ ...frame(4), acked: 99 })).toEqual(refusedAs('bad-request'))
    expect(s.input({ type: 'runner-hello', generation: 1, received: 99 })).toEqual(
      refusedAs('bad-request'),
    )
    expect(s.types().filter((type) => type === 'text')).toHaveLength(1)
  })

  test('[S-17] what an ended turn still reports is acknowledged and not stored', () => {
    const s = runningTurn()
    s.report(finished(1))
    const length = s.events.length
    const late: Report = { type: 'turn-taken', turn: 1 }
    expect(s.report(late, asked(1))).toEqual({ type: 'stored', received: s.state.head.received })
    expect(s.events).toHaveLength(length)
  })

  test('[S-130] what the agent says late is in the log with its turn, and moves nothing of the next', () => {
    const s = runningTurn()
    s.prompt('p2')
    s.report(text(1), finished(1))
    const { turn, head } = s.state
    expect(turn).toMatchObject({ type: 'active', turn: 2, sign: false, taken: false })
    const from = s.events.length
    s.report(text(1), tool(1, 'completed'), { type: 'thought', turn: 1, text: 'hm' })
    const types = s.events.slice(from).map(({ type }) => type)
    expect(types.filter((type) => type !== 'turn-delivered')).toEqual(['text', 'tool', 'thought'])
    expect(s.state.turn).toEqual({ ...turn, delivered: true })
    expect(s.state.head.progressAt).toBe(head.progressAt)
    // Of a turn before the last one nobody says anything any more.
    s.report(finished(2), text(1))
    expect(s.events.at(-1)?.type).toBe('turn-ended')
  })

  test('[S-130] what is said outside of every turn is in the log as that', () => {
    const s = runningTurn()
    s.report(finished(1))
    s.report({ type: 'said-after', kind: 'text', after: 1, text: 'by the way' })
    expect(s.events.at(-1)).toMatchObject({ type: 'said-after', after: 1, text: 'by the way' })
    expect(s.state.turn).toEqual({ type: 'none', last: 1 })
  })

  test('[S-29] after a reconnect exactly the unacknowledged commands are sent again', () => {
    const s = runningTurn()
    s.input({ type: 'interrupt', turn: 1 })
    s.input({ type: 'runner-link-lost', generation: 1 })
    s.input({ type: 'runner-hello', generation: 1, received: 2 })
    expect(s.effects).toEqual([
      { type: 'send', generation: 1, n: 3, command: { type: 'interrupt', turn: 1 } },
    ])
    s.input({ type: 'runner-hello', generation: 1, received: 3 })
    expect(s.effects).toEqual([])
  })

  test('[S-18] grace is stored; when it is over the facts are asked for before the turn is failed', () => {
    const s = runningTurn()
    s.input({ type: 'runner-link-lost', generation: 1 })
    expect(s.effects).toEqual([{ type: 'probe-runner', generation: 1, final: false }])
    expect(s.input({ type: 'runner-silent', generation: 1 })).toMatchObject({ type: 'ignored' })
    s.ring()
    expect(s.effects).toEqual([{ type: 'probe-runner', generation: 1, final: true }])
    expect(s.state.turn.type).toBe('active')
    // The spool held the end of the turn: a finished turn is finished.
    s.report(text(1), finished(1))
    s.input({ type: 'runner-exited', generation: 1, code: 0, signal: undefined })
    expect(s.events.filter(({ type }) => type === 'turn-ended')).toEqual([
      ended({ code: 'end-turn' }),
    ])
  })

  test('[S-18] a runner that is alive and silent past its grace loses its turn', () => {
    const s = runningTurn()
    s.report(text(1))
    s.input({ type: 'runner-link-lost', generation: 1 })
    s.ring()
    s.input({ type: 'runner-silent', generation: 1 })
    expect(s.events).toContainEqual(ended({ code: 'runner-lost', reached: 'yes' }))
    expect(s.outbox.has('stop-runner:1')).toBe(true)
  })

  test('[S-19] a runner that returns within its grace goes on; one that returns later is fenced', () => {
    const s = runningTurn()
    s.input({ type: 'runner-link-lost', generation: 1 })
    s.wait(9000)
    expect(s.input({ type: 'runner-hello', generation: 1, received: 2 })).toEqual({
      type: 'stored',
      received: 2,
    })
    s.report(text(1), finished(1))
    expect(s.types().slice(-4)).toEqual(['runner-lost', 'runner-returned', 'text', 'turn-ended'])
    const late = runningTurn()
    late.input({ type: 'runner-link-lost', generation: 1 })
    late.ring()
    late.ring()
    expect(late.input({ type: 'runner-hello', generation: 1, received: 2 })).toEqual(
      refusedAs('stale-generation'),
    )
  })

  test.each<[string, Report[], object]>([
    [
      'before the agent had the prompt',
      [],
      { code: 'runner-exited', outcome: 'failed', reached: 'no' },
    ],
    [
      'when the agent may have had it',
      [{ type: 'turn-taken', turn: 1 }],
      { code: 'in-doubt', outcome: 'in-doubt', reached: 'maybe' },
    ],
    [
      'in the middle of the answer',
      [{ type: 'turn-taken', turn: 1 }, text(1)],
      { code: 'runner-exited', outcome: 'failed', reached: 'yes' },
    ],
  ])(
    '[S-20] a runner that dies %s ends the turn once with its true reason',
    (_name, reports, fields) => {
      const s = createdSession('do it')
      s.linkRunner()
      s.report(...reports)
      const exited = {
        type: 'runner-exited',
        generation: 1,
        code: undefined,
        signal: 'SIGKILL',
      } as const
      s.input(exited)
      expect(s.input(exited)).toMatchObject({ type: 'ignored' })
      expect(s.events.filter(({ type }) => type === 'turn-ended')).toEqual([ended(fields)])
      s.prompt('p2')
      s.input({ type: 'retry' })
      s.linkRunner()
      s.report({ type: 'turn-taken', turn: 2 }, finished(2))
      expect(s.events.at(-1)).toEqual(ended({ turn: 2, outcome: 'completed' }))
    },
  )

  test('[S-20] an idle runner’s expected end is no failure', () => {
    const s = createdSession()
    s.linkRunner()
    s.report({ type: 'closing', reason: 'asked' })
    s.input({ type: 'runner-exited', generation: 1, code: 0, signal: undefined })
    expect(s.events.at(-1)).toMatchObject({ type: 'runner-exited', expected: true })
    expect(statusOf(s)).toBe('idle')
  })

  test('[S-30] a report that would forge its stamp, is not an object, or is too large is refused', () => {
    expect(decodeReport('{"type":"text","turn":1,"text":"x"}')).toEqual({
      type: 'text',
      turn: 1,
      text: 'x',
    })
    expect(decodeReport('{"type":"text","turn":1,"text":"x","seq":9}')).toMatch(/no seq/)
    expect(decodeReport('{"type":"text","turn":1,"text":"x","at":9}')).toMatch(/no seq and no at/)
    expect(decodeReport(' {"type":"text","turn":1,"text":"x"}')).toMatch(/leading space/)
    expect(decodeReport('[1]')).toMatch(/object/)
    expect(decodeReport('{"type":"text",')).toMatch(/JSON/)
    expect(decodeReport('{"type":"text","turn":0,"text":"x"}')).toMatch(/^turn: /)
    expect(
      decodeReport(JSON.stringify({ type: 'text', turn: 1, text: 'x'.repeat(300_000) })),
    ).toMatch(/at most/)
  })
})

describe('deleting', () => {
  const moments = {
    preparing: () => createdSession('do it'),
    attention: () => {
      const s = createdSession('do it')
      s.input({ type: 'runner-start-failed', generation: 1, message: 'x' })
      return s
    },
    running: runningTurn,
    idle: () => {
      const s = createdSession()
      s.linkRunner()
      return s
    },
  }
  test.each(Object.entries(moments))(
    '[S-13] deleting wins while %s, and both clean-ups must happen',
    (_name, start) => {
      const s = start()
      expect(s.input({ type: 'delete' })).toEqual({ type: 'done' })
      expect([...s.outbox.keys()].toSorted()).toEqual(['remove-files', 'stop-runner:1'])
      expect([s.events, s.rows.size, s.state.queue]).toEqual([[], 0, []])
      s.input({ type: 'runner-stopped', generation: 1 })
      s.input({ type: 'files-removed' })
      expect(s.outbox.size).toBe(0)
    },
  )

  test('[S-2] nothing brings a deleted session back', () => {
    const s = runningTurn()
    s.input({ type: 'delete' })
    const before = s.state
    expect(s.input({ type: 'delete' })).toEqual({ type: 'done' })
    expect(s.prompt('p9')).toEqual(refusedAs('session-deleted'))
    expect(s.input({ type: 'runner-hello', generation: 1, received: 0 })).toEqual(
      refusedAs('session-deleted'),
    )
    expect(s.report(text(1))).toEqual(refusedAs('session-deleted'))
    expect(s.ring()).toBe(false)
    expect([s.state, s.events]).toEqual([before, []])
  })

  test('[S-23] a session nobody created answers every request with session-not-found', () => {
    const s = scenario()
    const before = s.state
    expect(s.prompt('p1')).toEqual(refusedAs('session-not-found'))
    expect(s.input({ type: 'delete' })).toEqual(refusedAs('session-not-found'))
    expect(s.input({ type: 'runner-hello', generation: 1, received: 0 })).toEqual(
      refusedAs('session-not-found'),
    )
    expect(s.state).toEqual(before)
  })
})
