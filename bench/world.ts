/**
 * What every measurement stands on: a real server process on a real disk, runners played over real sockets, and the
 * physical limit of the same disk beside them.
 */
import { type ChildProcess, fork } from 'node:child_process'
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { runnerToken } from '../apps/belay/src/server/tokens.ts'
import { decodeFrame } from '../packages/channel/src/index.ts'
import { type Client, createClient } from '../packages/client/src/webapi/index.ts'

export interface Measured {
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function summarize(latencies: readonly number[], seconds: number): Measured {
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    perSecond: latencies.length / seconds,
  }
}

const upSchema = z.object({ url: z.string() })
const memorySchema = z.object({
  memory: z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() }),
})
export type Memory = z.infer<typeof memorySchema>['memory']

export interface BenchServer {
  readonly folder: string
  readonly url: string
  readonly process: ChildProcess
  readonly client: Client
  memory(): Promise<Memory>
  kill(): Promise<void>
}

/** A folder on the disk that is measured: beside the repository, not in a memory file system. */
export function benchFolder(): string {
  const cache = resolve(import.meta.dirname, '../node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  return mkdtempSync(join(cache, 'bench-'))
}

export async function startServer(folder: string, port = 0): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, 'server.ts'), [folder, String(port)], {
    execArgv: ['--expose-gc'],
  })
  const { url } = upSchema.parse(await message(child))
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  return {
    folder,
    url,
    process: child,
    client: createClient({ url, token }),
    async memory() {
      child.send('memory')
      return memorySchema.parse(await message(child)).memory
    },
    async kill() {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await gone
    },
  }
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((done, fail) => {
    child.once('message', done)
    child.once('exit', (code) => fail(new Error(`the server ended with code ${code}`)))
  })
}

/** One write and fdatasync at a time of the same bytes on the same disk: what nothing durable can beat. */
export function rawSync(folder: string, bytes: number, rounds: number): Measured {
  const path = join(folder, 'raw')
  const file = openSync(path, 'w')
  const data = Buffer.alloc(bytes, 120)
  const latencies: number[] = []
  const start = performance.now()
  for (let round = 0; round < rounds; round++) {
    const before = performance.now()
    writeSync(file, data)
    fdatasyncSync(file)
    latencies.push(performance.now() - before)
  }
  const seconds = (performance.now() - start) / 1000
  closeSync(file)
  rmSync(path)
  return summarize(latencies, seconds)
}

/** A runner played over its real socket: numbered reports out, acks in. */
export interface PlayedRunner {
  readonly session: string
  /** Resolves when the session has handed over a prompt. */
  readonly prompted: Promise<void>
  /** Sends reports in one frame; resolves when the last is acknowledged. */
  send(reports: readonly string[]): Promise<void>
  close(): void
}

async function playRunner(server: BenchServer, session: string): Promise<PlayedRunner> {
  const secret = Buffer.from(readFileSync(join(server.folder, 'secret'), 'utf8').trim(), 'hex')
  const token = runnerToken(secret, { session, generation: 1 })
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/runner`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  })
  let sent = 0
  const waiting: { n: number; done: () => void }[] = []
  const prompted = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    const lines = decodeFrame(data.toString())
    if (typeof lines === 'string') throw new Error(lines)
    for (const line of lines) {
      if (line.type === 'ack')
        while (waiting[0] !== undefined && waiting[0].n <= line.n) waiting.shift()?.done()
      else if (line.type === 'ping') socket.send('Q')
      else if (line.type === 'message') {
        socket.send(`A ${line.n}`)
        if (line.json.startsWith('{"type":"prompt"')) prompted.resolve()
      }
    }
  })
  await new Promise((done, fail) => socket.once('open', done).once('error', fail))
  socket.send(`H ${JSON.stringify({ version: 1, session, generation: 1, received: 0 })}`)
  const self: PlayedRunner = {
    session,
    prompted: prompted.promise,
    send(reports) {
      const { promise, resolve: done } = Promise.withResolvers<void>()
      socket.send(reports.map((report) => `M ${++sent} ${report}`).join('\n'))
      waiting.push({ n: sent, done })
      return promise
    },
    close: () => socket.terminate(),
  }
  await self.send([
    JSON.stringify({
      type: 'agent-ready',
      agent: { name: 'bench', title: 'Bench', demo: false },
      agentSession: 'bench',
      restored: 'new',
      folder: '/',
      fence: 'process-tree',
    }),
  ])
  return self
}

/** A session in the middle of a turn, and its runner. */
export async function runningSession(server: BenchServer): Promise<PlayedRunner> {
  const { session } = await server.client.call('createSession', {
    agent: { command: 'bench' },
    workspace: { type: 'folder', path: '/' },
    prompt: { promptId: 'p1', text: 'go' },
  })
  const runner = await playRunner(server, session.id)
  await runner.prompted
  await runner.send([JSON.stringify({ type: 'turn-taken', turn: 1 })])
  return runner
}

/** A text report of 300 bytes, the size of a joined chunk of an agent's answer. */
export const textReport = JSON.stringify({ type: 'text', turn: 1, text: 'x'.repeat(300 - 36) })

function nothing(): void {}

export interface PlayedViewer {
  readonly received: () => number
  readonly bytes: () => number
  /** Resolves when this many events have come in. */
  until(events: number): Promise<void>
  close(): void
}

export async function openViewer(
  server: BenchServer,
  session: string,
  after = 0,
): Promise<PlayedViewer> {
  const token = readFileSync(join(server.folder, 'token'), 'utf8').trim()
  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/v1/sessions/${session}/stream?after=${after}`,
    { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false },
  )
  let last = after
  let bytes = 0
  let wanted = Number.POSITIVE_INFINITY
  let done = nothing
  socket.on('message', (data: Buffer) => {
    bytes += data.length
    if (data[9] !== 101) return // Not `{"type":"events"…`, whose tenth byte is `e`.
    // The last event's number is all a counter needs; parsing every frame for every viewer would measure the client.
    const text = data.toString('latin1')
    const at = text.lastIndexOf('{"seq":')
    last = Number.parseInt(text.slice(at + 7, at + 20), 10)
    if (last >= wanted) done()
  })
  await new Promise((opened, fail) => socket.once('open', opened).once('error', fail))
  return {
    received: () => last - after,
    bytes: () => bytes,
    until(events) {
      if (last >= events) return Promise.resolve()
      wanted = events
      return new Promise((resolved) => (done = resolved))
    },
    close: () => socket.terminate(),
  }
}
