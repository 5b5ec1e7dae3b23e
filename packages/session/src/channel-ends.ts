/**
 * The session's ends of its runners' channels: which connection is whose, what is said on it and taken from it. Nothing
 * would be missed with them: numbers, unacked commands and what was received are part of the session's state.
 *
 * Owns: the connections. Sockets are handed in by whoever lets them in, the server or the simulator.
 *
 * Invariants:
 * - K-1 A runner's ack is sent only after the commit of what it acknowledges.
 * - K-2 A session has at most one linked socket: a newer one replaces the older, and an older generation replaces none.
 * - K-8 A runner that breaks the protocol loses its socket, and nothing more of it is stored.
 * - K-9 A session hears of the end of its link, whoever ended it.
 * - K-10 A socket that does not say hello is closed.
 * - C-132 A hint has no number: it is said to whoever is linked and understands it, and lost with its socket.
 * - K-52 Commands leave on a socket in the order of their numbers, each once, whatever else is decided in the same moment.
 */
import {
  decodeFrame,
  encodeAck,
  encodeMessage,
  encodeHint,
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
  type Hello,
  helloSchema,
  type Hint,
  parseJson,
  protocolFloor,
  protocolHints,
  protocolVersion,
  type Refusal,
} from '@belay/protocol'
import { decodeReport } from './decode.ts'
import type { ReceivedReport, SessionInput, SessionReply } from './input.ts'

/** Whose a connection is, by the token it came with. */
export interface RunnerIdentity {
  readonly session: string
  readonly generation: number
}

/** The other side, as far as it can be spoken to. All of it is harmless on a socket that is closed. */
export interface RunnerSocket {
  send(text: string): void
  close(code: number, reason: string): void
  /** At once, without a goodbye. */
  terminate(): void
}

/** What a socket is told of. `closed` comes once and last, whoever closed it. */
export interface RunnerEar {
  frame(text: string): void
  closed(): void
}

/** What happened, for a log. */
export type ChannelNote =
  | { readonly type: 'linked' | 'lost' }
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'dismissed'; readonly refusal: Refusal }
  | { readonly type: 'not-stored'; readonly error: unknown }

export interface ChannelEndsOptions {
  readonly submit: (session: string, input: SessionInput) => Promise<SessionReply>
  /** Milliseconds. */
  readonly clock: () => number
  readonly note: (who: RunnerIdentity, note: ChannelNote) => void
}

interface Link extends RunnerIdentity {
  readonly socket: RunnerSocket
  liveness: Liveness
  /** Only a `greeted` one is asked whether it is there, and nothing is taken from an `ended` one. */
  stage: 'new' | 'greeted' | 'ended'
  /** Of the wire it speaks. */
  version: number
  /** Commands that were released before the welcome was on its way, by their numbers. */
  held: Map<number, string> | undefined
}

export class ChannelEnds {
  readonly #options: ChannelEndsOptions
  /** Every open socket, also before its hello and after its end was said. */
  readonly #sockets = new Set<Link>()
  /** The link of each session. */
  readonly #links = new Map<string, Link>()
  #closing = false

  constructor(options: ChannelEndsOptions) {
    this.#options = options
  }

  /** @param identity what its token is for */
  attach({ session, generation }: RunnerIdentity, socket: RunnerSocket): RunnerEar {
    const { clock } = this.#options
    const link: Link = {
      session,
      generation,
      socket,
      liveness: livenessStart(clock()),
      stage: 'new',
      version: protocolFloor,
      held: new Map(),
    }
    this.#sockets.add(link)
    return {
      frame: (text) => {
        if (link.stage === 'ended') return
        link.liveness = heard(link.liveness, clock())
        const lines = decodeFrame(text)
        if (typeof lines === 'string') this.#refuse(link, lines)
        else if (link.stage === 'greeted') this.#receive(link, lines)
        else this.#greet(link, lines)
      },
      closed: () => this.#detach(link),
    }
  }

  /**
   * Sends a command if its runner is linked; otherwise its next hello asks for it.
   * @param command made only if it leaves: it may have to be opened or gathered first
   */
  send({ session, generation }: RunnerIdentity, n: number, command: () => Command): void {
    const link = this.#links.get(session)
    if (link?.generation !== generation) return
    const line = encodeMessage(n, JSON.stringify(command()))
    if (link.held === undefined) link.socket.send(line)
    // What was decided in the same moment as the hello, before it, is asked for again by the hello.
    else link.held.set(n, line)
  }

