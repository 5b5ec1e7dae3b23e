/**
 * The server's end of every runner's channel: sockets, and nothing that would be missed with them. Numbers, unacked
 * commands and what was received are part of the session's state.
 *
 * Invariants:
 * - K-1 A runner's ack is sent only after the commit of what it acknowledges.
 * - K-2 A session has at most one linked socket: a newer one replaces the older, and an older generation replaces none.
 * - K-3 A socket is let in only with the token of its session and generation, and fenced by the session itself.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  decodeFrame,
  encodeAck,
  encodeMessage,
  encodeWelcome,
  heard,
  type Line,
  type Liveness,
  livenessPolicy,
  livenessStart,
  ping,
  pong,
  tick,
} from '@belay/channel'
import {
  closeCodes,
  type Command,
  helloSchema,
  limits,
  protocolFloor,
  protocolVersion,
  type Refusal,
  streams,
} from '@belay/protocol'
import { decodeReport, type ReceivedReport } from '@belay/session'
import type { Logger } from 'pino'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { RefusalError } from './problem.ts'
import { bearer, readRunnerToken, type RunnerIdentity } from './tokens.ts'
import type { SessionHost } from './viewer.ts'

interface Link extends RunnerIdentity {
  readonly socket: WebSocket
  liveness: Liveness
  /** Commands that were released before the welcome was on its way. */
  held: string[] | undefined
}

export interface RunnerLinks {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Sends a command if its runner is linked; otherwise its next hello asks for it. */
  send(session: string, generation: number, n: number, command: Command): void
  isLinked(session: string, generation: number): boolean
  /** Tells the runner of this generation, or of an older one, that it is done; it ends its agent and itself. */
  release(session: string, generation: number): void
  /** When the last byte of a session's runner came, milliseconds since the epoch; undefined without a socket. */
  heardAt(session: string): number | undefined
  close(): void
}

export interface RunnerLinkOptions {
  readonly host: SessionHost
  readonly secret: Buffer
  readonly clock: () => number
  readonly log: Logger
}

