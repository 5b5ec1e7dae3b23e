import { randomInt } from 'node:crypto'
import {
  finishedTurn,
  type LogEntry,
  logged,
  seedFromEnv,
  seedLine,
  sessionView,
} from '@belay/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrame, type ViewerFrame } from './frame.ts'
import type { Item, ViewerEvent } from './item.ts'
import { blockItems, itemAt, itemsOf } from './item-list.ts'
import { applyFrame, emptyTranscript, findItem, type Transcript } from './view.ts'

function fold(entries: readonly LogEntry[], state = emptyTranscript()): Transcript {
  return applyFrame(state, { type: 'events', events: logged(entries) })
}

function brief(state: Transcript): string[] {
  return itemsOf(state.items).map(briefItem)
}

function briefItem(item: Item): string {
  switch (item.type) {
    case 'prompt':
      return `prompt ${item.promptId} ${item.state}`
    case 'text':
    case 'thought':
      return `${item.type} ${item.text}`
    case 'tool':
      return `tool ${item.title} ${item.status}`
    case 'plan':
      return `plan ${item.entries.map((entry) => entry.content).join(',')}`
    case 'permission':
      return `permission ${item.title} ${item.state}`
    case 'turn-end':
      return `turn-end ${item.code}`
    case 'changes':
      return `changes ${item.files.map((file) => file.path).join(',')}`
    case 'changes-place':
      return `changes-place ${item.turn}`
    case 'notice':
      return `notice ${item.event.type}`
    case 'other':
      return `other ${item.event.type}`
  }
}

const view = sessionView()

function prompt(promptId: string): LogEntry {
  return { type: 'prompt-accepted', promptId, text: `do ${promptId}` }
}
function start(turn: number, promptId: string): LogEntry {
  return { type: 'turn-started', turn, promptId, generation: 1 }
}
function text(turn: number, said: string, messageId?: string): LogEntry {
  return { type: 'text', turn, text: said, messageId }
}
const ask: LogEntry = {
  type: 'permission-asked',
  turn: 1,
  permissionId: 'q1',
  title: 'Write?',
  options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
}

test('[W-90] what a turn changed stands with its turn, also when it is told after the next one began', () => {
  const end: LogEntry = {
    type: 'turn-ended',
    turn: 1,
    promptId: 'p1',
    outcome: 'completed',
    code: 'end-turn',
    sentence: 'Done.',
    reached: 'yes',
    retryable: false,
    action: 'none',
    fault: 'none',
    changesFollow: true,
  }
  const files = [{ path: 'a', status: 'added' as const }]
  const changes: LogEntry = { type: 'turn-changes', turn: 1, files, patch: '', problem: 'why' }
  const next = [prompt('p2'), start(2, 'p2'), text(2, 'b')]
  const begun = [prompt('p1'), start(1, 'p1'), text(1, 'a'), end, ...next]
  const waiting = fold(begun)
  const shown = ['prompt p1 done', 'text a', 'turn-end end-turn']
  expect(brief(waiting)).toEqual([...shown, 'changes-place 1', 'prompt p2 running', 'text b'])
  const told = fold([...begun, changes])
  expect(brief(told)).toEqual([...shown, 'changes a', 'prompt p2 running', 'text b'])
  expect(findItem(told, 'changes:1')).toMatchObject({ turn: 1, problem: 'why' })
})

