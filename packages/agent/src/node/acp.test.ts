import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { acp } from './acp.ts'
import type { AgentConnection } from './adapter.ts'
import { type Fence, probeFence, processTree } from './fence.ts'
import { Heard } from './testing/heard.ts'
import { realIntroductions } from './testing/real-introductions.ts'

// Real processes share the machine with everything else.
vi.setConfig({ testTimeout: 30_000 })

let connection: AgentConnection | undefined
let heard: Heard

beforeEach(() => {
  heard = new Heard()
})
afterEach(async () => {
  await connection?.end()
  connection = undefined
})

/** The bones of an agent, in which each test says what it answers. */
const bones = `
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
const say = (text, sessionId = 's1') => send({ method: 'session/update', params: { sessionId, update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } } } })
const methods = { initialize: () => ({ protocolVersion: 1, agentCapabilities: capabilities }), 'session/new': () => ({ sessionId: 's1' }) }
let capabilities = {}
let answer = () => {}
const fail = (code, message) => { throw Object.assign(new Error(message), { code }) }
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, method, params, result } = JSON.parse(line)
  if (method === undefined) return answer(result)
  if (methods[method] === undefined) { if (id !== undefined) process.exit(9); return }
  try { const result = await methods[method](params); if (id !== undefined) send({ id, result }) }
  catch (error) { send({ id, error: { code: error.code ?? -32603, message: error.message } }) }
})
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
`

/** @param script says what the agent does, after its bones */
async function agent(
  script: string,
  { fence, signIn }: { readonly fence?: Fence; readonly signIn?: string } = {},
): Promise<AgentConnection> {
  const folder = temporaryFolder('acp')
  const file = join(folder, 'agent.cjs')
  writeFileSync(file, bones + script)
  connection = acp.connect({
    command: process.execPath,
    args: [file],
    cwd: folder,
    env: process.env,
    marker: `acp-test.${process.pid}.1`,
    fence: fence ?? (await probeFence()),
    startMs: 30_000,
    version: '0',
    ...(signIn === undefined ? {} : { signIn }),
    on: heard.on,
  })
  return connection
}

function texts(): string[] {
  return heard.updates.map((update) =>
    JSON.stringify(update['content']).replaceAll(/.*"text":"([^"]*)"\}$/g, '$1'),
  )
}

test('[A-12] an agent that is silent until it is spoken to becomes ready, and what it is is known', async () => {
  const { initialized } = await agent(
    `methods.initialize = () => ({ protocolVersion: 1, agentInfo: { name: 'n', title: 'T', version: '3' }, agentCapabilities: { loadSession: true } })`,
  )
  expect(await initialized).toEqual({
    ok: {
      title: 'T',
      version: '3',
      load: true,
      resume: false,
      mcpHttp: false,
      prompt: { image: false, resource: false },
      signIn: [],
      odd: [],
    },
  })
})

test('[A-12] another version of the protocol is refused', async () => {
  const { initialized } = await agent(`methods.initialize = () => ({ protocolVersion: 2 })`)
  expect(await initialized).toMatchObject({
    failure: { code: 'version', message: expect.stringContaining('should be 1 and is 2') },
  })
})

test.each(realIntroductions)(
  '[A-100] an agent that answers as %s does connects',
  async (_, said) => {
    const one = await agent(`methods.initialize = () => (${JSON.stringify(said)})`)
    expect(await one.open(undefined)).toEqual({ ok: { agentSession: 's1', restored: 'new' } })
    expect(heard.notes).toEqual([])
  },
)

test('[A-101] what is odd in an agent’s answer is noted, and it connects', async () => {
  const one = await agent(`capabilities = { loadSession: 'yes', sessionCapabilities: [] }`)
  expect(await one.open(undefined)).toMatchObject({ ok: { restored: 'new' } })
  expect(heard.notes).toEqual([
    'initialize: "agentCapabilities.loadSession" should be true, false or an object and is "yes": it counts as not there',
    'initialize: "agentCapabilities.sessionCapabilities" should be an object and is []: it counts as not there',
  ])
})

