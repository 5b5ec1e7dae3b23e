/**
 * The server's end of every runner's channel, as `apps/belay/src/server/runner-links.ts` is: the same words in the same
 * order, over simulated sockets.
 */
import {
  decodeFrame,
  encodeAck,
  encodeMessage,
  encodeWelcome,
  heard,
  type Line as ChannelLine,
  type Liveness,
  livenessPolicy,
  livenessStart,
  ping,
  pong,
  tick,
} from '@belay/channel'
import { closeCodes, type Command, helloSchema, protocolVersion } from '@belay/protocol'
import { decodeReport, type ReceivedReport, type SessionReply } from '@belay/session'
import type { Ear, Line, Socket } from './network.ts'
import type { Planted } from './planted.ts'
import type { Process } from './process.ts'
import type { SimHost } from './sim-host.ts'

interface Link {
  readonly session: string
  readonly generation: number
  readonly socket: Socket
  liveness: Liveness
  /** Commands that were released before the welcome was on its way. */
  held: string[] | undefined
}

export class ServerLinks {
  readonly #host: SimHost
  readonly #process: Process
  readonly #planted: Planted | undefined
  readonly #links = new Map<string, Link>()
  #closing = false

  constructor(host: SimHost, process: Process, planted: Planted | undefined) {
    this.#host = host
    this.#process = process
    this.#planted = planted
    process.every(livenessPolicy.tickMs, () => this.#judgeSilence())
  }

  attach({ session, generation }: Extract<Line, { kind: 'runner' }>, socket: Socket): Ear {
    const liveness = livenessStart(this.#process.stage.now)
    const link: Link = { session, generation, socket, liveness, held: [] }
    let greeted = false
    return {
      frame: (text) => {
        link.liveness = heard(link.liveness, this.#process.stage.now)
        const lines = decodeFrame(text)
        if (typeof lines === 'string') return this.#refuse(link, lines)
        if (greeted) return this.#receive(link, lines)
        greeted = true
        this.#greet(link, lines)
      },
      closed: () => this.#detach(link),
    }
  }

  send(session: string, generation: number, n: number, command: Command): void {
    const link = this.#links.get(session)
    if (link?.generation !== generation) return
    const line = encodeMessage(n, JSON.stringify(command))
    if (link.held === undefined) link.socket.send(line)
    else link.held.push(line)
  }

  /** Tells the runner of this generation, or of an older one, that it is done. */
  release(session: string, generation: number): void {
    const link = this.#links.get(session)
    if (link !== undefined && link.generation <= generation) link.socket.close(closeCodes.done)
  }

  close(): void {
    this.#closing = true
    for (const { socket } of this.#links.values()) socket.close(closeCodes.goingAway)
    this.#links.clear()
  }

  #judgeSilence(): void {
    for (const link of this.#links.values()) {
      const { state, verdict } = tick(livenessPolicy, link.liveness, this.#process.stage.now)
      link.liveness = state
      if (verdict === 'ping') link.socket.send(ping)
      if (verdict === 'dead') link.socket.terminate()
    }
  }

  #greet(link: Link, [first]: readonly ChannelLine[]): void {
    if (first?.type !== 'hello') return this.#refuse(link, 'the first line is not a hello')
    const { received } = helloSchema.parse(JSON.parse(first.json))
    const { session, generation } = link
    const before = this.#links.get(session)
    if (before !== undefined && before.generation > generation)
      return link.socket.close(closeCodes.fenced)
    before?.socket.close(closeCodes.replaced)
    this.#links.set(session, link)
    this.#submit(link, { type: 'runner-hello', generation, received }, (stored) => {
      const welcome = { version: protocolVersion, received: stored }
      link.socket.send([encodeWelcome(JSON.stringify(welcome)), ...(link.held ?? [])].join('\n'))
      link.held = undefined
    })
  }

  #receive(link: Link, lines: readonly ChannelLine[]): void {
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
    this.#submit(link, { type: 'runner-frame', generation, acked, reports }, (stored) => {
      if (reports.length > 0 && this.#process.point()) link.socket.send(encodeAck(stored))
    })
  }

  #submit(
    link: Link,
    input: Parameters<SimHost['submit']>[1],
    stored: (received: number) => void,
  ): void {
    this.#host.submit(link.session, input).then(
      (reply) => this.#heed(link, reply, stored),
      () => link.socket.close(closeCodes.goingAway),
    )
  }

  #heed(link: Link, reply: SessionReply, stored: (received: number) => void): void {
    if (!this.#process.alive) return
    if (reply.type === 'stored') stored(reply.received)
    else this.#dismiss(link, reply)
  }

  #detach(link: Link): void {
    const forgets = this.#planted === 'clear-without-compare'
    if (!forgets && this.#links.get(link.session) !== link) return
    this.#links.delete(link.session)
    if (this.#closing) return
    const { session, generation } = link
    this.#host.submit(session, { type: 'runner-link-lost', generation }).catch(() => {})
  }

  #refuse(link: Link, reason: string): void {
    this.#process.stage.violate(
      'channel',
      `the server found the channel of runner ${link.session}/${link.generation} broken: ${reason}`,
    )
    link.socket.close(closeCodes.protocolError)
  }

  #dismiss(link: Link, reply: SessionReply): void {
    if (this.#links.get(link.session) === link) this.#links.delete(link.session)
    const refusal = reply.type === 'refused' ? reply.refusal.code : undefined
    if (refusal === 'session-deleted') return link.socket.close(closeCodes.done)
    const isFenced = refusal === 'stale-generation' || refusal === 'session-not-found'
    if (isFenced) return link.socket.close(closeCodes.fenced)
    this.#refuse(link, reply.type === 'refused' ? reply.refusal.message : reply.type)
  }
}
