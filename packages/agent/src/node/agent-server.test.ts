/** A server that does on purpose what real ones do by accident. It runs as a process of its own. */
import { rmSync, writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Ask } from '../ask.ts'
import { serverPolicy } from '../server/policy.ts'
import type { AgentUpdate } from '../translate.ts'
import type { AgentConnection, ConnectOptions } from './adapter.ts'
import { agentServer } from './agent-server.ts'
import { processTree } from './fence.ts'

// Real processes share the machine with everything else.
vi.setConfig({ testTimeout: 30_000 })

let folder: string
let connection: AgentConnection | undefined
let updates: AgentUpdate[]
let asks: { id: number; ask: Ask }[]
let gone: number[]
let said: string[]
let mcpServers: NonNullable<ConnectOptions['mcpServers']>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-server-'))
  updates = []
  asks = []
  gone = []
  said = []
  mcpServers = []
})
afterEach(async () => {
  await connection?.end()
  connection = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** The bones of a server, in which each test says what it does. `POST /__NAME` is told to `said` of the script. */
const bones = `
const http = require('node:http')
const streams = new Set()
const prompts = []
const store = { messages: [], permission: [], question: [], status: {} }
const say = (type, properties = {}) => { for (const one of streams) one.write('data: ' + JSON.stringify({ type, properties: { sessionID: 's1', ...properties } }) + '\\n\\n') }
const message = (role, id, more = {}) => say('message.updated', { info: { id, role, sessionID: 's1', time: {}, ...more } })
const part = (id, text, more = {}) => say('message.part.updated', { part: { id, type: 'text', messageID: 'a1', text, ...more } })
const cut = () => { for (const one of streams) one.destroy(); streams.clear() }
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
let beats = true, deaf = false
let onPrompt = () => {}, onReply = () => {}, listening = (line) => process.stdout.write(line)
setInterval(() => { if (beats) for (const one of streams) one.write('data: {"type":"server.heartbeat","properties":{}}\\n\\n') }, 50)
const routes = {
  '/global/health': () => ({ healthy: true, version: '1' }), '/session': () => ({ id: 's1' }), '/session/s1': () => ({ id: 's1' }),
  '/agent': () => [], '/command': () => [], '/config/providers': () => ({ providers: [] }),
  '/session/s1/message': () => store.messages, '/permission': () => store.permission, '/question': () => store.question, '/session/status': () => store.status,
}
const server = http.createServer(async (request, response) => {
  if (deaf) return
  const { pathname } = new URL(request.url, 'http://x')
  const wanted = 'Basic ' + Buffer.from('opencode:' + process.env.OPENCODE_SERVER_PASSWORD).toString('base64')
  if (request.headers.authorization !== wanted) { response.statusCode = 401; return response.end('{}') }
  if (pathname === '/event') { response.writeHead(200, { 'content-type': 'text/event-stream' }); response.write('data: {"type":"server.connected","properties":{}}\\n\\n'); streams.add(response); return }
  let body = ''
  for await (const chunk of request) body += chunk
  const value = body === '' ? {} : JSON.parse(body)
  if (pathname.endsWith('/prompt_async')) { prompts.push(value); const answer = await onPrompt(value, request, response); if (answer === 'none') return; response.statusCode = 204; return response.end() }
  if (request.method === 'POST' && pathname !== '/session') { await onReply(pathname, value); return response.end('true') }
  const known = prompts.find(({ messageID }) => pathname === '/session/s1/message/' + messageID)
  const found = known ?? routes[pathname]?.()
  response.statusCode = found === undefined ? 404 : 200
  response.end(JSON.stringify(found ?? { message: 'not there' }))
})
const ready = () => server.listen(0, '127.0.0.1', () => listening('opencode server listening on http://127.0.0.1:' + server.address().port + '\\n'))
setImmediate(ready)
`

const quick = {
  ...serverPolicy,
  attachMs: 1500,
  requestMs: 1500,
  silenceMs: 2000,
  probeMs: 300,
  probeWaitsMs: [200, 200],
  reopenMsMin: 50,
  reopenMsMax: 100,
  lastWordsMs: 200,
  lagMsMax: 10_000,
}

/** @param script says what the server does, after its bones */
function server(script: string, policy = quick): AgentConnection {
  const file = join(folder, 'server.cjs')
  writeFileSync(file, bones + script)
  connection = agentServer(policy).connect({
    command: process.execPath,
    args: [file],
    cwd: folder,
    env: process.env,
    marker: `server-test.${process.pid}.1`,
    fence: processTree,
    startMs: 5000,
    version: '0',
    mcpServers,
    on: {
      update: (update) => updates.push(update),
      offer: () => {},
      choiceRefused: () => {},
      permission: (id, ask) => asks.push({ id, ask }),
      permissionGone: (id) => gone.push(id),
      note: (line) => said.push(`note: ${line}`),
      degraded: () => said.push('degraded'),
      restored: () => said.push('restored'),
    },
  })
  return connection
}

function text(): string {
  return updates
    .filter(({ sessionUpdate }) => sessionUpdate === 'agent_message_chunk')
    .map(({ content }) => JSON.stringify(content).replaceAll(/^.*"text":"|"\}$/g, ''))
    .join('')
}

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > limit) throw new Error('it did not come to that')
    // oxlint-disable-next-line no-await-in-loop
    await sleep(10)
  }
}

