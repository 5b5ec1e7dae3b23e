/** How many may be there at once: a real server, started with small numbers. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { temporaryFolder } from '@belay/testing/node'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { type RunningServer, serve, type ServeOptions } from './serve.ts'

const open: { server: RunningServer | undefined; sockets: Socket[] } = {
  server: undefined,
  sockets: [],
}
afterEach(async () => {
  for (const socket of open.sockets) socket.destroy()
  await open.server?.close()
})

async function start(bounds: ServeOptions['bounds']) {
  const server = await serve({
    dataFolder: temporaryFolder('bounds'),
    port: 0,
    host: '127.0.0.1',
    log: pino({ level: 'silent' }),
    runners: 'elsewhere',
    ...(bounds === undefined ? {} : { bounds }),
  })
  open.server = server
  const token = /token=(.*)$/.exec(server.link)?.[1] ?? ''
  const authorization = `Bearer ${token}`
  return {
    ask: (
      path: string,
      init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
    ) =>
      fetch(`${server.url}${path}`, {
        ...init,
        headers: {
          authorization,
          connection: 'close',
          'content-type': 'application/json',
          ...init.headers,
        },
      }),
    async hold() {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
      open.sockets.push(socket)
      await once(socket, 'connect')
      return socket
    },
  }
}

const session = (id: string) => ({
  method: 'POST',
  body: JSON.stringify({ id, agent: { name: 'demo' }, workspace: { type: 'folder', path: '/' } }),
})
const stream = { headers: { accept: 'text/event-stream' } }

test('[E-57] a session beyond the number is refused in words, one that is repeated is not, and a deletion makes room', async () => {
  const { ask } = await start({ sessionsKeptMax: 1 })
  expect((await ask('/v1/sessions', session('s1'))).status).toBe(201)
  const refused = await ask('/v1/sessions', session('s2'))
  expect(refused.status).toBe(507)
  expect(await refused.json()).toMatchObject({
    error: {
      code: 'sessions-full',
      limit: 1,
      message: expect.stringContaining('nothing was started'),
    },
  })
  expect((await ask('/v1/sessions/s2')).status).toBe(404)
  expect((await ask('/v1/sessions', session('s1'))).status).toBe(201)
  await ask('/v1/sessions/s1', { method: 'DELETE' })
  expect((await ask('/v1/sessions', session('s2'))).status).toBe(201)
})

test('[E-57] a stream beyond the number is refused in words until another ends', async () => {
  const { ask } = await start({ viewersOpenMax: 1 })
  const gone = new AbortController()
  expect((await ask('/v1/stream', { ...stream, signal: gone.signal })).status).toBe(200)
  const refused = await ask('/v1/stream', stream)
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ error: { code: 'server-full', limit: 1 } })
  gone.abort()
  await expect.poll(async () => (await ask('/v1/stream', stream)).status).toBe(200)
})

test('[E-57] sockets beyond the number are refused in words, and a runner comes in', async () => {
  const { ask, hold } = await start({ socketsOpenMax: 2 })
  const held = [await hold(), await hold()]
  const refused = await ask('/v1/stream', stream)
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ error: { code: 'server-full', limit: 2 } })
  // It is looked at for what it is: not one that stands in the way, but one without a token.
  const runner = await hold()
  runner.write(
    'GET /v1/runner HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  const [answer] = await once(runner, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /)
  held[0]?.destroy()
  await expect.poll(async () => (await ask('/v1/settings')).status).toBe(200)
})
