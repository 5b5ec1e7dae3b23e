import { expect, test } from 'vitest'
import { nextAnswer, type Message } from './conversation.ts'
import { answersOf, askedCommand, directivesOf } from './directives.ts'
import { toolCall } from './tool-call.ts'

const tools = [{ name: 'bash', schema: {} }]
const user = (text: string): Message => ({ role: 'user', text })
const result: Message = { role: 'tool', text: 'fine' }

test('[T-2] a prompt is read as its directives, in order', () => {
  const text =
    'Do: [[say two words]] [[slow 3 10]] [[write /a/b.txt some text]] [[bash ls -l]] [[tool x {"a":1}]] [[hang]] [[error 429 2]] [[error 500]] [[drop 2 5]] [[drop 2 5 1]]'
  expect(directivesOf(text)).toEqual([
    { type: 'say', text: 'two words' },
    { type: 'slow', tokens: 3, everyMs: 10 },
    { type: 'write', path: '/a/b.txt', text: 'some text' },
    { type: 'bash', command: 'ls -l' },
    { type: 'tool', name: 'x', json: '{"a":1}' },
    { type: 'hang' },
    { type: 'error', status: 429, times: 2 },
    { type: 'error', status: 500, times: Infinity },
    { type: 'drop', tokens: 2, everyMs: 5, times: Infinity },
    { type: 'drop', tokens: 2, everyMs: 5, times: 1 },
  ])
  expect(directivesOf('none [here] or [[elsewhere]]')).toEqual([])
  expect(() => directivesOf('[[slow many]]')).toThrow('wants a number')
})

test('[T-2] reset forgets what stands before it', () => {
  expect(directivesOf('[[say old]] [[reset]] [[say new]]')).toEqual([{ type: 'say', text: 'new' }])
})

test('[T-2] an answer ends with its tool call, and the next begins after its result', () => {
  const script = '[[say a]] [[bash one]] [[say b]] [[bash two]] [[say c]]'
  expect(answersOf(directivesOf(script)).map((answer) => answer.length)).toEqual([2, 2, 1])
  const messages = [user(script)]
  const types = (list: readonly Message[]) =>
    nextAnswer({ messages: list, tools }).map((directive) =>
      directive.type === 'say' ? directive.text : directive.type,
    )
  expect(types(messages)).toEqual(['a', 'bash'])
  expect(types([...messages, result])).toEqual(['b', 'bash'])
  expect(types([...messages, result, result])).toEqual(['c'])
  expect(types([...messages, result, result, result])).toEqual(['Done.'])
})

test('[T-2] a later prompt counts, and what an agent adds on its own does not', () => {
  const said = (messages: readonly Message[], offered = tools) =>
    nextAnswer({ messages, tools: offered })[0]
  const old = user('[[say old]]')
  expect(said([old, user('[[say new]]')])).toEqual({ type: 'say', text: 'new' })
  expect(said([old, user('<environment>a b</environment>')])).toEqual({ type: 'say', text: 'old' })
  expect(said([old, user('# AGENTS.md\n…')])).toEqual({ type: 'say', text: 'old' })
  expect(said([old, user('<reminder>x</reminder> go on')])).toEqual({
    type: 'say',
    text: 'Heard 2 messages.',
  })
  expect(said([old], [])).toEqual({ type: 'say', text: 'A title' })
})

test('[T-2] the model knows what it was shown before, and no more', () => {
  const answer = (before: readonly Message[]) =>
    nextAnswer({ messages: [...before, user('[[recall word]]')], tools })
  expect(answer([user('a word'), user('x')])).toEqual([{ type: 'say', text: 'recalled word' }])
  expect(answer([user('nothing')])).toEqual([{ type: 'say', text: 'forgot word' }])
})

test('[T-2] an answer that must be JSON fits its schema', () => {
  const answerSchema = {
    type: 'OBJECT',
    properties: { who: { type: 'STRING', enum: ['user'] }, sure: { type: 'BOOLEAN' } },
  }
  expect(nextAnswer({ messages: [user('x')], tools: [], answerSchema })).toEqual([
    { type: 'say', text: '{"who":"user","sure":false}' },
  ])
})

test('[T-2] a call fits the tool that the agent offers', () => {
  const write = { type: 'write', path: '/a', text: "it's" } as const
  const schema = {
    properties: {
      file_path: { type: 'string' },
      content: { type: 'string' },
      mode: { type: 'string', enum: ['new'] },
      unasked: { type: 'string' },
    },
    required: ['file_path', 'content', 'mode'],
  }
  expect(toolCall(write, [{ name: 'Write', schema }])).toEqual({
    name: 'Write',
    input: { file_path: '/a', content: "it's", mode: 'new' },
  })
  const shell = { name: 'shell', schema: { properties: { command: { type: 'array' } } } }
  expect(toolCall(write, [shell])).toEqual({
    name: 'shell',
    input: { command: ['bash', '-c', String.raw`printf '%s' 'it'\''s' > '/a'`] },
  })
  expect(toolCall({ type: 'bash', command: 'ls' }, [{ name: 'read', schema: {} }])).toContain(
    'no tool here',
  )
  const [asked] = directivesOf(askedCommand('echo "hi" > a'))
  expect(asked?.type === 'tool' && toolCall(asked, [])).toEqual({
    name: 'exec_command',
    input: {
      cmd: 'echo "hi" > a',
      sandbox_permissions: 'require_escalated',
      justification: 'a test',
    },
  })
})
