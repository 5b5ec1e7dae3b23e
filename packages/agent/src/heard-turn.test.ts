import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { HeardTurn } from './heard-turn.ts'
import { signsOf } from './quirks.ts'
import type { AgentUpdate } from './translate.ts'

const codexName = '@agentclientprotocol/codex-acp'
const claudeName = '@agentclientprotocol/claude-agent-acp'

/** Chunks as an agent sent them: each word is followed by its own space. */
function words(text: string, messageId?: string): AgentUpdate[] {
  return text.split(/(?<= )/).map((word) => ({
    sessionUpdate: 'agent_message_chunk',
    ...(messageId === undefined ? {} : { messageId }),
    content: { type: 'text', text: word },
  }))
}
function thought(text: string, messageId: string): AgentUpdate {
  return { sessionUpdate: 'agent_thought_chunk', messageId, content: { type: 'text', text } }
}
function codexMeta(codex: unknown): AgentUpdate {
  return { sessionUpdate: 'session_info_update', _meta: { codex } }
}
const codexRetry = codexMeta({
  error: {
    message: 'Reconnecting... 1/2',
    codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: null } },
    willRetry: true,
  },
})
const systemError = codexMeta({ threadStatus: { type: 'systemError' } })
/** As `noticeOfClaude` makes it of the agent's own notification. */
const claudeRetry: AgentUpdate = {
  sessionUpdate: 'retry',
  type: 'system',
  subtype: 'api_retry',
  attempt: 1,
  max_retries: 10,
}
const usage: AgentUpdate = { sessionUpdate: 'usage_update', used: 110, size: 200_000 }

const textSchema = z.object({ text: z.string() })

/** @returns what was told, by message: `id: text`, and the kind of anything else that is no sign or usage */
function told(name: string, ...updates: readonly (AgentUpdate | readonly AgentUpdate[])[]) {
  const turn = new HeardTurn(signsOf(name))
  turn.begin()
  const lines: { id: string; text: string }[] = []
  for (const update of updates.flat().flatMap((heard) => turn.hear(heard))) {
    const { sessionUpdate, messageId, content } = update
    if (/^(session_info_update|retry|usage_update)$/.test(sessionUpdate)) continue
    const id = typeof messageId === 'string' ? messageId : sessionUpdate
    const text = textSchema.safeParse(content).data?.text ?? '.'
    const last = lines.at(-1)
    if (last?.id === id) last.text += text
    else lines.push({ id, text })
  }
  return lines.map(({ id, text }) => `${id}: ${text}`)
}

const tool = (status?: string): AgentUpdate => ({
  sessionUpdate: 'tool_call',
  toolCallId: 't',
  ...(status === undefined ? {} : { status }),
})

test.each([
  [codexName, codexRetry],
  [claudeName, claudeRetry],
])('[A-60] %s: what is said again is told once, and what is new as more of it', (name, retry) => {
  expect(
    told(
      name,
      usage,
      words('tok1 tok2 tok3 ', 'msg_1'),
      retry,
      words('tok1 tok2 tok3 tok4 tok5 ', 'msg_2'),
      usage,
      words('bye', 'msg_3'),
    ),
  ).toEqual(['msg_1: tok1 tok2 tok3 tok4 tok5 ', 'msg_3: bye'])
})

test('[A-60] words that are cut again and again are told once', () => {
  expect(
    told(
      codexName,
      words('tok1 tok2 tok3 ', 'msg_1'),
      codexRetry,
      words('tok1 ', 'msg_2'),
      codexRetry,
      words('tok1 tok2 tok3 tok4 ', 'msg_3'),
      codexRetry,
      words('tok1 tok2 tok3 tok4 tok5 ', 'msg_4'),
    ),
  ).toEqual(['msg_1: tok1 tok2 tok3 tok4 tok5 '])
})

