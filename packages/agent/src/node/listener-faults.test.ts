/** A listener that throws, in a process of its own: what comes of a fault of ours is the end of the process that has it. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { rudeAgent, temporaryFolder } from '@belay/testing/node'
import { expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 30_000 })

/** Runs a module to its end. @returns its exit code and stderr */
async function ended(code: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (data) => (stderr += String(data)))
  await once(child, 'close')
  return { code: child.exitCode, stderr }
}

const acpProgram = `
import { acp } from ${JSON.stringify(join(import.meta.dirname, 'acp.ts'))}
import { processTree } from ${JSON.stringify(join(import.meta.dirname, 'fence.ts'))}
const [file, cwd, wrong] = process.argv.slice(1)
const on = Object.fromEntries(['update', 'offer', 'choiceRefused', 'permission', 'permissionGone', 'note'].map((name) => [name, () => {
  if (name === wrong) throw new Error('a fault in ' + name)
}]))
const connection = acp.connect({ command: process.execPath, args: [file], cwd, env: process.env, marker: 'listener-faults.' + process.pid, fence: processTree, startMs: 20000, version: '0', on })
process.on('exit', () => connection.process.kill())
await connection.open(undefined)
await connection.prompt('go')
setInterval(() => {}, 1000)
`

const agentThatDoesAll = `
methods['session/prompt'] = async () => {
  say('a word')
  send({ id: 77, method: 'session/request_permission', params: { sessionId: 's1', toolCall: { toolCallId: 't' }, options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }] } })
  await later(100)
  send({ method: '$/cancel_request', params: { requestId: 77 } })
  await later(60000)
}
main()
`

test.each(['update', 'permission', 'permissionGone'])(
  '[R-150] a listener of an ACP agent that throws at %s ends the process that has the fault',
  async (wrong) => {
    const folder = temporaryFolder('listener')
    const [file = ''] = rudeAgent(folder, agentThatDoesAll).args
    const { code, stderr } = await ended(acpProgram, file, folder, wrong)
    expect(stderr).toContain(`a fault in ${wrong}`)
    expect(code).toBe(1)
  },
)

const streamProgram = `
import { EventStream } from ${JSON.stringify(join(import.meta.dirname, 'event-stream.ts'))}
const policy = { attachMs: 5000, reopenMsMin: 50, reopenMsMax: 100, eventBytesMax: 65536 }
new EventStream({ url: process.argv[1], headers: {}, policy, onOpen: async () => {}, onLost() {}, onNote() {}, onEvent() { throw new Error('a fault in onEvent') } })
setInterval(() => {}, 1000)
`

test('[R-150] a listener of an event stream that throws ends the process that has the fault', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"type":"first"}\n\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const { code, stderr } = await ended(streamProgram, `http://127.0.0.1:${port}/`)
  server.closeAllConnections()
  server.close()
  expect(stderr).toContain('a fault in onEvent')
  expect(code).toBe(1)
})
