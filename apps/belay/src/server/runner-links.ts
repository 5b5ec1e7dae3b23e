/**
 * The server's end of every runner's channel: sockets, and nothing that would be missed with them. Numbers, unacked
 * commands and what was received are part of the session's state.
 *
 * Invariants:
 * - K-1 A runner's ack is sent only after the commit of what it acknowledges.
 * - K-2 A session has at most one linked socket: a newer one replaces the older, and an older generation replaces none.
 * - K-30 What is attached to a prompt is put into it only on its way to the runner of its session.
 * - K-27 A repository's token is unsealed only on its way to the runner of its session.
 * - K-3 A socket is let in only with the token of its session and generation, and fenced by the session itself.
 * - K-8 A runner that breaks the protocol loses its socket, and nothing more of it is stored.
 * - K-9 A session hears of the end of its link, whoever ended it.
 * - K-10 A socket that does not say hello is closed.
 */
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
  closeReason,
  type Command,
  type Hello,
  helloSchema,
  limits,
  protocolFloor,
  protocolVersion,
  type Refusal,
  streams,
} from '@belay/protocol'
import { decodeReport, type ReceivedReport, type SessionReply } from '@belay/session'
import type { Logger } from 'pino'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { attachmentOf } from './attachments.ts'
import { refuseHandshake, type Upgrade } from './listener.ts'
import { RefusalError } from './problem.ts'
import { gitPlace, type Seal } from './seal.ts'
import { bearer, readRunnerToken, type RunnerIdentity } from './tokens.ts'
import type { SessionHost } from './viewer.ts'

interface Link extends RunnerIdentity {
  readonly socket: WebSocket
  liveness: Liveness
  /** Only a `greeted` one is asked whether it is there, and nothing is taken from an `ended` one. */
  stage: 'new' | 'greeted' | 'ended'
  /** Commands that were released before the welcome was on its way. */
  held: string[] | undefined
}

export interface RunnerLinkOptions {
  readonly host: SessionHost
  readonly secret: Buffer
  readonly seal: Seal
  readonly clock: () => number
  readonly log: Logger
}

