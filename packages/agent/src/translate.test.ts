import { limits, reportSchema, utf8Bytes } from '@belay/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exitSentence, ownWords } from './exit.ts'
import { fit } from './fit.ts'
import { translate, translateAfter } from './translate.ts'

const text = { type: 'text', text: 'hi' }

describe('translate', () => {
  test.each([
    [
      { sessionUpdate: 'agent_message_chunk', content: text, messageId: 'm' },
      { type: 'text', turn: 3, text: 'hi', messageId: 'm' },
    ],
    [
      { sessionUpdate: 'agent_message_chunk', content: text, messageId: null },
      { type: 'text', turn: 3, text: 'hi' },
    ],
    [
      { sessionUpdate: 'agent_thought_chunk', content: text },
      { type: 'thought', turn: 3, text: 'hi' },
    ],
    [
      { sessionUpdate: 'tool_call', toolCallId: 't', title: 'T', status: 'pending', _meta: {} },
      { type: 'tool', turn: 3, toolCallId: 't', title: 'T', status: 'pending' },
    ],
    [
      { sessionUpdate: 'tool_call_update', toolCallId: 't', title: null, status: 'completed' },
      { type: 'tool', turn: 3, toolCallId: 't', status: 'completed' },
    ],
    [
      { sessionUpdate: 'tool_call_update', toolCallId: 't', status: 'paused' },
      { type: 'tool', turn: 3, toolCallId: 't' },
    ],
    [
      { sessionUpdate: 'plan', entries: [{ content: 'a', status: 'pending' }] },
      { type: 'plan', turn: 3, entries: [{ content: 'a', status: 'pending' }] },
    ],
  ])('[A-24] %j', (update, report) => {
    expect(translate(update, 3)).toEqual([report])
  })

  test.each([
    [{ sessionUpdate: 'usage_update', used: 3 }],
    [{ sessionUpdate: 'from_the_future', x: { y: 1 } }],
    [{ sessionUpdate: 'tool_call', title: 'without an id' }],
    [{ sessionUpdate: 'agent_message_chunk', content: { type: 'image', data: 'x' } }],
  ])('[A-2] %j is carried as it is', (update) => {
    expect(translate(update, 3)).toEqual([{ type: 'agent-update', turn: 3, update }])
  })

  test('[A-4] what is said and done outside of a turn is told as that, after the turn it came after', () => {
    const type = 'said-after'
    const words = { sessionUpdate: 'agent_message_chunk', content: text }
    expect(translate(words, undefined)).toEqual([{ type, kind: 'text', text: text.text }])
    expect(translateAfter(words, 3)).toEqual([{ type, kind: 'text', after: 3, text: text.text }])
    const tool = {
      sessionUpdate: 'tool_call',
      toolCallId: 't',
      title: 'Run',
      status: 'in_progress',
    }
    expect(translateAfter(tool, 3)).toEqual([
      { type, kind: 'tool', after: 3, text: 'Run (in progress)', update: tool },
    ])
    const plan = { sessionUpdate: 'plan', entries: [{ content: 'a' }, { content: 'b' }] }
    expect(translateAfter(plan, 3)).toEqual([
      { type, kind: 'plan', after: 3, text: 'a\nb', update: plan },
    ])
    const long = { ...words, content: { type: 'text', text: 'x'.repeat(limits.eventBytesMax) } }
    const said = translateAfter(long, 3)
    expect(said.length).toBeGreaterThan(1)
    expect(said.flatMap((report) => (report.type === type ? report.text : [])).join('')).toBe(
      long.content.text,
    )
    const update = { sessionUpdate: 'available_commands_update' }
    expect(translate(update, undefined)).toEqual([{ type: 'agent-update', update }])
  })

  test('[A-3] text of any length arrives whole, in reports that fit', () => {
    const unit = fc.constantFrom('a', '\u0001', 'é', '€', '😀')
    const many = fc.tuple(
      unit,
      fc.integer({ min: 0, max: 90_000 }),
      unit,
      fc.integer({ min: 0, max: 3 }),
    )
    let split = 0
    fc.assert(
      fc.property(many, ([one, times, other, more]) => {
        const whole = other.repeat(more) + one.repeat(times) + other
        const reports = translate(
          { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: whole } },
          1,
        )
        if (reports.length > 1) split += 1
        expect(reports.map((report) => (report.type === 'text' ? report.text : '')).join('')).toBe(
          whole,
        )
        for (const report of reports)
          expect(utf8Bytes(JSON.stringify(report))).toBeLessThanOrEqual(limits.eventBytesMax)
      }),
      { numRuns: 30 },
    )
    expect(split).toBeGreaterThan(0)
  })

  test('[A-5] a tool output that is too large is cut, says how much is missing, and is still a report', () => {
    const big = 'x'.repeat(2_000_000)
    const [report] = translate(
      {
        sessionUpdate: 'tool_call_update',
        toolCallId: 't',
        content: [{ type: 'content', content: { type: 'text', text: big } }],
        rawOutput: { out: big },
      },
      1,
    )
    const json = JSON.stringify(report)
    expect(utf8Bytes(json)).toBeLessThan(limits.eventBytesMax)
    expect(json).toContain('[cut by Belay: 1934464 more characters]')
    expect(() => reportSchema.parse(report)).not.toThrow()
  })
})

test('[A-5] even a value of a million short strings is made to fit', () => {
  const value = { list: Array.from({ length: 1_000_000 }, () => 'short') }
  expect(JSON.stringify(fit(value, 1000)).length).toBeLessThan(1000)
  const small = { a: 1 }
  expect(fit(small, 1000)).toBe(small)
})

test.each([
  [{ code: 0, stderr: ['x'] }, 'The agent ended by itself.'],
  [
    { code: 3, stderr: ['a', 'bad luck', ' '] },
    'The agent stopped by itself (exit code 3). Its last words: bad luck',
  ],
  [
    { signal: 'SIGKILL', stderr: [] },
    'The agent was killed (SIGKILL), from outside or for lack of memory.',
  ],
  [{ signal: 'SIGKILL', stderr: ['Killed'], verdict: 'The agent hung.' }, 'The agent hung.'],
  [{ signal: 'SIGUSR2', stderr: [] }, 'The agent was ended by SIGUSR2.'],
  [{ code: 127, stderr: [] }, 'The agent was not found.'],
  [{ error: 'spawn x ENOENT', stderr: [] }, 'The agent could not be started: spawn x ENOENT.'],
])('[A-25] %j in words', (exit, sentence) => {
  expect(exitSentence(exit)).toBe(sentence)
})

test.each(['Killed', 'sh: line 1:    42 Segmentation fault      (core dumped) agent --acp'])(
  '[P-60] what a shell says of a killed agent is none of its words: %s',
  (line) => {
    const stderr = ['boom', line]
    expect(ownWords(stderr, { signal: 'SIGKILL', stderr })).toEqual(['boom'])
    // One that ended by itself said so itself.
    expect(ownWords(stderr, { code: 1, stderr })).toEqual(stderr)
  },
)
