import { expect, test } from 'vitest'
import { Bus, type BusFact } from './bus.ts'

const session = 'ses_1'
const prompt = 'msg_1'

function begun(): Bus {
  const bus = new Bus(session)
  bus.begin(prompt)
  bus.take(message('user', prompt))
  bus.take(message('assistant', 'msg_2'))
  return bus
}

function event(type: string, properties: object) {
  return { type, properties: { sessionID: session, ...properties } }
}
function message(role: string, id: string, more: object = {}) {
  return event('message.updated', { info: { id, role, sessionID: session, time: {}, ...more } })
}
function part(id: string, type: string, more: object = {}) {
  return event('message.part.updated', { part: { id, type, messageID: 'msg_2', ...more } })
}
function delta(partID: string, piece: string) {
  return event('message.part.delta', { messageID: 'msg_2', partID, field: 'text', delta: piece })
}
function retry() {
  return event('session.status', { status: { type: 'retry', attempt: 1, message: 'no', next: 1 } })
}
const permission = {
  id: 'per_1',
  permission: 'bash',
  patterns: ['ls'],
  metadata: { command: 'ls' },
  always: ['ls *'],
  tool: { callID: 'call_1' },
}
const nothing = { messages: [], permissions: [], questions: [], busy: true }

function text(facts: readonly BusFact[], kind = 'agent_message_chunk'): string {
  return facts
    .flatMap((fact) => (fact.type === 'update' && fact.update.sessionUpdate === kind ? fact : []))
    .map(({ update }) => JSON.stringify(update['content']).replaceAll(/^.*"text":"|"\}$/g, ''))
    .join('')
}

test('[A-40] text is told once whichever way it comes, a person’s own not at all', () => {
  const bus = begun()
  const facts = [
    part('p0', 'text', { messageID: prompt, text: 'what I asked' }),
    part('p1', 'text', { text: '' }),
    delta('p1', 'one '),
    delta('p1', 'two'),
    part('p1', 'text', { text: 'one two three', time: { end: 1 } }),
    delta('p1', 'late'),
    part('p2', 'reasoning', { text: '' }),
    delta('p2', 'hm'),
  ].flatMap((one) => bus.take(one))
  expect(text(facts)).toBe('one two three')
  expect(text(facts, 'agent_thought_chunk')).toBe('hm')
})

test('[A-40] [A-48] a gap in a text is filled from the whole, and nothing is told twice', () => {
  for (const missed of [0, 1, 2, 3, 4]) {
    const bus = begun()
    const pieces = ['a', 'b', 'c', 'd', 'e']
    const told = [
      part('p1', 'text', { text: '' }),
      ...pieces.slice(0, missed).map((one) => delta('p1', one)),
    ].flatMap((one) => bus.take(one))
    const kept = [
      { info: { id: prompt, role: 'user', sessionID: session, time: {} }, parts: [] },
      {
        info: { id: 'msg_2', role: 'assistant', sessionID: session, time: {} },
        parts: [
          { id: 'p1', type: 'text', messageID: 'msg_2', text: '' },
          { id: 'p3', type: 'text', messageID: 'msg_2', text: '' },
        ],
      },
    ]
    const after = [
      ...bus.catchUp({ ...nothing, messages: kept }),
      ...[delta('p1', 'e'), part('p1', 'text', { text: 'abcde', time: { end: 1 } })].flatMap(
        (one) => bus.take(one),
      ),
      // Its beginning was in the gap: only the whole tells it.
      ...[delta('p3', 'yz'), part('p3', 'text', { text: 'xyz', time: { end: 1 } })].flatMap((one) =>
        bus.take(one),
      ),
    ]
    expect(text([...told, ...after])).toBe('abcdexyz')
  }
})

test('[A-41] a try after a failed one is told from where it says more, or as a paragraph of its own', () => {
  const tell = (...events: object[]) => {
    const bus = begun()
    return text(events.flatMap((one) => bus.take(one)))
  }
  const failed = [
    part('s1', 'step-start'),
    part('p1', 'text', { text: '' }),
    delta('p1', 'one two'),
  ]
  const again = [retry(), part('s2', 'step-start'), part('p2', 'text', { text: '' })]
  expect(tell(...failed, ...again, delta('p2', 'one '), delta('p2', 'two three'))).toBe(
    'one two three',
  )
  expect(tell(...failed, ...again, delta('p2', 'one'), ...again, delta('p2', ' '))).toBe(
    'one two\\n\\n ',
  )
  expect(tell(...failed, ...again, delta('p2', 'on'), delta('p2', 'e! more'))).toBe(
    'one two\\n\\none! more',
  )
  // Without a failure the same words again are said again.
  expect(tell(...failed, part('s2', 'step-start'), delta('p2', 'one two'))).toBe('one twoone two')
})