test('[A-60] words that differ are a message of their own, told from its beginning', () => {
  expect(
    told(
      claudeName,
      words('tok1 tok2 tok3 ', 'msg_1'),
      claudeRetry,
      words('tok1 tok2 other ', 'msg_2'),
      words('words', 'msg_2'),
    ),
  ).toEqual(['msg_1: tok1 tok2 tok3 ', 'msg_2: tok1 tok2 other words'])
})

test('[A-60] thoughts are told once too, and differing ones begin a paragraph', () => {
  expect(
    told(
      codexName,
      thought('deep', 'rs_4'),
      words('tok1 ', 'msg_4'),
      codexRetry,
      thought('de', 'rs_5'),
      thought('nse', 'rs_5'),
      words('tok1 tok2 ', 'msg_5'),
      thought('deep', 'rs_6'),
    ),
  ).toEqual(['rs_4: deep', 'msg_4: tok1 ', 'rs_5: \n\ndense', 'msg_4: tok2 ', 'rs_6: deep'])
})

test('[A-60] a call that the failed try had only begun to write does not part the words', () => {
  expect(
    told(
      claudeName,
      words('Let me look. ', 'msg_1'),
      tool('pending'),
      claudeRetry,
      words('Let me look. ', 'msg_2'),
      tool('pending'),
    ),
  ).toEqual(['msg_1: Let me look. ', 'tool_call: ..'])
})

test('[A-60] [A-61] however often, wherever and whether with a sign words are cut, none is lost and none is doubled', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 2 })
  const attempt = fc.record({ pieces: fc.array(piece, { minLength: 1 }), sign: fc.boolean() })
  let repeated = 0
  fc.assert(
    fc.property(fc.array(attempt, { minLength: 1 }), (attempts) => {
      const expected: string[] = []
      let sign = false
      const updates = attempts.flatMap(({ pieces, sign: next }, index) => {
        const text = pieces.join('')
        const last = sign ? expected.at(-1) : undefined
        if (last === undefined || !(last.startsWith(text) || text.startsWith(last)))
          expected.push(text)
        else {
          expected.splice(-1, 1, last.length < text.length ? text : last)
          repeated += 1
        }
        sign = next
        const chunks = pieces.flatMap((part) => words(part, `msg_${index}`))
        return next ? [...chunks, claudeRetry] : chunks
      })
      expect(told(claudeName, updates).map((line) => line.replace(/^\w+: /, ''))).toEqual(expected)
    }),
  )
  expect(repeated).toBeGreaterThan(0)
})

test('[A-61] an agent that says the same twice is told twice when it gave no sign', () => {
  const twice = [words('ok ', 'msg_1'), usage, words('ok ', 'msg_2'), words('ok ', 'msg_2')]
  expect(told(codexName, ...twice)).toEqual(['msg_1: ok ', 'msg_2: ok ok '])
  expect(told(claudeName, ...twice)).toEqual(['msg_1: ok ', 'msg_2: ok ok '])
  // An agent of which nothing is known gives no sign whatever it says.
  expect(told('other', words('ok ', 'm'), codexRetry, claudeRetry, words('ok ', 'n'))).toEqual([
    'm: ok ',
    'n: ok ',
  ])
})

test('[A-61] what follows a step of the work, has no id or is a helper’s is never held back', () => {
  expect(
    told(
      claudeName,
      words('Let me look. ', 'msg_1'),
      tool('pending'),
      { ...tool('completed'), sessionUpdate: 'tool_call_update' },
      claudeRetry,
      words('Let me look. ', 'msg_2'),
    ),
  ).toEqual(['msg_1: Let me look. ', 'tool_call: .', 'tool_call_update: .', 'msg_2: Let me look. '])
  const helper = words('ok ', 'msg_h').map((update) => ({
    ...update,
    _meta: { claudeCode: { parentToolUseId: 'toolu_1' } },
  }))
  expect(told(claudeName, words('ok ', 'msg_1'), claudeRetry, helper)).toEqual([
    'msg_1: ok ',
    'msg_h: ok ',
  ])
  expect(told(codexName, words('ok ', 'msg_1'), codexRetry, words('ok '))).toEqual([
    'msg_1: ok ',
    'agent_message_chunk: ok ',
  ])
})

