import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { routes } from './api.ts'
import { utf8Bytes } from './utf8-bytes.ts'
import { commandSchema } from './command.ts'
import { eventSchema } from './event.ts'
import { helloSchema } from './hello.ts'
import { limits } from './limits.ts'
import { reportSchema } from './report.ts'
import { closeCodes, listFrameSchema, streamFrameSchema } from './stream.ts'

/** The paths that a schema complains of, `a.b` each. */
function refused(schema: z.ZodType, value: unknown): string[] {
  return schema.safeParse(value).error?.issues.map(({ path }) => path.join('.')) ?? []
}

const create = {
  agent: { name: 'demo' },
  workspace: { type: 'folder', path: '/somewhere' },
  prompt: { promptId: 'p1', text: 'hello' },
}
const bodies = {
  create: routes.createSession.body,
  prompt: routes.prompt.body,
  edit: routes.editPrompt.body,
  answer: routes.answerPermission.body,
  interrupt: routes.interrupt.body,
}

test('[P-12] good input is taken and filled in', () => {
  expect(bodies.create.parse(create)).toEqual(create)
  expect(bodies.create.parse({ ...create, agent: { command: '/bin/agent' } }).agent).toEqual({
    command: '/bin/agent',
    args: [],
  })
  expect(bodies.answer.parse({ optionId: 'yes' })).toEqual({ optionId: 'yes', by: 'api' })
  expect(bodies.interrupt.parse({})).toEqual({})
  expect(routes.events.query.parse({ after: '7' })).toEqual({ after: 7, limit: 500 })
})

test.each([
  ['prompt', {}, ['promptId', 'text']],
  ['prompt', { promptId: 'p', text: 5 }, ['text']],
  ['prompt', { promptId: 'p', text: '' }, ['text']],
  ['prompt', { promptId: '-p', text: 'x' }, ['promptId']],
  ['prompt', { promptId: 'p'.repeat(65), text: 'x' }, ['promptId']],
  ['edit', { text: 'x'.repeat(limits.promptBytesMax + 1) }, ['text']],
  ['create', { ...create, id: 'a b' }, ['id']],
  ['create', { ...create, id: '../../etc' }, ['id']],
  ['create', { ...create, prompt: { promptId: 'p', text: 1 } }, ['prompt.text']],
  ['create', { ...create, title: 'x'.repeat(limits.titleCharsMax + 1) }, ['title']],
  ['create', { ...create, workspace: { type: 'folder', path: 'here' } }, ['workspace.path']],
  ['create', { ...create, workspace: { type: 'moon' } }, ['workspace.type']],
  [
    'create',
    { ...create, workspace: { type: 'repository', url: '--upload-pack=x' } },
    ['workspace.url'],
  ],
  [
    'create',
    { ...create, workspace: { type: 'repository', url: '/u', branch: '-x' } },
    ['workspace.branch'],
  ],
  [
    'create',
    { ...create, workspace: { type: 'repository', url: '/u', branch: 'a b' } },
    ['workspace.branch'],
  ],
  ['create', { ...create, agent: {} }, ['agent']],
  ['answer', { optionId: '' }, ['optionId']],
  ['interrupt', { turn: 0 }, ['turn']],
] as const)('[P-12] a bad %s body %j is refused by the path of its field', (name, body, paths) => {
  expect(refused(bodies[name], body)).toEqual(paths)
})

test('[P-13] a body with a field nobody knows is refused: a typing error must not be lost', () => {
  for (const [name, body] of Object.entries({ create, interrupt: { trun: 1 } })) {
    const schema = name === 'create' ? bodies.create : bodies.interrupt
    const result = schema.safeParse({ ...body, trun: 1 })
    expect(result.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['trun'] })
  }
})