test('[A-13] a conversation is not restored by what the agent did not advertise', async () => {
  // Any method it does not know ends this agent.
  const one = await agent('')
  expect(await one.open('old')).toEqual({ ok: { agentSession: 's1', restored: 'lost' } })
})

test('[A-19] resume is preferred, and a failed one falls back to load', async () => {
  const one = await agent(`
    capabilities = { loadSession: true, sessionCapabilities: { resume: {} } }
    methods['session/resume'] = ({ sessionId }) => sessionId === 'good' ? {} : fail(-32002, 'unknown')
    methods['session/load'] = () => ({})`)
  expect(await one.open('good')).toEqual({ ok: { agentSession: 'good', restored: 'resumed' } })
  expect(await one.open('bad')).toEqual({ ok: { agentSession: 'bad', restored: 'loaded' } })
})

test('[A-16] what a load replays is not told, even when it comes after the answer', async () => {
  const one = await agent(`
    capabilities = { loadSession: true }
    methods['session/load'] = () => { say('early', 'old'); setTimeout(() => say('late', 'old'), 60); return {} }
    methods['session/prompt'] = () => { say('new', 'old'); return { stopReason: 'end_turn' } }`)
  expect(await one.open('old')).toEqual({ ok: { agentSession: 'old', restored: 'loaded' } })
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['new'])
})

/** An agent that calls itself by the name of a real one. */
const named = (name: string) =>
  `methods.initialize = () => ({ protocolVersion: 1, agentInfo: { name: '@agentclientprotocol/${name}' }, agentCapabilities: { loadSession: true } })
   const chunk = (messageId, text) => send({ method: 'session/update', params: { sessionId: 's1', update: { sessionUpdate: 'agent_message_chunk', messageId, content: { type: 'text', text } } } })
   const codex = (_meta) => send({ method: 'session/update', params: { sessionId: 's1', update: { sessionUpdate: 'session_info_update', _meta: { codex: _meta } } } })
   const retry = () => send({ method: '_claude/sdkMessage', params: { sessionId: 's1', message: { type: 'system', subtype: 'api_retry', attempt: 1 } } })`

test('[A-60] an agent that gives its sign only when asked is asked, however the conversation is opened', async () => {
  const one = await agent(`${named('claude-agent-acp')}
    let asked
    methods['session/new'] = ({ _meta }) => { asked = _meta; return { sessionId: 's1' } }
    methods['session/load'] = ({ _meta, sessionId }) => { if (sessionId === 'gone') fail(-32002, 'unknown'); asked = _meta; retry(); return {} }
    methods['session/prompt'] = () => {
      if (asked?.claudeCode?.emitRawSDKMessages?.[0]?.subtype !== 'api_retry') fail(-1, 'not asked')
      chunk('m1', 'tok1 '); retry(); chunk('m2', 'tok1 '); chunk('m2', 'tok2')
      return { stopReason: 'end_turn' }
    }`)
  for (const previous of [undefined, 's1', 'gone']) {
    heard.updates.splice(0)
    await one.open(previous)
    expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
    expect(heard.updates).toMatchObject([
      { messageId: 'm1', content: { text: 'tok1 ' } },
      { sessionUpdate: 'retry', attempt: 1 },
      { messageId: 'm1', content: { text: 'tok2' } },
    ])
  }
})

test('[A-62] a turn whose model failed fails with the words of the agent, and the next one is its own', async () => {
  const one = await agent(`${named('codex-acp')}
    let turns = 0
    methods['session/prompt'] = () => {
      if (++turns > 1) { say('fine'); return { stopReason: 'end_turn' } }
      codex({ threadStatus: { type: 'systemError' } }); say('high demand')
      return { stopReason: 'end_turn' }
    }`)
  await one.open(undefined)
  expect(await one.prompt('x')).toEqual({
    failure: { code: 'agent-error', message: 'high demand' },
  })
  expect(heard.updates).toMatchObject([{ sessionUpdate: 'session_info_update' }])
  heard.updates.splice(0)
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['fine'])
})

