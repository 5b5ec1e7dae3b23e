/**
 * A runner's end of the channel over the simulated network: the decisions of `packages/runner/src/node/link.ts`, made
 * with the same lines, numbers, back-off and liveness of `@belay/channel`.
 */
import {
  arrive,
  backoffDelayMs,
  channelBackoff,
  decodeFrame,
  encodeAck,
  encodeHello,
  encodeMessage,
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
  commandSchema,
  protocolVersion,
  welcomeSchema,
} from '@belay/protocol'
import type { Network, Socket } from './network.ts'
import type { Process } from './process.ts'
import type { Spool } from './spool.ts'

export interface RunnerLinkOptions {
  readonly network: Network
  readonly process: Process
  readonly session: string
  readonly generation: number
  readonly spool: Spool
  readonly onCommand: (command: Command) => void
  readonly onDismissed: (why: string) => void
}

const reportsPerFrameMax = 8
const welcomeMsMax = 20_000
const livedMs = 1000

const dismissals: Readonly<Record<number, string>> = {
  [closeCodes.done]: 'the session is done with this runner',
  [closeCodes.fenced]: 'a newer generation owns the session',
}

export class RunnerLink {
  readonly #options: RunnerLinkOptions
  #socket: Socket | undefined
  #welcomed = false
  #sent = 0
  #received = 0
  #pumping = false
  #attempt = 0
  #dialledAt = 0
  #liveness: Liveness = livenessStart(0)
  #wait: { cancelled: boolean } | undefined
  #closed = false

  constructor(options: RunnerLinkOptions) {
    this.#options = options
    const { process } = options
    process.every(livenessPolicy.tickMs, () => this.#tick())
    this.#dial()
  }

  /** The connection, when both ends have greeted. */
  get linked(): Socket | undefined {
    return this.#welcomed && this.#socket?.open === true ? this.#socket : undefined
  }

  /** The server has written its address anew. */
  ring(): void {
    if (this.#closed || this.#socket !== undefined) return
    this.#attempt = 0
    this.#dial()
  }

  nudge(): void {
    if (this.#pumping || !this.#welcomed) return
    this.#pumping = true
    this.#options.process.after(0, () => {
      this.#pumping = false
      this.#pump()
    })
  }

  close(): void {
    this.#closed = true
    this.#socket?.close(1000)
  }

  #dial(): void {
    if (this.#wait !== undefined) this.#wait.cancelled = true
    this.#wait = undefined
    const { network, process, session, generation } = this.#options
    this.#welcomed = false
    this.#dialledAt = process.stage.now
    const socket = network.dial(
      process,
      { kind: 'runner', who: `runner ${session}`, session, generation },
      {
        opened: () => this.#hello(socket),
        frame: (text) => this.#receive(socket, text),
        closed: (code) => this.#lost(socket, code),
      },
    )
    this.#socket = socket
    process.after(welcomeMsMax, () => {
      if (this.#socket === socket && !this.#welcomed) socket.terminate()
    })
  }

  #lost(socket: Socket, code: number | undefined): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    const lived = this.#welcomed && this.#options.process.stage.now - this.#dialledAt > livedMs
    this.#welcomed = false
    if (this.#closed) return
    const dismissed = code === undefined ? undefined : dismissals[code]
    if (dismissed !== undefined) {
      this.#closed = true
      return this.#options.onDismissed(dismissed)
    }
    this.#attempt = lived ? 0 : this.#attempt + 1
    const { process } = this.#options
    const ms = backoffDelayMs(channelBackoff, this.#attempt, process.stage.random.next())
    this.#wait = process.after(ms, () => this.#dial())
  }

  #hello(socket: Socket): void {
    const { session, generation, process } = this.#options
    this.#liveness = livenessStart(process.stage.now)
    const hello = { version: protocolVersion, session, generation, received: this.#received }
    socket.send(encodeHello(JSON.stringify(hello)))
  }

  #pump(): void {
    const { spool } = this.#options
    this.#sent = Math.max(this.#sent, spool.acked)
    while (this.linked !== undefined && this.#sent < spool.last) {
      const reports = spool.read(this.#sent, reportsPerFrameMax)
      this.linked.send(reports.map(({ n, json }) => encodeMessage(n, json)).join('\n'))
      this.#sent += reports.length
    }
  }

  #receive(socket: Socket, frame: string): void {
    if (this.#socket !== socket) return
    this.#liveness = heard(this.#liveness, this.#options.process.stage.now)
    const lines = decodeFrame(frame)
    if (typeof lines === 'string') return this.#broken(socket, lines)
    for (const line of lines) {
      if (!socket.open) return
      const fault = this.#take(socket, line)
      if (fault !== undefined) return this.#broken(socket, fault)
    }
    if (lines.some(({ type }) => type === 'message')) socket.send(encodeAck(this.#received))
  }

  #take(socket: Socket, line: Line): string | undefined {
    if (line.type === 'welcome') return this.#welcome(line.json)
    const isSign = line.type === 'ping' || line.type === 'pong'
    if (!this.#welcomed && !isSign) return `expected a welcome first, got ${line.type}`
    const { spool } = this.#options
    switch (line.type) {
      case 'ack':
        if (line.n > spool.last) return `ack ${line.n} is beyond ${spool.last}`
        spool.acknowledge(line.n)
        this.nudge()
        return undefined
      case 'message':
        return this.#command(line.n, line.json)
      case 'ping':
        socket.send(pong)
        return undefined
      case 'pong':
        return undefined
      case 'hello':
        return 'a runner is welcomed, not greeted'
    }
  }

  #welcome(json: string): string | undefined {
    const { received } = welcomeSchema.parse(JSON.parse(json))
    const { spool } = this.#options
    if (received > spool.last || received < spool.acked)
      return `the session says it stored ${received}; this runner knows of ${spool.acked} to ${spool.last}`
    spool.acknowledge(received)
    this.#sent = received
    this.#welcomed = true
    this.nudge()
    return undefined
  }

  #command(n: number, json: string): string | undefined {
    const arrival = arrive(this.#received, n)
    if (arrival === 'gap') return `command ${n} came after ${this.#received}`
    if (arrival === 'duplicate') return undefined
    this.#received = n
    this.#options.onCommand(commandSchema.parse(JSON.parse(json)))
    return undefined
  }

  #tick(): void {
    const { state, verdict } = tick(livenessPolicy, this.#liveness, this.#options.process.stage.now)
    this.#liveness = state
    const socket = this.#socket
    if (socket?.open !== true) return
    if (verdict === 'ping') socket.send(ping)
    if (verdict === 'dead') socket.terminate()
  }

  #broken(socket: Socket, sentence: string): void {
    const { process } = this.#options
    process.stage.violate('channel', `${process.name} found the channel broken: ${sentence}`)
    socket.close(closeCodes.protocolError)
  }
}