test('[A-61] a sign is forgotten when the next turn begins', () => {
  const turn = new HeardTurn(signsOf(claudeName))
  turn.begin()
  for (const update of [...words('ok', 'msg_1'), claudeRetry]) turn.hear(update)
  turn.begin()
  expect(turn.hear(words('ok', 'msg_2')[0] ?? usage)).toEqual(words('ok', 'msg_2'))
})

test('[A-62] a turn whose model failed is a failed one, by the agent’s own words', () => {
  const turn = new HeardTurn(signsOf(codexName))
  turn.begin()
  const chunk = words('stream disconnected before completion\n\n').map((update) => ({
    ...update,
    content: { type: 'text', text: 'stream disconnected before completion\n\n' },
  }))[0]
  expect(turn.hear(systemError)).toEqual([systemError])
  expect(turn.hear(chunk ?? usage)).toEqual([])
  // A title comes when it is ready, whatever became of the turn.
  const title = { sessionUpdate: 'session_info_update', title: 'A title' }
  for (const beside of [title, usage, systemError]) expect(turn.hear(beside)).toEqual([beside])
  expect(turn.end('end_turn')).toEqual({
    updates: [],
    failure: 'stream disconnected before completion',
  })
  // Nothing of it is left for the next turn.
  turn.begin()
  expect(turn.hear(chunk ?? usage)).toEqual([chunk])
  expect(turn.end('end_turn')).toEqual({ updates: [], stopReason: 'end_turn' })
})

test('[A-62] words that are no reason after all are told', () => {
  const turn = new HeardTurn(signsOf(codexName))
  const [reason = usage] = words('high demand')
  const active = codexMeta({ threadStatus: { type: 'active', activeFlags: [] } })
  for (const goesOn of [active, ...words('back ', 'msg_1')]) {
    turn.begin()
    turn.hear(systemError)
    turn.hear(reason)
    expect(turn.hear(goesOn)).toEqual([reason, goesOn])
  }
  for (const end of ['cancelled', undefined]) {
    turn.begin()
    turn.hear(systemError)
    turn.hear(reason)
    expect(turn.end(end)).toEqual({ updates: [reason], stopReason: end })
  }
})

test('[A-62] a failure without words has a reason too', () => {
  const turn = new HeardTurn(signsOf(codexName))
  turn.begin()
  turn.hear(systemError)
  expect(turn.end('end_turn').failure).toBe('The model of the agent failed.')
})

test('[A-63] a turn that ends as done after we asked for its end was stopped', () => {
  const turn = new HeardTurn(signsOf('OpenCode'))
  turn.begin()
  turn.cancel()
  expect(turn.end('end_turn').stopReason).toBe('cancelled')
  turn.begin()
  expect(turn.end('end_turn').stopReason).toBe('end_turn')
  turn.begin()
  turn.cancel()
  expect(turn.end('max_tokens').stopReason).toBe('max_tokens')
})

test('[A-106] an end without a word, a thought, a tool or a plan is told as empty', () => {
  const end = (...updates: readonly AgentUpdate[]) => {
    const turn = new HeardTurn({})
    turn.begin()
    for (const update of updates) turn.hear(update)
    return turn.end('end_turn').empty === true
  }
  const echo: AgentUpdate = {
    sessionUpdate: 'user_message_chunk',
    content: { type: 'text', text: 'x' },
  }
  expect(end()).toBe(true)
  expect(end(usage, echo, ...words(' '))).toBe(true)
  expect(end(...words('a'))).toBe(false)
  expect(end(thought('a', 'm'))).toBe(false)
  for (const sessionUpdate of ['tool_call', 'tool_call_update', 'plan', 'from_the_future'])
    expect(end({ sessionUpdate }), sessionUpdate).toBe(false)
})