test('[A-62] what was held back for a reason is told when the agent dies before it ends its turn', async () => {
  const one = await agent(`${named('codex-acp')}
    methods['session/prompt'] = () => {
      codex({ threadStatus: { type: 'systemError' } }); say('high demand')
      setTimeout(() => process.exit(3), 50)
      return new Promise(() => {})
    }`)
  await one.open(undefined)
  expect(await one.prompt('x')).toMatchObject({ failure: { code: 'agent-exited' } })
  expect(heard.updates.at(-1)).toMatchObject({ content: { text: 'high demand' } })
})

test('[A-106] a turn without a word is told as one, and words that follow its answer at once are waited for', async () => {
  const one = await agent(`
    let turns = 0
    methods['session/prompt'] = () => { if (++turns > 1) setTimeout(() => say('late'), 20); return { stopReason: 'end_turn' } }`)
  await one.open(undefined)
  expect(await one.prompt('x')).toEqual({
    failure: { code: 'no-words', message: 'It said nothing and did nothing.' },
  })
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['late'])
})

test('[A-63] an end that calls a stopped turn done is told as a stop', async () => {
  const one = await agent(`
    let stop = () => {}
    methods['session/cancel'] = () => stop()
    methods['session/prompt'] = () => new Promise((resolve) => { stop = () => resolve({ stopReason: 'end_turn' }); say('working') })`)
  await one.open(undefined)
  const stopped = one.prompt('x')
  while (heard.updates.length < 1) await sleep(5)
  one.cancel()
  expect(await stopped).toEqual({ ok: 'cancelled' })
})

test('[A-15] updates are told in order, those before an answer before it and those after it after', async () => {
  const one = await agent(`
    methods['session/prompt'] = () => { for (let i = 0; i < 500; i++) say(String(i)); setImmediate(() => say('after')); return { stopReason: 'end_turn' } }`)
  await one.open(undefined)
  const seen = await one.prompt('x').then(() => heard.updates.length)
  expect(seen).toBe(500)
  while (heard.updates.length < 501) await sleep(5)
  expect(texts()).toEqual([...Array.from({ length: 500 }, (_, index) => String(index)), 'after'])
})

test('[A-14] a request that is never answered settles when the process ends', async () => {
  const one = await agent(
    `methods['session/prompt'] = () => { say('working'); setTimeout(() => { console.error('boom'); process.exit(4) }, 50); return new Promise(() => {}) }`,
  )
  await one.open(undefined)
  const answer = await one.prompt('x')
  expect(answer).toMatchObject({
    failure: { code: 'agent-exited', message: expect.stringMatching(/exit code 4.*boom/) },
  })
  expect(await one.exited).toMatchObject({ code: 4 })
  expect(await one.prompt('again')).toMatchObject({ failure: { code: 'agent-exited' } })
})

test('[A-14] an answer given with the last breath still counts', async () => {
  const one = await agent(
    `methods['session/prompt'] = () => { say('bye'); setImmediate(() => process.exit(0)); return { stopReason: 'end_turn' } }`,
  )
  await one.open(undefined)
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['bye'])
})

// Behind a namespace the processes that open it hold the pipe too, so there only silence tells; that is for deadlines.
test('[A-14] an agent that closes its output and lives on is ended', async () => {
  const one = await agent(
    `methods['session/prompt'] = () => { require('node:fs').closeSync(1); setInterval(() => {}, 1000); return new Promise(() => {}) }`,
    { fence: processTree },
  )
  await one.open(undefined)
  expect(await one.prompt('x')).toMatchObject({ failure: { code: 'agent-exited' } })
})