test('[P-13] a message with a field nobody knows is taken: a newer runner may say more', () => {
  const hello = { version: 1, session: 's', generation: 1, received: 0 }
  expect(helloSchema.parse({ ...hello, mood: 'good' })).toEqual(hello)
  expect(reportSchema.safeParse({ type: 'text', turn: 1, text: 'x', mood: 'good' }).success).toBe(
    true,
  )
})

test.each([
  [reportSchema, { type: 'text', turn: 0, text: 'x' }, ['turn']],
  [reportSchema, { type: 'no-such' }, ['type']],
  [reportSchema, { type: 'tool', turn: 1, toolCallId: '' }, ['toolCallId']],
  [reportSchema, { type: 'tool', turn: 1, toolCallId: 'a', status: 'lost' }, ['status']],
  [commandSchema, { type: 'prompt', turn: 1, promptId: 'p' }, ['text']],
  [commandSchema, { type: 'interrupt' }, ['turn']],
  [
    helloSchema,
    { version: 1, session: 's', generation: 0, received: -1 },
    ['generation', 'received'],
  ],
  [eventSchema, { type: 'session-ready', seq: 0, at: 1 }, ['seq']],
  [eventSchema, { type: 'session-ready', seq: 1 }, ['at']],
] as const)(
  '[P-12] a bad message is refused by the path of its field: %#',
  (schema, value, paths) => {
    expect(refused(schema, value)).toEqual(paths)
  },
)

test('[P-14] a prompt’s limit counts bytes of UTF-8, not letters', () => {
  const text = 'ü'.repeat(limits.promptBytesMax / 2)
  expect(refused(bodies.edit, { text })).toEqual([])
  expect(refused(bodies.edit, { text: `${text}x` })).toEqual(['text'])
})

test('[P-14] the length in bytes is what encoding gives, for any text', () => {
  const encoder = new TextEncoder()
  const unit = fc.oneof(
    fc.constantFrom(
      'a',
      '\u007f',
      '\u0080',
      '\u07ff',
      '\u0800',
      '\uffff',
      '😀',
      '\ud83d',
      '\ude00',
    ),
    fc.string({ unit: 'binary', maxLength: 1 }),
  )
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(utf8Bytes(text)).toBe(encoder.encode(text).length)
    }),
    { numRuns: 2000 },
  )
})

test('[P-15] every event has its number and its time; every report that is an event keeps its name', () => {
  const events = eventSchema.options.map(({ shape }) => shape)
  const names = events.map(({ type }) => type.value)
  expect(new Set(names).size).toBe(names.length)
  for (const shape of events) {
    expect(shape.seq.safeParse(1).success && !shape.seq.safeParse(0).success).toBe(true)
    expect(shape.at.safeParse(1.5).success).toBe(false)
  }
  const reports = reportSchema.options.map(({ shape }) => shape.type.value)
  const both = reports.filter((type) => names.some((name) => name === type))
  // The others are facts the session makes events of its own from.
  expect(reports.filter((type) => !both.includes(type))).toEqual([
    'agent-link',
    'agent-offer',
    'restore-planned',
    'permission-gone',
    'step',
    'prepare-failed',
    'turn-finished',
    'closing',
  ])
})

test('[P-16] only a snapshot, events and caught-up say a number: signals never move a cursor', () => {
  const numbered = streamFrameSchema.options
    .filter(({ shape }) => 'seq' in shape || 'events' in shape || 'from' in shape)
    .map(({ shape }) => shape.type.value)
  expect(numbered).toEqual(['snapshot', 'events', 'caught-up'])
  const listed = listFrameSchema.options.filter(({ shape }) => 'seq' in shape)
  expect(listed).toEqual([])
  expect(refused(streamFrameSchema, { type: 'events', events: [] })).toEqual(['events'])
})

test('[P-17] close codes are distinct, and of those that are free for programs', () => {
  const codes = Object.values(closeCodes)
  expect(new Set(codes).size).toBe(codes.length)
  for (const code of codes) expect(code >= 4000 && code <= 4999).toBe(true)
})