  /** Says something to a runner that is linked and understands it, between commands. Nobody else ever hears it. */
  notify(session: string, hint: Hint): void {
    const link = this.#links.get(session)
    if (link === undefined || link.held !== undefined || link.version < protocolHints) return
    link.socket.send(encodeHint(JSON.stringify(hint)))
  }

  /** Tells the runner of this generation, or of an older one, that it is done; it ends its agent and itself. */
  release(session: string, generation: number): void {
    const link = this.#links.get(session)
    if (link !== undefined && link.generation <= generation)
      this.#end(link, closeCodes.done, 'it is not needed any more')
  }

  /** When the last byte of a session's runner came, by the clock; undefined without a socket. */
  heardAt(session: string): number | undefined {
    return this.#links.get(session)?.liveness.heardAt
  }

  /** To be called every `livenessPolicy.tickMs`. */
  judgeSilence(): void {
    for (const link of this.#sockets) {
      const { state, verdict } = tick(livenessPolicy, link.liveness, this.#options.clock())
      link.liveness = state
      if (verdict === 'fine') continue
      // A half-open socket never closes by itself in useful time, and who does not even say hello is not asked.
      if (verdict === 'ping' && link.stage === 'greeted') link.socket.send(ping)
      else link.socket.terminate()
    }
  }

  close(): void {
    this.#closing = true
    for (const link of this.#sockets) this.#end(link, closeCodes.goingAway, 'going away')
    this.#links.clear()
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
    const { received: has, version } = hello
    link.version = version
    const input = { type: 'runner-hello', generation, received: has, version } as const
    this.#submit(link, input, (received) => {
      this.#options.note(link, { type: 'linked' })
      const welcome = encodeWelcome(JSON.stringify({ version: protocolVersion, received }))
      const held = [...(link.held ?? [])].toSorted(([a], [b]) => a - b)
      link.socket.send([welcome, ...held.map(([, line]) => line)].join('\n'))
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
  #submit(link: Link, input: SessionInput, stored: (received: number) => void): void {
    this.#options.submit(link.session, input).then(
      (reply) => (reply.type === 'stored' ? stored(reply.received) : this.#dismiss(link, reply)),
      (error: unknown) => {
        this.#options.note(link, { type: 'not-stored', error })
        this.#end(link, closeCodes.goingAway, 'it could not be stored')
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
    if (!done && !fenced) return this.#refuse(link, refusal.message)
    this.#options.note(link, { type: 'dismissed', refusal })
    this.#end(link, done ? closeCodes.done : closeCodes.fenced, refusal.message)
  }

  /** The session hears of it when the socket is closed, as of any other end. */
  #end(link: Link, code: number, reason: string): void {
    link.stage = 'ended'
    link.socket.close(code, reason)
  }

  #detach(link: Link): void {
    this.#sockets.delete(link)
    if (this.#links.get(link.session) !== link) return
    this.#links.delete(link.session)
    // A server that stops says nothing of it: the runners are there, and the next start looks for them.
    if (this.#closing) return
    this.#options.note(link, { type: 'lost' })
    this.#options
      .submit(link.session, { type: 'runner-link-lost', generation: link.generation })
      .catch((error: unknown) => this.#options.note(link, { type: 'not-stored', error }))
  }

  #refuse(link: Link, reason: string): void {
    this.#options.note(link, { type: 'broken', reason })
    this.#end(link, closeCodes.protocolError, reason)
  }
}

/** The hello of a link, or a sentence that says why it is none. */
function helloOf(who: RunnerIdentity, lines: readonly Line[]): Hello | string {
  const [first, second] = lines
  if (first?.type !== 'hello' || second !== undefined) return 'the first frame is not a hello'
  const hello = parseHello(first.json)
  if (typeof hello === 'string') return hello
  if (hello.session !== who.session || hello.generation !== who.generation) {
    return 'the hello is not what the token is for'
  }
  if (hello.version >= protocolFloor) return hello
  return `protocol ${hello.version} is older than ${protocolFloor}, the oldest that is read`
}

function parseHello(json: string): Hello | string {
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    return 'the hello is not JSON'
  }
  const parsed = helloSchema.safeParse(value)
  return parsed.success ? parsed.data : 'the hello is not as expected'
}