test('[A-17] lines that are not ACP are dropped and noted', async () => {
  const one = await agent(`
    process.stdout.write('Welcome!\\n{"half": \\n[1,2]\\n\\n')
    methods['session/prompt'] = () => { process.stdout.write('debug: x\\n'); say('real'); return { stopReason: 'end_turn' } }`)
  await one.open(undefined)
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['real'])
  expect(heard.notes.filter((note) => note.includes('not ACP'))).toHaveLength(4)
})

test('[A-20] a refusal for want of a sign-in is told as one', async () => {
  const one = await agent(`methods['session/new'] = () => fail(-32000, 'Authentication required')`)
  expect(await one.open(undefined)).toMatchObject({ failure: { code: 'sign-in-needed' } })
})

test('[A-102] a refusal for want of a sign-in says how, and the words of the agent beside it', async () => {
  const one = await agent(`
    const authMethods = [{ id: 'web', name: 'Web' }, { id: 'cli', name: 'CLI', description: 'Run \`case login\` in the terminal' }]
    methods.initialize = () => ({ protocolVersion: 1, authMethods })
    methods['session/new'] = () => fail(-32000, 'Authentication required')`)
  expect(await one.open(undefined)).toEqual({
    failure: {
      code: 'sign-in-needed',
      message:
        'The agent needs a sign-in: use its way “Web”, or run `case login` in a terminal on the machine of the server; then retry.',
      detail: 'The agent says: Authentication required',
      signIn: [{ id: 'web', name: 'Web', how: 'agent' }],
    },
  })
})

test('[A-110] a way to sign in is gone before the conversation is opened, and what became of it is told', async () => {
  const script = `
    let signedIn = false
    methods.initialize = () => ({ protocolVersion: 1, authMethods: [{ id: 'web', name: 'Web' }, { id: 'other', name: 'Other' }] })
    methods.authenticate = ({ methodId }) => { if (methodId !== 'web') fail(-32603, 'closed'); signedIn = true; return {} }
    methods['session/new'] = () => signedIn ? { sessionId: 's1' } : fail(-32000, 'Authentication required')`
  const one = await agent(script, { signIn: 'web' })
  expect(await one.open(undefined)).toEqual({ ok: { agentSession: 's1', restored: 'new' } })
  await one.end()
  const other = await agent(script, { signIn: 'other' })
  expect(await other.open(undefined)).toEqual({
    failure: {
      code: 'sign-in-needed',
      message: 'The sign-in by “Other” did not work: try it again, or go another way.',
      detail: 'The agent says: closed',
      signIn: [
        { id: 'web', name: 'Web', how: 'agent' },
        { id: 'other', name: 'Other', how: 'agent' },
      ],
    },
  })
})

/** Asks what each test says, and tells how it was answered. */
const asks = (...params: readonly object[]) => `
    methods['session/prompt'] = async () => {
      for (const ask of ${JSON.stringify(params)}) {
        const { outcome } = await new Promise((resolve) => { answer = resolve; send({ id: 'p' + Math.random(), method: 'session/request_permission', params: { sessionId: 's1', ...ask } }) })
        say(outcome.optionId ?? outcome.outcome)
      }
      return { stopReason: 'end_turn' }
    }`

test('[A-104] a permission is asked as far as it can be read', async () => {
  const options = [{ optionId: 'y', name: 'Yes' }, { optionId: 2 }, { name: 'no id' }, 'odd']
  const one = await agent(
    asks(
      { toolCall: { toolCallId: 't1', title: 'options without kind' }, options },
      { toolCall: { toolCallId: 7, title: null, content: { type: 'text', text: 'x' } }, options },
      { toolCall: 'odd', options: [{ optionId: 'y', name: 5, kind: 'allow_once' }] },
    ),
  )
  await one.open(undefined)
  const prompted = one.prompt('x')
  for (const id of [1, 2, 3]) {
    while (heard.asks.length < id) await sleep(5)
    one.answer(id, 'y')
  }
  expect(await prompted).toEqual({ ok: 'end_turn' })
  const read = [
    { optionId: 'y', name: 'Yes', kind: 'unknown' },
    { optionId: '2', name: '2', kind: 'unknown' },
  ]
  const title = 'The agent asks for permission'
  expect(heard.asks.map(({ ask }) => ask)).toEqual([
    { title: 'options without kind', toolCallId: 't1', options: read },
    { title, toolCallId: '7', content: [{ type: 'text', text: 'x' }], options: read },
    { title, options: [{ optionId: 'y', name: 'y', kind: 'allow_once' }] },
  ])
  expect(texts()).toEqual(['y', 'y', 'y'])
})

