/** opencode itself as an agent server, asking the scripted model. */
import {
  type FakeModel,
  opencodeAgent,
  startFakeModel,
  temporaryFolder,
  waitFor,
} from '@belay/testing/node'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgentConnection } from './adapter.ts'
import { agentServer } from './agent-server.ts'
import { probeFence } from './fence.ts'
import { Heard } from './testing/heard.ts'

let model: FakeModel
const home = temporaryFolder('opencode-home')
const folder = temporaryFolder('opencode-work')
let generation = 0

beforeAll(async () => {
  model = await startFakeModel()
})
afterAll(async () => {
  await model.stop()
})

async function start(): Promise<{ connection: AgentConnection; heard: Heard }> {
  generation += 1
  const heard = new Heard()
  const connection = agentServer().connect({
    ...opencodeAgent('serve', { modelUrl: model.url, home }),
    cwd: folder,
    marker: `opencode-test.${process.pid}.${generation}`,
    fence: await probeFence(),
    startMs: 60_000,
    version: '0',
    mcpServers: [],
    on: heard.on,
  })
  return { connection, heard }
}

test('[A-46] [A-47] [A-49] a real agent server runs turns with tools and questions, is killed in mid-turn, and knows its conversation after', async () => {
  const { connection, heard } = await start()
  const { updates, asks, gone, offers } = heard
  expect(await connection.initialized).toMatchObject({ ok: { resume: true, version: '1.18.33' } })
  const opened = await connection.open(undefined)
  if ('failure' in opened) throw new Error(opened.failure.message)
  expect(opened.ok.restored).toBe('new')
  expect(Object.assign({}, ...offers)).toMatchObject({
    modes: { current: 'build' },
    models: { current: 'fake/fake-1' },
  })

  // Text, a tool that is allowed, a file that is written.
  const turn = connection.prompt('[[bash echo hi > hi.txt]] [[write note.txt hello]] [[slow 5 5]]')
  await waitFor(() => asks.length === 1, 'the question about the command', 30_000)
  expect(asks[0]?.ask).toMatchObject({ title: 'bash: echo hi > hi.txt' })
  expect(asks[0]?.ask.options.map(({ kind }) => kind)).toEqual([
    'allow_once',
    'allow_always',
    'reject_once',
  ])
  connection.answer(asks[0]?.id ?? 0, 'once')
  await waitFor(() => asks.length === 2, 'the question about the file', 30_000)
  connection.answer(asks[1]?.id ?? 0, 'once')
  expect(await turn).toEqual({ ok: 'end_turn' })
  expect(heard.text()).toBe('tok1 tok2 tok3 tok4 tok5 ')
  expect(readFileSync(join(folder, 'hi.txt'), 'utf8')).toBe('hi\n')
  const tools = updates.filter(({ sessionUpdate }) => sessionUpdate.startsWith('tool_call'))
  expect(tools.map(({ status }) => status)).toEqual(
    expect.arrayContaining(['pending', 'in_progress', 'completed']),
  )
  expect(tools.at(-1)).toMatchObject({
    kind: 'edit',
    status: 'completed',
    content: expect.arrayContaining([
      expect.objectContaining({ type: 'diff', newText: 'hello', oldText: null }),
    ]),
  })
  expect(gone).toEqual([])

  // A cancel while a question is open.
  const asked = connection.prompt('[[bash echo never > never.txt]] [[say done]]')
  await waitFor(() => asks.length === 3, 'the third question', 30_000)
  connection.cancel()
  connection.answer(asks[2]?.id ?? 0, undefined)
  expect(await asked).toEqual({ ok: 'cancelled' })
  expect(existsSync(join(folder, 'never.txt'))).toBe(false)

  // Its model is refused.
  expect(await connection.prompt('[[error 401]]')).toMatchObject({
    failure: { code: 'agent-error' },
  })

  // Killed in the middle of an answer.
  const cut = connection.prompt('[[slow 2000 20]]')
  await waitFor(() => heard.text().includes('tok9 '), 'some of the long answer', 30_000)
  connection.process.kill()
  expect(await cut).toMatchObject({ failure: { code: 'agent-exited' } })
  expect(await connection.exited).toMatchObject({ signal: 'SIGKILL' })

  const second = await start()
  expect(await second.connection.open(opened.ok.agentSession)).toEqual({
    ok: { agentSession: opened.ok.agentSession, restored: 'resumed' },
  })
  expect(await second.connection.prompt('[[reset]] [[say after]]')).toEqual({ ok: 'end_turn' })
  expect(second.heard.text()).toBe('after')
  // The model was shown what was said before the kill.
  expect(model.requests().at(-1)?.roles.length).toBeGreaterThan(4)
  await second.connection.end()
}, 120_000)

test('[A-97] a picture reaches the model whole when it takes pictures, and else the prompt is not sent', async () => {
  const { connection, heard } = await start()
  await connection.open(undefined)
  // One pixel.
  const data =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const picture = { id: 'p.1', name: 'dot.png', type: 'image/png', bytes: 70, data }
  const notes = {
    id: 'p.2',
    name: 'notes.txt',
    type: 'text/plain',
    bytes: 13,
    data: btoa('[[say noted]]'),
  }
  const before = model.requests().length
  expect(await connection.prompt('[[say seen]]', [picture])).toMatchObject({
    failure: { message: expect.stringContaining('takes no pictures, and dot.png is one') },
  })
  expect(model.requests().length).toBe(before)

  await connection.setModel('fake/fake-eyes')
  expect(await connection.prompt('[[say seen]] ', [picture, notes])).toEqual({ ok: 'end_turn' })
  expect(model.requests().at(-1)?.pictures).toEqual([`data:image/png;base64,${data}`])
  expect(heard.text()).toContain('seen')
  await connection.end()
}, 90_000)

test('[A-41] what it says again after its model was cut off is told once', async () => {
  const { connection, heard } = await start()
  await connection.open(undefined)
  const turn = connection.prompt('[[drop 5 50]]')
  const retries = () =>
    heard.updates.filter(({ sessionUpdate }) => sessionUpdate === 'retry').length
  // A reset socket may take the words of a try along before the agent has read them.
  await waitFor(() => heard.text() !== '', 'words of a try that fails', 60_000)
  const failed = retries()
  await waitFor(() => retries() >= failed + 2, 'two more tries of its own', 60_000)
  connection.cancel()
  expect(await turn).toEqual({ ok: 'cancelled' })
  expect('tok1 tok2 tok3 tok4 tok5 '.startsWith(heard.text())).toBe(true)
  await connection.end()
}, 150_000)