test('[A-106] only an end that is called done can be empty, and each turn is judged for itself', () => {
  const turn = new HeardTurn({})
  turn.begin()
  expect(turn.end('max_tokens').empty).toBeUndefined()
  turn.cancel()
  expect(turn.end('end_turn')).toMatchObject({ stopReason: 'cancelled' })
  turn.act()
  expect(turn.end('end_turn').empty).toBeUndefined()
  expect(turn.end('end_turn').empty).toBe(true)
})

const copilotRetry = words('Info: Response was interrupted due to a server error. Retrying...')
const line = (text: string): AgentUpdate => ({
  sessionUpdate: 'agent_message_chunk',
  content: { type: 'text', text },
})
const copilotAgain = line('Info: Response was interrupted due to a server error. Retrying...')
const copilotError = line('Error: Failed to get response from the AI model; retried 5 times')
const piAgain = line('Retrying (attempt 1/3, waiting 2s)...')
const piOver = line('Retry finished, resuming.')

test('[A-108] a line that says that the model is asked again is a sign, and what is said again is told once', () => {
  const [first, second] = [words('tok1 tok2 '), words('tok1 tok2 tok3')]
  expect(told('Copilot', first, copilotAgain, second)).toEqual(['try-1: tok1 tok2 tok3'])
  expect(told('pi-acp', first, piAgain, second, piOver)).toEqual([
    'try-1: tok1 tok2 tok3',
    'retry-over: .',
  ])
  expect(told('Copilot', first, copilotAgain, words('other'))).toEqual([
    'try-1: tok1 tok2 ',
    'try-2: other',
  ])
  // Only a line of its own is the sign, and only of the agent that gives it.
  expect(told('Copilot', copilotRetry).join('')).toContain('Retrying...')
  expect(told('someone', copilotAgain)).toEqual([
    'agent_message_chunk: Info: Response was interrupted due to a server error. Retrying...',
  ])
})

test('[A-60] a thought that came again is awaited once more after the next sign', () => {
  const one = [thought('deeply', 'm1'), ...words('tok1 ', 'm1')]
  const two = [thought('deeply', 'm2'), ...words('tok1 ', 'm2')]
  const three = [thought('deeply', 'm3'), ...words('tok1 tok2', 'm3')]
  expect(told(claudeName, one, claudeRetry, two, claudeRetry, three)).toEqual([
    'm1: deeplytok1 tok2',
  ])
})

test('[A-62] the words that are the sign of a dead model are the reason of the failure', () => {
  const end = (name: string, ...updates: readonly AgentUpdate[]) => {
    const turn = new HeardTurn(signsOf(name))
    turn.begin()
    const heard = updates.flatMap((update) => turn.hear(update))
    return { heard, end: turn.end('end_turn') }
  }
  expect(end('Copilot', copilotError)).toEqual({
    heard: [],
    end: {
      updates: [],
      failure: 'Error: Failed to get response from the AI model; retried 5 times',
    },
  })
  const claudeError = { ...line('API Error: Connection lost.'), messageId: 'm7' }
  expect(end(claudeName, ...words('a', 'm1'), claudeError).end.failure).toBe(
    'API Error: Connection lost.',
  )
  const failing = new HeardTurn(signsOf(claudeName))
  failing.begin()
  expect(failing.hear(claudeError)).toEqual([])
  expect(failing.end(undefined, 'Internal error: API Error: Connection lost.').updates).toEqual([])
})

test('[A-109] a turn that gave its model up with nothing after the last try has failed', () => {
  const end = (...updates: readonly AgentUpdate[]) => {
    const turn = new HeardTurn(signsOf('pi-acp'))
    turn.begin()
    for (const update of updates) turn.hear(update)
    return turn.end('end_turn')
  }
  expect(end(piAgain, piAgain, piOver)).toEqual({
    updates: [],
    failure: 'The model of the agent failed.',
  })
  expect(end(...words('half '), piAgain, piOver).failure).toBe('The model of the agent failed.')
  expect(end(piAgain, ...words('whole'), piOver)).toMatchObject({ stopReason: 'end_turn' })
  expect(end(piAgain, piOver, ...words('after all'))).toMatchObject({ stopReason: 'end_turn' })
})