test('[A-104] a permission without an answer is told, and the agent hears that nobody answers', async () => {
  const one = await agent(
    asks({ toolCall: { title: 'Write' }, options: 'none' }, { options: [{ name: 'Yes' }] }),
  )
  await one.open(undefined)
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['cancelled', 'cancelled'])
  expect(heard.asks).toEqual([])
  expect(heard.unreadable).toEqual([
    expect.stringMatching(/asked “Write” without an answer that can be chosen .* is "none"\)/),
    expect.stringMatching(/\[\{"name":"Yes"\}\]\)\. It was told that nobody answers\.$/),
  ])
})

test('[A-16] a replay that goes on after the answer is of the replay until it stops for a moment', async () => {
  const one = await agent(`
    capabilities = { loadSession: true }
    methods['session/load'] = () => { for (let i = 1; i <= 5; i++) setTimeout(() => say('old', 'old'), i * 150); return {} }
    methods['session/prompt'] = () => { say('new', 'old'); return { stopReason: 'end_turn' } }`)
  await one.open('old')
  expect(await one.prompt('x')).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['new'])
})

test('[A-21] a permission of an agent that ends is not told as taken back', async () => {
  const one = await agent(`
    methods['session/prompt'] = () => new Promise(() => {
      send({ id: 'p1', method: 'session/request_permission', params: { sessionId: 's1', toolCall: { toolCallId: 't', title: 'Write' }, options: [{ optionId: 'a', name: 'Allow', kind: 'allow_once' }] } })
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)
    })`)
  await one.open(undefined)
  expect(await one.prompt('x')).toMatchObject({ failure: { code: 'agent-exited' } })
  await one.exited
  expect(heard.asks).toHaveLength(1)
  expect(heard.gone).toEqual([])
})

test('[A-21] a permission waits for its answer; one that is taken back is told as gone', async () => {
  const one = await agent(`
    methods['session/prompt'] = async () => {
      for (const id of ['p1', 'p2']) send({ id, method: 'session/request_permission', params: { sessionId: 's1', toolCall: { toolCallId: 't', title: 'Write' }, options: [{ optionId: 'a', name: 'Allow', kind: 'allow_once' }] } })
      send({ method: '$/cancel_request', params: { requestId: 'p2' } })
      const outcome = await new Promise((resolve) => { answer = (result) => result?.outcome?.outcome === 'selected' && resolve(result.outcome) })
      say(outcome.optionId)
      return { stopReason: 'end_turn' }
    }`)
  await one.open(undefined)
  const prompted = one.prompt('x')
  while (heard.asks.length < 2 || heard.gone.length < 1) await sleep(5)
  expect(heard.asks[0]?.ask).toMatchObject({
    title: 'Write',
    toolCallId: 't',
    options: [{ optionId: 'a' }],
  })
  expect(heard.gone).toEqual([2])
  one.answer(1, 'a')
  one.answer(1, 'a')
  expect(await prompted).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(['a'])
})