export class RunnerLinks {
  readonly #options: RunnerLinkOptions
  /** Every open socket, also before its hello and after its end was said. */
  readonly #sockets = new Set<Link>()
  /** The link of each session. */
  readonly #links = new Map<string, Link>()
  readonly #timer: NodeJS.Timeout
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
  })
  #closing = false

  constructor(options: RunnerLinkOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#judgeSilence(), livenessPolicy.tickMs)
    this.#timer.unref()
    this.#server.on('wsClientError', refuseHandshake)
  }

  /** Answers an upgrade if it is a runner's; false when it is not. @throws RefusalError */
  upgrade({ request, url, socket, head }: Upgrade): boolean {
    if (url.pathname !== streams.runner.path) return false
    const identity = readRunnerToken(
      this.#options.secret,
      bearer(request.headers.authorization) ?? '',
    )
    if (identity === undefined) {
      throw new RefusalError('unauthorized', 'This is not the token of a runner of this server.')
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#attach(identity, webSocket),
    )
    return true
  }

  /** Sends a command if its runner is linked; otherwise its next hello asks for it. */
  send(session: string, generation: number, n: number, command: Command): void {
    const link = this.#links.get(session)
    if (link?.generation !== generation) return
    const line = encodeMessage(n, JSON.stringify(this.#opened(session, command)))
    if (link.held === undefined) link.socket.send(line)
    else link.held.push(line)
  }

  /** A command as it leaves: here, and nowhere else, what is sealed in it is opened. */
  #opened(session: string, command: Command): Command {
    if (command.type === 'prompt') return this.#withAttachments(session, command)
    if (command.type !== 'prepare' || command.sealedToken === undefined) return command
    const { sealedToken, ...rest } = command
    if (rest.workspace.type !== 'repository') return rest
    try {
      return { ...rest, token: this.#options.seal.open(sealedToken, gitPlace(rest.workspace.url)) }
    } catch (error) {
      // Sealed by another folder's secret: the clone will say that it is not let in.
      this.#options.log.warn({ session, error: String(error) }, 'a token could not be unsealed')
      return rest
    }
  }

  /** What is attached to a prompt is in the session's rows alone, so that its state stays small. */
  #withAttachments(session: string, command: Extract<Command, { type: 'prompt' }>): Command {
    const { attachments, ...rest } = command
    if (attachments === undefined) return rest
    const { host } = this.#options
    return {
      ...rest,
      attachments: attachments.map((one) => attachmentOf(host, session, one.id) ?? one),
    }
  }

  /** Tells the runner of this generation, or of an older one, that it is done; it ends its agent and itself. */
  release(session: string, generation: number): void {
    const link = this.#links.get(session)
    if (link !== undefined && link.generation <= generation)
      this.#end(link, closeCodes.done, 'it is not needed any more')
  }

  /** When the last byte of a session's runner came, milliseconds since the epoch; undefined without a socket. */
  heardAt(session: string): number | undefined {
    return this.#links.get(session)?.liveness.heardAt
  }

  close(): void {
    this.#closing = true
    clearInterval(this.#timer)
    for (const link of this.#sockets) this.#end(link, closeCodes.goingAway, 'going away')
    this.#links.clear()
  }

  #attach(identity: RunnerIdentity, socket: WebSocket): void {
    const { clock, log } = this.#options
    const link: Link = {
      ...identity,
      socket,
      liveness: livenessStart(clock()),
      stage: 'new',
      held: [],
    }
    this.#sockets.add(link)
    socket.on('error', (error) =>
      log.debug({ session: link.session, error: error.message }, 'runner socket error'),
    )
    socket.on('close', () => this.#detach(link))
    socket.on('message', (data) => {
      if (link.stage === 'ended') return
      link.liveness = heard(link.liveness, clock())
      const lines = decodeFrame(textOf(data))
      if (typeof lines === 'string') this.#refuse(link, lines)
      else if (link.stage === 'greeted') this.#receive(link, lines)
      else this.#greet(link, lines)
    })
  }

  #greet(link: Link, lines: readonly Line[]): void {
    link.stage = 'greeted'
    const hello = helloOf(link, lines)
    if (typeof hello === 'string') return this.#refuse(link, hello)
    const { session, generation } = link
    const present = this.#links.get(session)
    if (present !== undefined) {
      // A runner that is told that it was replaced ends. One that nobody waits for any more must not cause that.
      if (present.generation > generation) {
        return this.#end(link, closeCodes.fenced, `generation ${present.generation} is linked`)
      }
      this.#end(present, closeCodes.replaced, 'replaced')
    }
    this.#links.set(session, link)
    const input = { type: 'runner-hello', generation, received: hello.received } as const
    this.#submit(link, input, (received) => {
      this.#options.log.info({ session, generation }, 'runner linked')
      const welcome = encodeWelcome(JSON.stringify({ version: protocolVersion, received }))
      link.socket.send([welcome, ...(link.held ?? [])].join('\n'))
      link.held = undefined
    })
  }

  #receive(link: Link, lines: readonly Line[]): void {
    const reports: ReceivedReport[] = []
    let acked: number | undefined
    for (const line of lines) {
      if (line.type === 'ping') link.socket.send(pong)
      else if (line.type === 'ack') acked = line.n
      else if (line.type === 'message') {
        const report = decodeReport(line.json)
        if (typeof report === 'string') return this.#refuse(link, `report ${line.n}: ${report}`)
        reports.push({ n: line.n, json: line.json, report })
      } else if (line.type !== 'pong') return this.#refuse(link, `unexpected ${line.type}`)
    }
    if (reports.length === 0 && acked === undefined) return
    const { generation } = link
    this.#submit(link, { type: 'runner-frame', generation, acked, reports }, (received) => {
      if (reports.length > 0) link.socket.send(encodeAck(received))
    })
  }

  /** Submits what a runner said. What was not stored ends its socket: nothing is acknowledged by silence. */
  #submit(
    link: Link,
    input: Parameters<SessionHost['submit']>[1],
    stored: (received: number) => void,
  ): void {
    this.#options.host.submit(link.session, input).then(
      (reply: SessionReply) =>
        reply.type === 'stored' ? stored(reply.received) : this.#dismiss(link, reply),
      (error: unknown) => {
        this.#options.log.error({ session: link.session, error: String(error) }, 'could not store')
        this.#end(link, closeCodes.goingAway, 'the session is stopped')
      },
    )
  }

  /** Ends a runner that has no say any more. Being told `done` or `fenced`, it ends its agent and itself. */
  #dismiss(link: Link, reply: SessionReply): void {
    const refusal: Refusal =
      reply.type === 'refused'
        ? reply.refusal
        : { code: 'internal', message: `the session answered ${reply.type}` }
    const fenced = refusal.code === 'stale-generation' || refusal.code === 'session-not-found'
    const done = refusal.code === 'session-deleted'
    const code = done ? closeCodes.done : fenced ? closeCodes.fenced : closeCodes.protocolError
    const { session, generation } = link
    this.#options.log.info({ session, generation, refusal }, 'runner dismissed')
    this.#end(link, code, refusal.message)
  }

  /** The session hears of it when the socket is closed, as of any other end. */
  #end(link: Link, code: number, reason: string): void {
    link.stage = 'ended'
    link.socket.close(code, closeReason(reason))
  }

  #detach(link: Link): void {
    this.#sockets.delete(link)
    if (this.#links.get(link.session) !== link) return
    this.#links.delete(link.session)
    // A server that stops says nothing of it: the runners are there, and the next start looks for them.
    if (this.#closing) return
    const { session, generation } = link
    const { host, log } = this.#options
    log.info({ session, generation }, 'runner link lost')
    host
      .submit(session, { type: 'runner-link-lost', generation })
      .catch((error: unknown) => log.error({ session, error: String(error) }, 'could not store'))
  }

  #refuse(link: Link, reason: string): void {
    const { session, generation } = link
    this.#options.log.warn({ session, generation, reason }, 'runner broke the protocol')
    this.#end(link, closeCodes.protocolError, reason)
  }

  #judgeSilence(): void {
    for (const link of this.#sockets) {
      const { state, verdict } = tick(livenessPolicy, link.liveness, this.#options.clock())
      link.liveness = state
      if (verdict === 'fine') continue
      // A half-open socket never closes by itself in useful time, and who does not even say hello is not asked.
      if (verdict === 'ping' && link.stage === 'greeted') link.socket.send(ping)
      else link.socket.terminate()
    }
  }
}

/** The hello of a link, or a sentence that says why it is none. */
function helloOf(link: Link, lines: readonly Line[]): Hello | string {
  const [first, second] = lines
  if (first?.type !== 'hello' || second !== undefined) return 'the first frame is not a hello'
  const hello = parseHello(first.json)
  if (typeof hello === 'string') return hello
  if (hello.session !== link.session || hello.generation !== link.generation) {
    return 'the hello is not what the token is for'
  }
  if (hello.version >= protocolFloor) return hello
  return `protocol ${hello.version} is older than ${protocolFloor}, the oldest that is read`
}

function parseHello(json: string): Hello | string {
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