/** A turn that says "one two three" and ends. */
const fine = `
onPrompt = ({ messageID }) => {
  message('user', messageID); message('assistant', 'a1'); part('p1', ''); part('p1', 'one two three', { time: { end: 1 } })
  message('assistant', 'a1', { time: { completed: 1 }, finish: 'stop' }); say('session.idle')
}
`

test('[A-46] its listening line is read however it is cut and whatever stands around it, behind a password', async () => {
  const agent = server(`${fine}
    listening = async (line) => { for (const byte of 'warning: \\u001b[31mred\\u001b[0m\\n' + line + 'more\\n') { process.stdout.write(byte); await later(1) } }`)
  expect(await agent.initialized).toMatchObject({ ok: { version: '1', resume: true } })
  expect(await agent.open(undefined)).toEqual({ ok: { agentSession: 's1', restored: 'new' } })
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('one two three')
})

test('[A-14] a server that never says where it listens, dies first, or never answers fails with that', async () => {
  const mute = server('listening = () => {}')
  const failure = (code: string, words: RegExp) => ({
    failure: { code, message: expect.stringMatching(words) },
  })
  expect(await mute.initialized).toEqual(failure('timeout', /did not say where it listens/))
  await mute.end()
  const dead = server('listening = () => { console.error("no licence"); process.exit(3) }')
  expect(await dead.initialized).toEqual(failure('agent-exited', /exit code 3.*no licence/))
  const deaf = server('deaf = true')
  expect(await deaf.initialized).toEqual(failure('timeout', /listens and does not answer/))
  await deaf.end()
})

test('[A-45] [A-48] what happened in a gap is told once: text, an end, a question answered elsewhere', async () => {
  const agent = server(`
    onPrompt = async ({ messageID }) => {
      message('user', messageID); message('assistant', 'a1'); part('p1', '')
      say('message.part.delta', { messageID: 'a1', partID: 'p1', field: 'text', delta: 'one ' })
      say('permission.asked', { id: 'per_1', permission: 'bash', metadata: { command: 'ls' } })
      say('permission.asked', { id: 'per_2', permission: 'bash', metadata: { command: 'rm' } })
      store.permission = [{ id: 'per_2', sessionID: 's1', permission: 'bash' }, { id: 'per_3', sessionID: 's1', permission: 'edit' }]
      store.messages = [{ info: { id: messageID, role: 'user', sessionID: 's1' }, parts: [] }, { info: { id: 'a1', role: 'assistant', sessionID: 's1', time: {} }, parts: [{ id: 'p1', type: 'text', messageID: 'a1', text: '' }] }]
      store.status = { s1: { type: 'busy' } }
      setTimeout(cut, 100)
      setTimeout(() => { say('message.part.delta', { messageID: 'a1', partID: 'p1', field: 'text', delta: 'three' }); part('p1', 'one two three', { time: { end: 1 } }) }, 600)
    }
    onReply = (path) => {
      if (!path.includes('per_3')) return
      store.permission = []
      store.messages[1] = { info: { id: 'a1', role: 'assistant', sessionID: 's1', time: { completed: 1 }, finish: 'stop' }, parts: [{ id: 'p1', type: 'text', messageID: 'a1', text: 'one two three', time: { end: 1 } }] }
      store.status = {}
      cut()
    }`)
  await agent.open(undefined)
  const turn = agent.prompt('go')
  await until(() => asks.length === 3)
  expect(gone).toEqual([1])
  await until(() => text() === 'one two three')
  // The end itself falls into the second gap.
  agent.answer(3, 'once')
  expect(await turn).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('one two three')
  await until(() => said.filter((line) => line === 'restored').length === 2)
  expect(said.filter((line) => !line.startsWith('note'))).toEqual([
    'degraded',
    'restored',
    'degraded',
    'restored',
  ])
})