describe('the cursor', () => {
  test('[V-1] an event that was seen is dropped, and signals do not move the cursor', () => {
    const once = fold([prompt('p1'), start(1, 'p1'), text(1, 'a')])
    const again = fold([prompt('p1'), start(1, 'p1'), text(1, 'a'), text(1, 'b')], once)
    expect(brief(again)).toEqual(['prompt p1 running', 'text ab'])
    const told = applyFrame(again, { type: 'state', session: view })
    expect(told.cursor).toBe(4)
    expect(applyFrame(told, { type: 'caught-up', seq: 9 }).cursor).toBe(4)
  })

  test('[V-2] a gap changes nothing but says what is missing, until the stream is opened again', () => {
    const before = fold([prompt('p1')])
    const [, , late] = logged([prompt('p1'), prompt('p2'), prompt('p3')])
    const after = applyFrame(before, { type: 'events', events: late === undefined ? [] : [late] })
    expect(after).toEqual({ ...before, gap: { expected: 2, got: 3 } })
    const opened = applyFrame(after, { type: 'snapshot', session: view, from: 2, seq: 3 })
    expect(opened.gap).toBeUndefined()
    expect(applyFrame(before, { type: 'snapshot', session: view, from: 3, seq: 3 }).gap).toEqual({
      expected: 2,
      got: 3,
    })
  })

  test('[V-18] what is not kept any more is one line in its place, and nothing of it stays open', () => {
    const tool: LogEntry = {
      type: 'tool',
      turn: 1,
      toolCallId: 't',
      title: 'Run',
      status: 'in_progress',
    }
    const before = fold([prompt('p1'), start(1, 'p1'), tool, prompt('p2')])
    const trimmed = { type: 'snapshot', session: view, from: 8, seq: 9, trimmedTo: 7 } as const
    const after = applyFrame(before, trimmed)
    expect(after).toMatchObject({ cursor: 7, gap: undefined, open: [], queue: [] })
    expect(after.running).toBeUndefined()
    expect(brief(after)).toEqual(['prompt p1 running', 'tool Run unknown', 'notice log-trimmed'])
    expect(applyFrame(after, trimmed).items).toBe(after.items)
    const fresh = applyFrame(emptyTranscript(), trimmed)
    expect([fresh.cursor, brief(fresh)]).toEqual([7, ['notice log-trimmed']])
  })

  test('[V-12] a log that is shorter than what was seen is another log: the transcript begins anew', () => {
    const before = fold([prompt('p1'), start(1, 'p1'), text(1, 'a')])
    const after = applyFrame(before, { type: 'snapshot', session: view, from: 1, seq: 2 })
    expect(after.cursor).toBe(0)
    expect(brief(after)).toEqual([])
  })

  test('[V-13] the session is the one said last; a stream that ended says so until the next is opened', () => {
    const over = { type: 'end', code: 'going-away', message: 'Stopping.', retry: true } as const
    const frames: ViewerFrame[] = [
      { type: 'snapshot', session: view, from: 1, seq: 0 },
      { type: 'caught-up', seq: 0 },
      { type: 'state', session: { ...view, status: 'working' } },
      over,
    ]
    const state = frames.reduce(applyFrame, emptyTranscript())
    expect(state).toMatchObject({ caughtUp: true, session: { status: 'working' }, ended: over })
    const opened = applyFrame(state, { type: 'snapshot', session: view, from: 1, seq: 0 })
    expect(opened).toMatchObject({ caughtUp: false, session: { status: 'idle' } })
    expect(opened.ended).toBeUndefined()
  })
})

