/**
 * The one port everybody comes through: requests, streams and upgrades, refused in one shape, and ended when the server
 * ends, whoever holds on to a socket.
 *
 * Owns: the sockets. What is said on them is in `http.ts`, `streams.ts` and `runner-links.ts`.
 *
 * Invariants:
 * - E-1 Every refusal has one shape.
 * - E-16 A stop takes moments, whatever the other ends of its sockets do.
 * - E-57 Whatever strangers hold, runners come in beyond `socketsOpenMax`.
 * - E-17 A refused upgrade's socket is closed from this side too.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { limits, type Refusal } from '@belay/protocol'
import type { Logger } from 'pino'
import { apiHeaders } from './http.ts'
import { RefusalError, refusalFrom } from './problem.ts'

/** What asks to become a WebSocket. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly url: URL
  readonly socket: Duplex
  readonly head: Buffer
}

/** Takes upgrades meant for it; false when this one is not. @throws RefusalError */
interface Upgrading {
  upgrade(upgrade: Upgrade): boolean
}

export interface ListenerOptions {
  readonly http: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>
  readonly streams: Upgrading & {
    request(request: IncomingMessage, url: URL, response: ServerResponse): boolean
  }
  readonly links: Upgrading
  /** Why somebody may not come in at all, if so. */
  readonly foreign: (request: IncomingMessage) => Refusal | undefined
  readonly socketsOpenMax?: number
  readonly log: Logger
}

export interface Listener {
  /** @returns the URL it listens on. @throws when the address is taken or not of this machine */
  open(host: string, port: number): Promise<string>
  /** Takes nobody in any more. To be called before those who hold sockets end them. */
  refuse(): void
  /** Resolves when every socket is closed: those that do not close by themselves are cut. */
  close(): Promise<void>
}

/** Time to read the last frames, and to answer a close; what is not answered by then never will be. */
const farewellMs = 500

export function createListener(options: ListenerOptions): Listener {
  const { http, streams, links, foreign, log } = options
  const server = createServer()
  const { sockets, refuseBeyond } = socketsOf(server, options)
  const stopping = new AbortController()

  /** @throws RefusalError */
  function admit(request: IncomingMessage): URL {
    const refusal = stopping.signal.aborted ? goingAway : foreign(request)
    if (refusal !== undefined) throw RefusalError.of(refusal, undefined)
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host}`)
    if (url !== null) return url
    throw new RefusalError('route-not-found', 'The address cannot be read, or its host cannot.')
  }

  /** The query may hold a ticket. */
  function refusalOf(error: unknown, { url = '/' }: IncomingMessage): RefusalError {
    return refusalFrom(error, log, url.split('?', 1)[0] ?? url)
  }

  server.on('request', (request, response) => {
    try {
      const url = admit(request)
      refuseBeyond()
      if (streams.request(request, url, response)) return
    } catch (error) {
      const { status, problem } = refusalOf(error, request)
      const headers = { ...apiHeaders, 'content-type': 'application/json', connection: 'close' }
      response.writeHead(status, headers)
      response.end(JSON.stringify(problem))
      return
    }
    http(request, response).catch((error: unknown) => {
      refusalOf(error, request)
      response.destroy()
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      const upgrade = { request, url: admit(request), socket, head }
      if (links.upgrade(upgrade)) return
      refuseBeyond()
      if (streams.upgrade(upgrade)) return
      throw new RefusalError('route-not-found', 'There is no stream here.')
    } catch (error) {
      refuseUpgrade(socket, refusalOf(error, request))
    }
  })

  return {
    async open(host, port) {
      server.listen(port, host)
      await once(server, 'listening')
      // No file descriptors left, say: those who are in go on.
      server.on('error', (error) => log.error({ error: error.message }, 'could not take a socket'))
      const address = server.address()
      if (typeof address !== 'object' || address === null)
        throw new Error(`the server listens on ${address}, not on a port`)
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
      return `http://${name}:${address.port}`
    },
    refuse: () => stopping.abort(),
    async close() {
      stopping.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const cutting = setTimeout(() => sockets.forEach((socket) => socket.destroy()), farewellMs)
      await closed
      clearTimeout(cutting)
    },
  }
}

/** The sockets of a server, and the number of them beyond which only runners are let in. */
function socketsOf(
  server: Server,
  { log, socketsOpenMax = limits.socketsOpenMax }: ListenerOptions,
) {
  const sockets = new Set<Duplex>()
  // Beyond what is refused in words, nobody's socket is taken at all.
  server.maxConnections = 2 * socketsOpenMax
  server.on('drop', () => log.error({ open: sockets.size }, 'too many sockets are open'))
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    sockets,
    /** @throws RefusalError */
    refuseBeyond: () => {
      if (sockets.size <= socketsOpenMax) return
      throw new RefusalError(
        'server-full',
        `More than ${socketsOpenMax} connections are open, and this server serves no more at once; sessions go on.`,
        { limit: socketsOpenMax },
      )
    },
  }
}

const goingAway: Refusal = { code: 'going-away', message: 'The server is stopping.' }

/** What does not know how to become a WebSocket. */
export function refuseHandshake(error: Error, socket: Duplex): void {
  refuseUpgrade(
    socket,
    new RefusalError('bad-request', `This is no WebSocket handshake: ${error.message}.`),
  )
}

function refuseUpgrade(socket: Duplex, { status, problem }: RefusalError): void {
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  // Its other half would stay open for as long as the stranger likes.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
