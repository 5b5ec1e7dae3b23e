/** What runners may do wrong at a real server's door, and what that costs others: nothing. */
import { agentReady } from '@belay/testing'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeCodes } from '@belay/protocol'
import { endRunners, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { clientOf, type PlayedServer, servePlayed, silentLog } from '../e2e/played-server.ts'
import { serve } from './serve.ts'

let server: PlayedServer
let client: PlayedServer['client']
beforeAll(async () => {
  server = await servePlayed('rude')
  client = server.client
})
afterAll(() => server.close())

/** A socket at the runners' door that says nothing. */
async function silentSocket(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/runner`, {
    headers: { authorization: `Bearer ${token}` },
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => socket.terminate())
  return socket
}

const typesOf = async (id: string) =>
  (await client.call('events', { id })).events.map(({ type }) => type)

test('[K-3] a runner of an older generation is fenced, and the newer one stays linked', async () => {
  const id = await server.newSession()
  const older = await server.dial(id)
  await older.report({
    type: 'prepare-failed',
    step: 'workspace',
    code: 'workspace-failed',
    message: 'No.',
  })
  await client.call('retry', { id })
  const newer = await server.dial(id, { generation: 2 })
  const late = await server.dial(id)
  expect(late.closed()).toMatchObject({ code: closeCodes.fenced })
  await newer.report(agentReady)
  expect(newer.closed()).toBeUndefined()
  expect(await typesOf(id)).toContain('agent-ready')
  newer.end()
})

test('[K-8] after a broken frame nothing more of its socket is taken', async () => {
  const id = await server.newSession()
  const runner = await server.dial(id)
  runner.raw('hello?')
  runner.raw(`M 1 ${JSON.stringify(agentReady)}`)
  await waitFor(() => runner.closed() !== undefined, 'the socket is closed', 5000)
  expect(await typesOf(id)).not.toContain('agent-ready')
  const other = await server.newSession()
  const socket = await silentSocket(server.url, server.runnerToken(other))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.send('H {"not":"a hello"}')
  socket.send(`M 1 ${JSON.stringify(agentReady)}`)
  expect(await closed).toBe(closeCodes.protocolError)
  expect(await typesOf(other)).not.toContain('agent-ready')
})

test('[K-8] a broken frame in any script is refused in words that fit a close frame', async () => {
  const id = await server.newSession()
  const runner = await server.dial(id)
  runner.raw('漢字'.repeat(50))
  await waitFor(() => runner.closed() !== undefined, 'the socket is closed', 5000)
  expect(runner.closed()).toMatchObject({
    code: closeCodes.protocolError,
    reason: expect.stringContaining('漢字'),
  })
})

test('[K-9] a session hears of the end of its link also when the link was ended here', async () => {
  const id = await server.newSession()
  const runner = await server.dial(id)
  runner.raw('M 7 {"type":"closing","reason":"x"}')
  await waitFor(() => runner.closed() !== undefined, 'the socket is closed', 5000)
  await waitFor(
    async () => (await client.call('getSession', { id })).runner.state === 'lost',
    'the session knows that its runner is away',
    5000,
  )
})

test('[K-10] a socket that does not say hello is closed', async () => {
  const socket = await silentSocket(server.url, server.runnerToken(await server.newSession()))
  // Nobody at the other end reads or answers any more.
  socket.pause()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  await closed
  expect(socket.readyState).toBe(WebSocket.CLOSED)
}, 20_000)

test('[E-16] a server stops although runners, viewers and strangers hold on to their sockets', async () => {
  const stopping = await servePlayed('holding')
  const id = await stopping.newSession()
  const silent = await silentSocket(stopping.url, stopping.runnerToken(id))
  const port = Number(new URL(stopping.url).port)
  const handshake = (path: string, bearer: string) =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${bearer}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
  const holders = [
    handshake(`/v1/sessions/${id}/stream`, stopping.token),
    handshake('/v1/stream', 'wrong'),
    'GET /v1/he',
  ].map((text) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.on('data', () => undefined)
    socket.write(text)
    return socket
  })
  await waitFor(
    () => holders[0] !== undefined && holders[0].bytesRead > 0,
    'the viewer is in',
    5000,
  )
  await waitFor(() => holders[1] !== undefined && holders[1].bytesRead > 0, 'it was refused', 5000)
  await stopping.close()
  silent.terminate()
  for (const socket of holders) socket.destroy()
}, 15_000)

test('[E-17] a stranger whose upgrade was refused cannot keep its socket open', async () => {
  const port = Number(new URL(server.url).port)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const gone = { yes: false }
  socket.on('error', () => {
    gone.yes = true
  })
  socket.on('data', () => undefined)
  const ended = new Promise((resolve) => socket.once('end', resolve))
  socket.write(
    'GET /v1/runner HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  await ended
  await waitFor(
    () => {
      if (!gone.yes) socket.write('x')
      return gone.yes
    },
    'the server has let go of it',
    5000,
  )
  socket.destroy()
})

test('[K-6] a session deleted while its runner is just being born leaves no folder and no runner', async () => {
  const folder = temporaryFolder('newborn')
  const real = await serve({ dataFolder: folder, port: 0, host: '127.0.0.1', log: silentLog })
  const asking = clientOf(real)
  const ids: string[] = []
  for (const ms of [0, 30, 60, 120]) {
    const { session } = await asking.call('createSession', {
      agent: { name: 'demo' },
      workspace: { type: 'folder', path: temporaryFolder('newborn-work') },
    })
    ids.push(session.id)
    await sleep(ms)
    await asking.call('deleteSession', { id: session.id })
  }
  // Longer than a runner needs to be born and to be told that its session is gone.
  await sleep(4000)
  expect(ids.filter((id) => existsSync(join(folder, 'runners', id)))).toEqual([])
  await real.close()
  await endRunners(folder)
}, 30_000)
