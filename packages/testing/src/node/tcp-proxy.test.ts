import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenOnLoopback } from './loopback.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { waitFor } from './wait-for.ts'

let ends: (() => Promise<unknown>)[] = []
let proxy: TcpProxy

beforeEach(async () => {
  ends = []
  proxy = await startTcpProxy(await startEcho())
  ends.push(proxy.stop)
})
afterEach(async () => {
  for (const end of ends.toReversed()) await end()
})

async function startEcho(prefix = ''): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(prefix)
    socket.pipe(socket)
  })
  ends.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return listenOnLoopback(server)
}

interface Client {
  readonly socket: Socket
  got(): string
  ended(): boolean
  failed(): string | undefined
}

async function dial(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  ends.push(async () => socket.destroy())
  let text = ''
  let ended = false
  let failed: string | undefined
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('end', () => (ended = true))
  socket.on('error', (error) => (failed = 'code' in error ? String(error.code) : error.message))
  const client = { socket, got: () => text, ended: () => ended, failed: () => failed }
  await waitFor(() => !socket.connecting || failed !== undefined, 'the dial was answered', 5000)
  return client
}

async function echoed(client: Client, text: string): Promise<void> {
  client.socket.write(text)
  await waitFor(() => client.got().endsWith(text), `"${text}" came back`, 5000)
}

const quietMs = 60
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('[T-6] bytes and the end pass whole and in order', async () => {
  const client = await dial()
  const big = Array.from({ length: 100_000 }, (_, index) => index).join(',')
  client.socket.end(big)
  await waitFor(client.ended, 'the echo ended', 5000)
  expect(client.got()).toBe(big)
  await waitFor(() => proxy.open() === 0, 'nothing is left open', 5000)
  expect(proxy.counts()).toMatchObject({ opened: 1, cut: 0 })
  expect(proxy.counts().bytesPassed).toEqual({ 'to-server': big.length, 'to-client': big.length })
})

test('[T-7] a cut resets every connection and takes new ones', async () => {
  const clients = [await dial(), await dial()]
  for (const client of clients) await echoed(client, 'hello')
  await proxy.cut()
  expect(proxy.open()).toBe(0)
  for (const client of clients) {
    await waitFor(() => client.failed() === 'ECONNRESET', 'the client was reset', 5000)
  }
  await echoed(await dial(), 'again')
  expect(proxy.counts()).toMatchObject({ opened: 3, cut: 2 })
})

test('[T-7] new connections are refused for a while and open ones go on', async () => {
  const client = await dial()
  await proxy.refuse()
  expect((await dial()).failed()).toBe('ECONNREFUSED')
  await echoed(client, 'still here')
  await proxy.accept()
  await echoed(await dial(), 'welcome')
})

test('[T-8] a stalled connection stays open, says nothing, and is reset when the hop heals', async () => {
  const client = await dial()
  await echoed(client, 'before')
  await proxy.stall()
  client.socket.write('lost')
  await waitFor(() => proxy.counts().bytesSwallowed['to-server'] === 4, 'it was swallowed', 5000)
  await sleep(quietMs)
  expect(client).toMatchObject({ socket: { destroyed: false } })
  expect(client.got()).toBe('before')
  await proxy.heal()
  await waitFor(() => client.failed() === 'ECONNRESET', 'the client was reset', 5000)
  await echoed(await dial(), 'after')
})

test('[T-7] a stalled server’s end does not reach the client', async () => {
  const client = await dial()
  await echoed(client, 'before')
  await proxy.stallOneWay('to-client')
  client.socket.end('last words')
  await waitFor(
    () => proxy.counts().bytesSwallowed['to-client'] === 10,
    'the echo was swallowed',
    5000,
  )
  await sleep(quietMs)
  expect(client.ended()).toBe(false)
})

test('[T-7] one direction can be lost alone', async () => {
  const client = await dial()
  await proxy.stallOneWay('to-client')
  client.socket.write('heard')
  await waitFor(() => proxy.counts().bytesSwallowed['to-client'] === 5, 'the echo was lost', 5000)
  expect(proxy.counts().bytesPassed['to-server']).toBe(5)
  expect(client.got()).toBe('')
})

test('[T-7] a delay holds bytes back and keeps their order', async () => {
  const client = await dial()
  await proxy.delay(quietMs)
  client.socket.write('slow')
  await sleep(quietMs / 2)
  expect(client.got()).toBe('')
  client.socket.write(' and steady')
  await waitFor(() => client.got() === 'slow and steady', 'all came in the end', 5000)
  await proxy.heal()
  await echoed(client, 'a delay leaves no hole')
})

test('[T-7] new connections go where the server is now', async () => {
  await proxy.retarget(await startEcho('second '))
  const client = await dial()
  await waitFor(() => client.got() === 'second ', 'the second server answered', 5000)
})
