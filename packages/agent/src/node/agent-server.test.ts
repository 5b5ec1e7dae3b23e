/** A server that does on purpose what real ones do by accident. It runs as a process of its own. */
import { rudeServer, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { serverPolicy } from '../server/policy.ts'
import type { AgentConnection, ConnectOptions } from './adapter.ts'
import { agentServer } from './agent-server.ts'
import { processTree } from './fence.ts'
import { Heard } from './testing/heard.ts'

// Real processes share the machine with everything else.
vi.setConfig({ testTimeout: 30_000 })

let connection: AgentConnection | undefined
let heard: Heard
/** Of its stream, and that it is hung. */
let said: string[]
let mcpServers: NonNullable<ConnectOptions['mcpServers']>

beforeEach(() => {
  heard = new Heard()
  said = []
  mcpServers = []
})
afterEach(async () => {
  await connection?.end()
  connection = undefined
})

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
  const folder = temporaryFolder('server')
  connection = agentServer(policy).connect({
    ...rudeServer(folder, script),
    cwd: folder,
    env: process.env,
    marker: `server-test.${process.pid}.1`,
    fence: processTree,
    startMs: 5000,
    version: '0',
    mcpServers,
    on: {
      ...heard.on,
      degraded: () => said.push('degraded'),
      restored: () => said.push('restored'),
      hung: () => {
        said.push('hung')
        void connection?.end()
      },
    },
  })
  return connection
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
  expect(heard.text()).toBe('one two three')
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
  await waitFor(() => heard.asks.length === 3, 'the three questions', 10_000)
  expect(heard.gone).toEqual([1])
  await waitFor(() => heard.text() === 'one two three', 'all of the text', 10_000)
  // The end itself falls into the second gap.
  agent.answer(3, 'once')
  expect(await turn).toEqual({ ok: 'end_turn' })
  expect(heard.text()).toBe('one two three')
  await waitFor(
    () => said.filter((line) => line === 'restored').length === 2,
    'the stream to be back twice',
    10_000,
  )
  expect(said).toEqual(['degraded', 'restored', 'degraded', 'restored'])
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
  expect(heard.text()).toBe('[1,1]')
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
  expect(heard.text()).toBe('1')
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
  expect(heard.text()).toBe('last words')
  expect(await agent.prompt('again')).toEqual({ ok: 'end_turn' })
  expect(heard.text()).toBe('last words, and more')
})

test('[A-44] [A-48] a silent stream of a server that answers is opened again; one that answers nothing is hung', async () => {
  const agent = server(`beats = false\n${fine}`)
  await agent.open(undefined)
  await waitFor(() => said.includes('restored'), 'the stream to be back', 10_000)
  expect(await agent.prompt('go')).toEqual({ ok: 'end_turn' })
  await agent.end()
  said = []

  const hung = server(
    `beats = false; setTimeout(() => { deaf = true }, 1000)\nonPrompt = ({ messageID }) => { message('user', messageID) }`,
  )
  await hung.open(undefined)
  expect(await hung.prompt('go')).toMatchObject({ failure: { code: 'agent-exited' } })
  expect(said.filter((word) => word === 'hung')).toHaveLength(1)
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
  expect(heard.text()).toBe('files local mcp --x k; web remote https://example.org/mcp ')
})