describe('what a person reads', () => {
  test('[V-5] the queue is in the order it was put into, however that came about', () => {
    const order = (entries: Parameters<typeof fold>[0]) =>
      fold(entries).queue.map(({ promptId }) => promptId)
    const entries = [
      prompt('p1'),
      start(1, 'p1'),
      prompt('p2'),
      prompt('p3'),
      { type: 'prompt-accepted', promptId: 'p4', text: 'now', position: 1 } as const,
    ]
    expect(order(entries)).toEqual(['p4', 'p2', 'p3'])
    const move = (promptId: string, position: number) =>
      ({ type: 'prompt-moved', promptId, position }) as const
    expect(order([...entries, move('p3', 1)])).toEqual(['p3', 'p4', 'p2'])
    expect(order([...entries, move('p4', 3), move('p2', 2)])).toEqual(['p3', 'p2', 'p4'])
    expect(brief(fold([...entries, move('p9', 1)])).at(-1)).toBe('other prompt-moved')
  })

  test('[V-80] a prompt carries when it was delivered, taken and first heard of', () => {
    const state = fold([
      prompt('p1'),
      start(1, 'p1'),
      { type: 'turn-delivered', turn: 1 },
      { type: 'turn-taken', turn: 1 },
      text(1, 'one'),
      text(1, 'two'),
      finishedTurn(1, 'p1'),
    ])
    expect(findItem(state, 'prompt:p1')).toMatchObject({
      acceptedAt: 1000,
      startedAt: 2000,
      deliveredAt: 3000,
      takenAt: 4000,
      firstOutputAt: 5000,
      endedAt: 7000,
    })
  })

  test('[V-17] the end of a turn says what a person decided about it', () => {
    const decided = { type: 'turn-resolved', turn: 1, action: 'discard', promptId: 'p2' } as const
    const entries = [prompt('p1'), start(1, 'p1'), finishedTurn(1, 'p1')]
    expect(findItem(fold(entries), 'turn-end:1')).not.toHaveProperty('resolved')
    expect(findItem(fold([...entries, decided]), 'turn-end:1')).toMatchObject({
      resolved: 'discard',
    })
    expect(brief(fold([decided]))).toEqual(['other turn-resolved'])
  })

  test('[V-5] a prompt waits in the queue and is read where its turn began, with its receipts', () => {
    const entries = [
      prompt('p1'),
      start(1, 'p1'),
      { type: 'turn-taken', turn: 1 } as const,
      prompt('p2'),
      prompt('p3'),
      text(1, 'one'),
      { type: 'prompt-edited', promptId: 'p2', text: 'other' } as const,
      { type: 'prompt-cancelled', promptId: 'p3' } as const,
      finishedTurn(1, 'p1'),
    ]
    const waiting = fold(entries)
    expect(waiting.queue).toMatchObject([{ promptId: 'p2', text: 'other', state: 'queued' }])
    const state = fold([...entries, start(2, 'p2')])
    expect(state.queue).toEqual([])
    expect(state.running).toMatchObject({ turn: 2, promptId: 'p2', startedAt: 10_000 })
    expect(brief(state)).toEqual([
      'prompt p1 done',
      'text one',
      'prompt p3 cancelled',
      'turn-end end-turn',
      'prompt p2 running',
    ])
    expect(itemAt(state.items, 0)).toMatchObject({
      acceptedAt: 1000,
      startedAt: 2000,
      takenAt: 3000,
      endedAt: 9000,
      outcome: 'completed',
    })
    expect(itemAt(state.items, 3)).toMatchObject({ durationMs: 7000 })
  })

  test('[V-6] text of one message is one item: another message, turn, thought or tool begins a new one, an update does not', () => {
    const usage: LogEntry = {
      type: 'agent-update',
      turn: 1,
      update: { sessionUpdate: 'usage', n: 1 },
    }
    const state = fold([
      text(1, 'a'),
      usage,
      text(1, 'b'),
      text(1, 'c', 'm2'),
      { type: 'thought', turn: 1, text: 't' },
      { type: 'thought', turn: 1, text: 'u' },
      text(1, 'd', 'm2'),
      text(2, 'e', 'm2'),
    ])
    expect(brief(state)).toEqual(['text ab', 'text c', 'thought tu', 'text d', 'text e'])
    expect(state.agentUpdates).toEqual({ usage: { sessionUpdate: 'usage', n: 1 } })
    expect(itemAt(state.items, 0)).toMatchObject({ at: 1000, until: 3000 })
  })

  test('[V-7] a tool call is one item where it began, and the latest of each field counts', () => {
    const state = fold([
      start(1, 'p1'),
      { type: 'tool', turn: 1, toolCallId: 't', title: 'Edit', kind: 'edit', status: 'pending' },
      text(1, 'between'),
      { type: 'tool', turn: 1, toolCallId: 't', status: 'in_progress', rawInput: { a: 1 } },
      { type: 'tool', turn: 2, toolCallId: 't', title: 'Same id, next turn' },
      {
        type: 'tool',
        turn: 1,
        toolCallId: 't',
        status: 'completed',
        content: [{ type: 'diff' }],
        locations: [{ path: 'f' }],
      },
    ])
    expect(brief(state).slice(1)).toEqual([
      'tool Edit completed',
      'text between',
      'tool Same id, next turn pending',
    ])
    expect(itemAt(state.items, 1)).toMatchObject({
      kind: 'edit',
      rawInput: { a: 1 },
      content: [{ type: 'diff' }],
      locations: [{ path: 'f' }],
      seq: 2,
      at: 2000,
      endedAt: 6000,
    })
  })

  test('[V-8] what a turn leaves open is closed with it: a tool is unknown, a permission withdrawn, and neither opens again', () => {
    const entries: LogEntry[] = [
      prompt('p1'),
      start(1, 'p1'),
      { type: 'tool', turn: 1, toolCallId: 'open', title: 'Open', status: 'in_progress' },
      { type: 'tool', turn: 1, toolCallId: 'done', title: 'Done', status: 'completed' },
      ask,
      finishedTurn(1, 'p1'),
    ]
    const closed = ['tool Open unknown', 'tool Done completed', 'permission Write? withdrawn']
    expect(brief(fold(entries)).slice(1, 4)).toEqual(closed)
    const late: LogEntry = { type: 'tool', turn: 1, toolCallId: 'open', status: 'in_progress' }
    const after = fold([...entries, late])
    expect(brief(after).slice(1, 4)).toEqual(closed)
    expect(after.open).toEqual([])
    const done: LogEntry = { type: 'tool', turn: 1, toolCallId: 'open', status: 'completed' }
    expect(brief(fold([...entries, late, done]))[1]).toBe('tool Open completed')
  })

  test('[V-9] a turn has one plan, replaced where it stands', () => {
    const state = fold([
      { type: 'plan', turn: 1, entries: [{ content: 'a' }] },
      text(1, 'x'),
      { type: 'plan', turn: 1, entries: [{ content: 'a' }, { content: 'b' }] },
      { type: 'plan', turn: 2, entries: [{ content: 'c' }] },
    ])
    expect(brief(state)).toEqual(['plan a,b', 'text x', 'plan c'])
  })

  test('[V-10] a permission says who answered it and with what, or why it was withdrawn', () => {
    const answered: LogEntry = {
      type: 'permission-settled',
      permissionId: 'q1',
      optionId: 'yes',
      by: 'page',
    }
    expect(itemAt(fold([ask, answered]).items, 0)).toMatchObject({
      state: 'answered',
      optionId: 'yes',
      by: 'page',
      settledAt: 2000,
    })
    const gone: LogEntry = { type: 'permission-settled', permissionId: 'q1', by: 'agent' }
    expect(itemAt(fold([ask, gone]).items, 0)).toMatchObject({ state: 'withdrawn', by: 'agent' })
  })

  test('[V-11] an event of a type that is not known is shown whole, not hidden', () => {
    const raw = { type: 'later-invention', seq: 1, at: 5, what: 'new' }
    const frame = decodeFrame(JSON.stringify({ type: 'events', events: [raw] }))
    if (typeof frame === 'string') throw new Error(`decoded as ${frame}`)
    const state = applyFrame(emptyTranscript(), frame)
    expect(itemAt(state.items, 0)).toMatchObject({ type: 'other', event: { event: raw } })
    expect(state.cursor).toBe(1)
  })

  test('[V-11] what happens to the session itself is a notice, and an event without its beginning is shown as it is', () => {
    const state = fold([
      { type: 'preparation-started', attempt: 1, generation: 1 },
      { type: 'runner-lost', generation: 1, graceUntil: 9 },
      { type: 'permission-settled', permissionId: 'unseen', by: 'page' },
      { type: 'prompt-cancelled', promptId: 'unseen' },
      { type: 'session-deleted' },
    ])
    expect(brief(state)).toEqual([
      'notice preparation-started',
      'notice runner-lost',
      'other permission-settled',
      'other prompt-cancelled',
      'notice session-deleted',
    ])
  })
})