export function createRunnerLinks(options: RunnerLinkOptions): RunnerLinks {
  const { host, secret, clock, log } = options
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
  })
  const links = new Map<string, Link>()
  let closing = false
  const timer = setInterval(judgeSilence, livenessPolicy.tickMs)
  timer.unref()

  function judgeSilence(): void {
    for (const link of links.values()) {
      const { state, verdict } = tick(livenessPolicy, link.liveness, clock())
      link.liveness = state
      if (verdict === 'ping') link.socket.send(ping)
      // A half-open socket never closes by itself in useful time.
      if (verdict === 'dead') link.socket.terminate()
    }
  }

  function attach(identity: RunnerIdentity, socket: WebSocket): void {
    const link: Link = { ...identity, socket, liveness: livenessStart(clock()), held: [] }
    let greeted = false
    socket.on('error', (error) =>
      log.debug({ session: link.session, error: error.message }, 'runner socket error'),
    )
    socket.on('close', () => detach(link))
    socket.on('message', (data) => {
      link.liveness = heard(link.liveness, clock())
      const lines = decodeFrame(textOf(data))
      if (typeof lines === 'string') return refuse(link, lines)
      if (greeted) return void receive(link, lines)
      greeted = true
      void greet(link, lines)
    })
  }

  async function greet(link: Link, lines: readonly Line[]): Promise<void> {
    const hello =
      lines[0]?.type === 'hello' ? parseHello(lines[0].json) : 'the first line is not a hello'
    if (typeof hello === 'string') return refuse(link, hello)
    if (hello.session !== link.session || hello.generation !== link.generation)
      return refuse(link, 'the hello is not what the token is for')
    if (hello.version < protocolFloor)
      return refuse(
        link,
        `protocol ${hello.version} is older than ${protocolFloor}, the oldest that is read`,
      )
    const { session, generation } = link
    const before = links.get(session)
    // Fenced here already: it may not even push the newer one's socket aside.
    if (before !== undefined && before.generation > generation)
      return dismiss(link, { code: 'stale-generation', message: 'A newer runner is linked.' })
    before?.socket.close(closeCodes.replaced, 'replaced')
    links.set(session, link)
    const reply = await host.submit(session, {
      type: 'runner-hello',
      generation,
      received: hello.received,
    })
    if (reply.type !== 'stored') {
      if (links.get(session) === link) links.delete(session)
      return dismiss(link, reply.type === 'refused' ? reply.refusal : undefined)
    }
    log.info({ session, generation }, 'runner linked')
    const welcome = encodeWelcome(
      JSON.stringify({ version: protocolVersion, received: reply.received }),
    )
    link.socket.send([welcome, ...(link.held ?? [])].join('\n'))
    link.held = undefined
  }

  async function receive(link: Link, lines: readonly Line[]): Promise<void> {
    const reports: ReceivedReport[] = []
    let acked: number | undefined
    for (const line of lines) {
      if (line.type === 'ping') link.socket.send(pong)
      else if (line.type === 'ack') acked = line.n
      else if (line.type === 'message') {
        const report = decodeReport(line.json)
        if (typeof report === 'string') return refuse(link, `report ${line.n}: ${report}`)
        reports.push({ n: line.n, json: line.json, report })
      } else if (line.type !== 'pong') return refuse(link, `unexpected ${line.type}`)
    }
    if (reports.length === 0 && acked === undefined) return
    const { session, generation } = link
    const reply = await host.submit(session, { type: 'runner-frame', generation, acked, reports })
    if (reply.type !== 'stored')
      return dismiss(link, reply.type === 'refused' ? reply.refusal : undefined)
    if (reports.length > 0) link.socket.send(encodeAck(reply.received))
  }

  function detach(link: Link): void {
    if (links.get(link.session) !== link) return
    links.delete(link.session)
    // A server that stops says nothing of it: the runners are there, and the next start looks for them.
    if (closing) return
    log.info({ session: link.session, generation: link.generation }, 'runner link lost')
    void host.submit(link.session, { type: 'runner-link-lost', generation: link.generation })
  }

  function refuse(link: Link, reason: string): void {
    log.warn(
      { session: link.session, generation: link.generation, reason },
      'runner broke the protocol',
    )
    link.socket.close(closeCodes.protocolError, reason.slice(0, 100))
  }

  return {
    upgrade(request, socket, head) {
      if (new URL(request.url ?? '/', 'http://server').pathname !== streams.runner.path)
        return false
      const identity = readRunnerToken(secret, bearer(request.headers.authorization) ?? '')
      if (identity === undefined)
        throw new RefusalError('unauthorized', 'This is not the token of a runner of this server.')
      server.handleUpgrade(request, socket, head, (webSocket) => attach(identity, webSocket))
      return true
    },
    send(session, generation, n, command) {
      const link = links.get(session)
      if (link?.generation !== generation) return
      const line = encodeMessage(n, JSON.stringify(command))
      if (link.held === undefined) link.socket.send(line)
      else link.held.push(line)
    },
    isLinked: (session, generation) => links.get(session)?.generation === generation,
    release(session, generation) {
      const link = links.get(session)
      if (link !== undefined && link.generation <= generation)
        link.socket.close(closeCodes.done, 'it is not needed any more')
    },
    heardAt: (session) => links.get(session)?.liveness.heardAt,
    close() {
      closing = true
      clearInterval(timer)
      for (const link of links.values()) link.socket.close(closeCodes.goingAway, 'going away')
      links.clear()
    },
  }
}

/** Ends a runner that has no say any more. Being told `done` or `fenced`, it ends its agent and itself. */
function dismiss(link: Link, refusal: Refusal | undefined): void {
  switch (refusal?.code) {
    case 'session-deleted':
      return link.socket.close(closeCodes.done, 'the session was deleted')
    case 'stale-generation':
    case 'session-not-found':
      return link.socket.close(closeCodes.fenced, refusal.message.slice(0, 100))
    default:
      return link.socket.close(
        closeCodes.protocolError,
        refusal?.message.slice(0, 100) ?? 'refused',
      )
  }
}

function parseHello(json: string) {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return 'the hello is not JSON'
  }
  const parsed = helloSchema.safeParse(value)
  return parsed.success ? parsed.data : 'the hello is not as expected'
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString()
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString()
}