test('[A-47] a prompt whose answer is lost is sent again under its id, and is one', async () => {
  const agent = server(`
    let first = true
    onPrompt = ({ messageID, parts }, request, response) => {
      if (first) { first = false; prompts.pop(); request.socket.destroy(); return 'none' }
      message('user', messageID); message('assistant', 'a1'); part('p1', JSON.stringify([prompts.length, parts.length]).replaceAll('"', ''), { time: { end: 1 } })
      message('assistant', 'a1', { time: { completed: 1 }, finish: 'stop' }); say('session.idle')
    }`)
  await agent.open(undefined)
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('[1,1]')
})

test('[A-47] a prompt that arrived though its answer was lost is not sent again', async () => {
  const agent = server(`
    onPrompt = async ({ messageID }, request) => {
      request.socket.destroy()
      await later(400)
      message('user', messageID); message('assistant', 'a1'); part('p1', String(prompts.length), { time: { end: 1 } })
      message('assistant', 'a1', { time: { completed: 1 }, finish: 'stop' }); say('session.idle')
      return 'none'
    }`)
  await agent.open(undefined)
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('1')
})

test('[A-42] an end said twice ends one turn; one before its last words waits for them', async () => {
  const agent = server(`
    let turn = 0
    onPrompt = async ({ messageID }) => {
      turn += 1
      const id = 'a' + turn
      message('user', messageID); message('assistant', id)
      if (turn === 1) setTimeout(() => { say('session.idle'); setTimeout(() => {
        say('message.part.updated', { part: { id: 'p1', type: 'text', messageID: id, text: 'last words', time: { end: 1 } } })
        message('assistant', id, { time: { completed: 1 }, error: { name: 'MessageAbortedError', data: { message: 'Aborted' } } })
        say('session.idle')
      }, 50) }, 50)
      else setTimeout(() => { say('message.part.updated', { part: { id: 'p2', type: 'text', messageID: id, text: ', and more', time: { end: 1 } } }); message('assistant', id, { time: { completed: 1 }, finish: 'stop' }); say('session.idle'); say('session.idle') }, 100)
    }`)
  await agent.open(undefined)
  const turn = agent.prompt('go')
  agent.cancel()
  expect(await turn).toEqual({ ok: 'cancelled' })
  expect(text()).toBe('last words')
  expect(await agent.prompt('again')).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('last words, and more')
})

test('[A-44] [A-48] a silent stream of a server that answers is opened again; one that answers nothing is hung', async () => {
  const agent = server(`beats = false\n${fine}`)
  await agent.open(undefined)
  await until(() => said.includes('restored'))
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  await agent.end()
  said = []

  const hung = server(
    `beats = false; setTimeout(() => { deaf = true }, 1000)\nonPrompt = ({ messageID }) => { message('user', messageID) }`,
  )
  await hung.open(undefined)
  expect(await hung.prompt('go')).toMatchObject({ failure: { code: 'agent-exited' } })
  expect((await hung.exited).stderr.at(-1)).toContain('it lived and did not answer')
})

test('[A-49] servers of tools are lent to it as it takes them; one it refuses is noted', async () => {
  mcpServers = [
    { name: 'files', command: 'mcp', args: ['--x'], env: [{ name: 'KEY', value: 'k' }] },
    { type: 'http', name: 'web', url: 'https://example.org/mcp', headers: [] },
  ]
  const agent = server(`
    const lent = []
    onReply = (path, { name, config }) => { if (path === '/mcp') lent.push([name, config.type, config.command?.join(' ') ?? config.url, config.environment?.KEY ?? ''].join(' ')) }
    onPrompt = ({ messageID }) => {
      message('user', messageID); message('assistant', 'a1'); part('p1', lent.join('; '), { time: { end: 1 } })
      message('assistant', 'a1', { time: { completed: 1 }, finish: 'stop' }); say('session.idle')
    }`)
  await agent.open(undefined)
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  expect(text()).toBe('files local mcp --x k; web remote https://example.org/mcp ')
})