describe('sharing', () => {
  test('[V-4] items keep their key and place, and blocks that did not change keep their identity', () => {
    const notices: LogEntry[] = Array.from({ length: 3 * blockItems }, () => ({
      type: 'session-ready',
    }))
    const tool: LogEntry = { type: 'tool', turn: 1, toolCallId: 't', title: 'T' }
    const before = fold([tool, ...notices])
    const after = fold([tool, ...notices, { ...tool, status: 'completed' }], before)
    expect(after.items.length).toBe(3 * blockItems + 1)
    const same = after.items.blocks.map((block, index) => block === before.items.blocks[index])
    expect(same).toEqual([false, true, true, true])
    expect(itemAt(before.items, 0)).toMatchObject({ key: 'tool:1:t', status: 'pending' })
    expect(itemAt(after.items, 0)).toMatchObject({ key: 'tool:1:t', status: 'completed' })
    expect(itemAt(after.items, 1)).toBe(itemAt(before.items, 1))
  })
})

const turn = fc.integer({ min: 1, max: 3 })
const promptId = fc.constantFrom('p1', 'p2', 'p3')
const anyEntry: fc.Arbitrary<LogEntry> = fc.oneof(
  promptId.map(prompt),
  fc.tuple(turn, promptId).map(([n, id]) => start(n, id)),
  fc.tuple(turn, promptId).map(([n, id]) => finishedTurn(n, id)),
  fc.tuple(turn, fc.string(), fc.constantFrom('m1', undefined)).map(([n, s, m]) => text(n, s, m)),
  fc.tuple(turn, fc.string()).map(([n, s]): LogEntry => ({ type: 'thought', turn: n, text: s })),
  fc
    .tuple(turn, fc.constantFrom('a', 'b'), fc.constantFrom('pending', 'completed', undefined))
    .map(([n, toolCallId, status]): LogEntry => ({ type: 'tool', turn: n, toolCallId, status })),
  turn.map((n): LogEntry => ({ type: 'plan', turn: n, entries: [] })),
  turn.map((n): LogEntry => ({ ...ask, turn: n })),
  fc.constant<LogEntry>({ type: 'permission-settled', permissionId: 'q1', by: 'page' }),
  fc.constant<LogEntry>({ type: 'session-ready' }),
)

