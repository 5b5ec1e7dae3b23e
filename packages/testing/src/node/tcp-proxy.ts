/**
 * A TCP hop that fails on demand: it stands between two programs and does to their bytes what networks do.
 *
 * Owns: which fault is on, and every connection through it. It never looks into the bytes.
 *
 * Invariants:
 * - T-6 With no fault on, both sides get exactly the bytes and the end that the other sent, in order.
 * - T-7 When a fault call has been awaited, the fault is in force for every byte and connection that comes after.
 * - T-8 A connection that lost bytes never carries bytes again in that direction: `heal` cuts it, as a stream with a
 *   hole in it is what no TCP ever gives.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenOnLoopback } from './loopback.ts'

export type TcpDirection = 'to-server' | 'to-client'

export interface TcpProxyCounts {
  readonly opened: number
  /** Connections ended by `cut` or `heal`. */
  readonly cut: number
  readonly bytesPassed: Readonly<Record<TcpDirection, number>>
  readonly bytesSwallowed: Readonly<Record<TcpDirection, number>>
}

export interface TcpProxy {
  readonly port: number
  /** What happened so far: a test of faults ends by looking whether there were any. */
  counts(): TcpProxyCounts
  /** Connections that are open now. */
  open(): number
  /** Resets all connections. New ones are taken. */
  cut(): Promise<void>
  /** Refuses new connections until `accept`; open ones go on. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Swallows all bytes and ends, as of a machine that fell asleep: connections stay open and say nothing. */
  stall(): Promise<void>
  /** The same for one direction: a side that hears and is not heard. */
  stallOneWay(direction: TcpDirection): Promise<void>
  /** Holds every piece of data back for this long, in both directions. */
  delay(ms: number): Promise<void>
  /** No fault any more; connections that lost bytes are reset. */
  heal(): Promise<void>
  /** New connections go to another port, where a server was started again. */
  retarget(port: number): Promise<void>
  stop(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  holed: boolean
}

interface Faults {
  delayMs: number
  readonly stalled: Set<TcpDirection>
}

/** @param target the port on loopback that bytes go on to */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const state = {
    target,
    faults: { delayMs: 0, stalled: new Set<TcpDirection>() } satisfies Faults,
    links: new Set<Link>(),
    counts: {
      opened: 0,
      cut: 0,
      bytesPassed: { 'to-server': 0, 'to-client': 0 },
      bytesSwallowed: { 'to-server': 0, 'to-client': 0 },
    },
  }
  const newServer = () => createServer({ allowHalfOpen: true }, (client) => join(state, client))
  let server: Server | undefined = newServer()
  const port = await listenOnLoopback(server)
  const refuse = async () => {
    // Its callback comes only when all connections have ended; the listening itself is over at once.
    server?.close()
    server = undefined
  }
  return {
    port,
    counts: () => structuredClone(state.counts),
    open: () => state.links.size,
    cut: () => cut(state, [...state.links]),
    refuse,
    async accept() {
      if (server !== undefined) return
      server = newServer()
      await listenOnLoopback(server, port)
    },
    async stall() {
      state.faults.stalled.add('to-server').add('to-client')
    },
    async stallOneWay(direction) {
      state.faults.stalled.add(direction)
    },
    async delay(ms) {
      state.faults.delayMs = ms
    },
    async heal() {
      state.faults.stalled.clear()
      state.faults.delayMs = 0
      await cut(
        state,
        [...state.links].filter((link) => link.holed),
      )
    },
    async retarget(next) {
      state.target = next
    },
    async stop() {
      await refuse()
      await cut(state, [...state.links])
    },
  }
}

interface ProxyState {
  target: number
  readonly faults: Faults
  readonly links: Set<Link>
  readonly counts: {
    opened: number
    cut: number
    readonly bytesPassed: Record<TcpDirection, number>
    readonly bytesSwallowed: Record<TcpDirection, number>
  }
}

function join(state: ProxyState, client: Socket): void {
  const server = connect({ port: state.target, host: '127.0.0.1', allowHalfOpen: true })
  const link: Link = { client, server, holed: false }
  client.setNoDelay(true)
  server.setNoDelay(true)
  state.counts.opened++
  state.links.add(link)
  const gone = () => {
    if (client.destroyed && server.destroyed) state.links.delete(link)
  }
  client.on('close', gone)
  server.on('close', gone)
  void pipe(state, link, 'to-server')
  void pipe(state, link, 'to-client')
}

async function pipe(state: ProxyState, link: Link, direction: TcpDirection): Promise<void> {
  const [from, to] =
    direction === 'to-server' ? [link.client, link.server] : [link.server, link.client]
  // Without a listener a reset after the last read would end the test's process.
  from.on('error', () => undefined)
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      await pass(state, { link, direction, to, bytes: Buffer.from(chunk) })
    }
    if (swallows(state, link, direction)) return
    to.end()
  } catch {
    // This side was reset. The other learns of it only when the hop is whole.
    if (!swallows(state, link, direction)) to.resetAndDestroy()
  }
}

interface Piece {
  readonly link: Link
  readonly direction: TcpDirection
  readonly to: Socket
  readonly bytes: Buffer
}

async function pass(state: ProxyState, { link, direction, to, bytes }: Piece): Promise<void> {
  if (state.faults.delayMs > 0) await sleep(state.faults.delayMs)
  if (swallows(state, link, direction)) {
    state.counts.bytesSwallowed[direction] += bytes.length
    return
  }
  state.counts.bytesPassed[direction] += bytes.length
  if (to.destroyed || to.write(bytes)) return
  await new Promise<void>((resolve) => {
    to.once('drain', resolve)
    to.once('close', resolve)
  })
}

/** Whether what comes now in this direction is lost; then the connection has a hole. */
function swallows(state: ProxyState, link: Link, direction: TcpDirection): boolean {
  if (!state.faults.stalled.has(direction)) return false
  link.holed = true
  return true
}

async function cut(state: ProxyState, links: readonly Link[]): Promise<void> {
  state.counts.cut += links.length
  await Promise.all(links.flatMap(({ client, server }) => [reset(client), reset(server)]))
}

async function reset(socket: Socket): Promise<void> {
  if (socket.closed) return
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    // One that its other side has reset already cannot be reset, and tells that instead of its close.
    socket.once('error', () => resolve())
  })
  socket.resetAndDestroy()
  await closed
}