test('[A-42] only the session’s own rest counts, and only after its prompt was seen', () => {
  const bus = new Bus(session)
  bus.begin(prompt)
  const idle = event('session.idle', {})
  expect(bus.take(idle)).toEqual([])
  bus.take(message('user', prompt))
  expect(bus.take({ type: 'session.idle', properties: { sessionID: 'ses_2' } })).toEqual([])
  expect(bus.take(idle)).toEqual([{ type: 'idle' }])
  expect(bus.take(event('session.status', { status: { type: 'idle' } }))).toEqual([
    { type: 'idle' },
  ])
  expect(bus.catchUp({ ...nothing, busy: false })).toEqual([{ type: 'idle' }])
  bus.begin('msg_9')
  expect(bus.take(idle)).toEqual([])
})

test('[A-43] a question is asked once and gone once, a helper session’s too', () => {
  const bus = begun()
  const asked = event('permission.asked', permission)
  expect(bus.take(asked)).toMatchObject([{ type: 'asked', kind: 'permission' }])
  expect(bus.take(asked)).toEqual([])
  expect(bus.catchUp({ ...nothing, permissions: [{ ...permission, sessionID: session }] })).toEqual(
    [],
  )
  expect(bus.catchUp(nothing)).toEqual([{ type: 'unasked', requestId: 'per_1' }])
  expect(bus.take(event('permission.replied', { requestID: 'per_1' }))).toEqual([])

  const helper = { ...permission, id: 'per_2', sessionID: 'ses_2' }
  expect(bus.take({ type: 'permission.asked', properties: helper })).toEqual([])
  bus.take({ type: 'session.created', properties: { info: { id: 'ses_2', parentID: session } } })
  expect(bus.take({ type: 'permission.asked', properties: helper })).toMatchObject([
    { type: 'asked' },
  ])
  expect(bus.settleAll()).toEqual([{ type: 'unasked', requestId: 'per_2' }])
})

test('[A-43] a question of one choice is asked, any other form is said to be one', () => {
  const bus = begun()
  const options = [{ label: 'red' }, { label: 'blue' }]
  const ask = (id: string, questions: object[]) =>
    bus.take(event('question.asked', { id, questions }))
  expect(ask('que_1', [{ question: 'Which?', options }])).toMatchObject([
    {
      type: 'asked',
      kind: 'question',
      labels: ['red', 'blue'],
      asked: { ask: { title: 'Which?' } },
    },
  ])
  expect(ask('que_2', [{ question: 'Which?', options, multiple: true }])).toEqual([
    { type: 'unaskable', requestId: 'que_2' },
  ])
  expect(ask('que_3', [])).toEqual([{ type: 'unaskable', requestId: 'que_3' }])
})

test('[A-49] tools, plans and usage come in ACP’s words; what is unknown is carried, what is not ours is not', () => {
  const bus = begun()
  const state = (status: string, more: object = {}) => ({
    callID: 'c1',
    tool: 'edit',
    state: { status, input: { filePath: '/w/a', oldString: 'x', newString: 'y' }, ...more },
  })
  expect(bus.take(part('t1', 'tool', state('running')))).toMatchObject([
    {
      update: {
        sessionUpdate: 'tool_call',
        toolCallId: 'c1',
        status: 'in_progress',
        kind: 'edit',
        title: 'edit: /w/a',
      },
    },
  ])
  expect(bus.take(part('t1', 'tool', state('error', { error: 'no such file' })))).toMatchObject([
    {
      update: {
        sessionUpdate: 'tool_call_update',
        status: 'failed',
        content: [
          { type: 'diff', path: '/w/a', oldText: 'x', newText: 'y' },
          { type: 'content', content: { type: 'text', text: 'no such file' } },
        ],
      },
    },
  ])
  // Of a file that was there before, the old text is not known.
  const write = {
    callID: 'c2',
    tool: 'write',
    state: {
      status: 'completed',
      input: { filePath: '/w/a', content: 'z' },
      metadata: { exists: true },
    },
  }
  expect(bus.take(part('t2', 'tool', write))[0]).not.toHaveProperty('update.content')
  const todos = [{ content: 'look', status: 'pending' }]
  expect(bus.take(event('todo.updated', { todos }))).toMatchObject([
    { update: { sessionUpdate: 'plan', entries: todos } },
  ])
  const tokens = { input: 10, output: 2, reasoning: 1, cache: { read: 5, write: 0 } }
  expect(bus.take(part('f', 'step-finish', { tokens }))).toEqual([
    { type: 'usage', usage: { inputTokens: 15, outputTokens: 3, contextUsed: 18 } },
  ])
  expect(bus.take(event('session.dreamt', { of: 'sheep' }))).toMatchObject([
    { update: { sessionUpdate: 'session.dreamt', of: 'sheep' } },
  ])
  expect(bus.take(part('x', 'hologram'))).toMatchObject([
    { update: { sessionUpdate: 'part:hologram' } },
  ])
  for (const odd of [
    undefined,
    1,
    {},
    { type: 'x' },
    { type: 'session.idle' },
    { type: 'server.heartbeat', properties: {} },
  ])
    expect(bus.take(odd)).toEqual([])
})