test('[V-3] however frames are cut, repeated and resumed, the transcript is that of the whole log', () => {
  const seed = seedFromEnv(process.env, randomInt(2 ** 31))
  console.info(seedLine('fold', seed))
  let resumed = 0
  let repeated = 0
  const log = fc.array(anyEntry, { minLength: 1, maxLength: 60 })
  const steps = fc.array(fc.record({ back: fc.nat(8), length: fc.nat(8), reopen: fc.boolean() }), {
    maxLength: 60,
  })
  const property = fc.property(log, steps, (entries, cuts) => {
    const events: readonly ViewerEvent[] = logged(entries)
    const seq = events.length
    const whole = applyFrame(emptyTranscript(), { type: 'events', events })
    let state = emptyTranscript()
    for (const { back, length, reopen } of [...cuts, { back: 0, length: seq, reopen: true }]) {
      if (reopen) {
        resumed += 1
        state = applyFrame(state, { type: 'snapshot', session: view, from: state.cursor + 1, seq })
      }
      const from = Math.max(0, state.cursor - back)
      if (from < state.cursor) repeated += 1
      const some = events.slice(from, state.cursor + length)
      if (some.length > 0) state = applyFrame(state, { type: 'events', events: some })
    }
    expect({ ...state, session: undefined }).toEqual({ ...whole, session: undefined })
  })
  fc.assert(property, { seed, numRuns: 300 })
  expect(resumed).toBeGreaterThan(300)
  expect(repeated).toBeGreaterThan(300)
})

test('[V-3] a log of 100,000 events, one frame each, folds to the same items as in one frame', () => {
  const entries: LogEntry[] = Array.from({ length: 100_000 }, (_, index) =>
    index % 2 === 0
      ? { type: 'tool', turn: 1, toolCallId: `t${index}`, status: 'completed' }
      : text(1, 'x'),
  )
  const events = logged(entries)
  const state = events.reduce(
    (before, event) => applyFrame(before, { type: 'events', events: [event] }),
    emptyTranscript(),
  )
  const whole = applyFrame(emptyTranscript(), { type: 'events', events })
  expect(state.items.length).toBe(100_000)
  expect(brief(state).join('\n')).toBe(brief(whole).join('\n'))
})

test('[S-130] what is said late stands with its turn, and what is said outside of one is a notice that goes on', () => {
  const ended = fold([prompt('p1'), start(1, 'p1'), text(1, 'a'), finishedTurn(1, 'p1')])
  const outside = (said: string): LogEntry => ({
    type: 'said-after',
    kind: 'text',
    after: 1,
    text: said,
  })
  const rest = [text(1, 'b'), text(1, 'c'), outside('by '), outside('the way')]
  const all = applyFrame(ended, {
    type: 'events',
    events: logged([prompt('p1'), start(1, 'p1'), text(1, 'a'), finishedTurn(1, 'p1'), ...rest]),
  })
  const items = itemsOf(all.items)
  expect(items.map(briefItem)).toEqual([
    'prompt p1 done',
    'text a',
    'turn-end end-turn',
    'text bc',
    'notice said-after',
  ])
  expect(items[1]).not.toHaveProperty('late')
  expect(items[3]).toMatchObject({ turn: 1, late: true })
  expect(items[4]).toMatchObject({ event: { text: 'by the way' } })
})