test('[A-6] a question with a single choice is asked, any other is declined', async () => {
  const form = (properties: string) =>
    `{ sessionId: 's1', mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties: ${properties} } }`
  const one = await agent(`
    const ask = (params) => new Promise((resolve) => { answer = resolve; send({ id: 'e' + Math.random(), method: 'elicitation/create', params }) })
    methods['session/prompt'] = async () => {
      say(JSON.stringify(await ask(${form(`{ a: { type: 'string' }, b: { type: 'string' } }`)})).replaceAll('"', ''))
      say(JSON.stringify(await ask(${form(`{ colour: { type: 'string', oneOf: [{ const: 'r', title: 'Red' }] } }`)})).replaceAll('"', ''))
      return { stopReason: 'end_turn' }
    }`)
  await one.open(undefined)
  const prompted = one.prompt('x')
  while (heard.asks.length < 1) await sleep(5)
  expect(heard.asks[0]?.ask.options.map((option) => option.name)).toEqual([
    'Red',
    'Decline to answer',
  ])
  one.answer(heard.asks[0]?.id ?? 0, 'r')
  await prompted
  expect(texts()).toEqual(['{action:decline}', '{action:accept,content:{colour:r}}'])
})

test('[A-22] a paused connection reads nothing; what waited comes in order', async () => {
  const one = await agent(`
    methods['session/prompt'] = () => { for (let i = 0; i < 20000; i++) say(String(i)); return { stopReason: 'end_turn' } }`)
  await one.open(undefined)
  one.pause()
  const prompted = one.prompt('x')
  await sleep(300)
  expect(heard.updates).toEqual([])
  one.resume()
  expect(await prompted).toEqual({ ok: 'end_turn' })
  expect(texts()).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index)))
})

const modes = `modes: { currentModeId: 'a', availableModes: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B', description: 'bold' }] }`

test('[A-91] what was chosen is chosen again before the offer is told', async () => {
  const one = await agent(`
    capabilities = { loadSession: true }
    methods['session/load'] = () => ({ ${modes} })
    methods['session/set_mode'] = ({ sessionId, modeId }) => sessionId === 'old' && modeId === 'b' ? {} : fail(-1, 'no')`)
  await one.open('old', { mode: 'b' })
  expect(heard.refusals).toEqual([])
  expect(heard.offers).toMatchObject([
    { modes: { current: 'b', available: [{ id: 'a' }, { id: 'b' }] } },
  ])
})

test('[A-92] a mode or model is chosen the way it was offered, and only of what is offered', async () => {
  const one = await agent(`
    const option = (currentValue) => ({ configOptions: [{ id: 'llm', name: 'Model', category: 'model', type: 'select', currentValue, options: [{ value: 'x', name: 'X' }, { value: 'y', name: 'Y' }] }] })
    methods['session/new'] = () => ({ sessionId: 's1', ${modes}, ...option('x') })
    methods['session/set_mode'] = () => fail(-32603, 'not now')
    methods['session/set_config_option'] = ({ configId, value }) => option(configId === 'llm' ? value : 'x')`)
  await one.open(undefined)
  await one.setModel('y')
  expect(heard.offers.at(-1)).toMatchObject({ models: { current: 'y' } })
  await one.setMode('b')
  expect(heard.refusals).toEqual([
    'The agent did not take the mode "b" (not now); it goes on with "a".',
  ])
  expect(heard.offers.at(-1)).toMatchObject({ modes: { current: 'a' } })
  await one.setMode('never')
  expect(heard.refusals.at(-1)).toBe(
    'The agent offers no mode "never" any more; it goes on with "a".',
  )
})

test('[A-13] of an agent that advertises nothing only the start, a session, prompts and cancels are asked', async () => {
  const one = await agent(`
    const heard = []
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { const { method } = JSON.parse(line); if (method) heard.push(method) })
    methods['session/prompt'] = async () => { await later(0); say(heard.join(' ')); return { stopReason: 'end_turn' } }`)
  expect(await one.open('old', { mode: 'b', model: 'y' })).toEqual({
    ok: { agentSession: 's1', restored: 'lost' },
  })
  await one.setMode('b')
  await one.setModel('y')
  await one.prompt('x')
  expect(texts()).toEqual(['initialize session/new session/prompt'])
  expect(heard.refusals.length).toBe(4)
  expect(heard.offers).toEqual([])
})
