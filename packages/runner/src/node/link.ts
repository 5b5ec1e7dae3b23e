/**
 * The runner's end of the channel: dials the session, for ever, and carries reports there and commands back.
 *
 * Owns: the socket and where each side stands. `spool.ts` holds what is sent; what commands mean is not known here.
 *
 * Invariants:
 * - R-13 A command is handed on once, in order, and acknowledged after that.
 * - R-14 After a cut, reports go on from what the session says it has stored: none is left out, none is sent that it has.
 * - R-15 At most `windowBytesMax` of reports are unacknowledged on one socket, whatever waits on disk.
 * - R-16 Dialling never gives up by itself; a server that comes back announces itself by its file, and is dialled at once.
 */
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
  closeReason,
  type Command,
  commandSchema,
  type Hello,
  limits,
  protocolVersion,
  streams,
  welcomeSchema,
} from '@belay/protocol'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { Spool } from './spool.ts'

export interface LinkOptions {
  /** Holds `server.json`. */
  readonly dataFolder: string
  readonly session: string
  readonly generation: number
  readonly token: string
  readonly spool: Spool
  readonly onCommand: (command: Command) => void
  /** The session has stored more. */
  readonly onAcked: () => void
  /** The server has no more use for this runner. */
  readonly onDismissed: (why: string) => void
  readonly log: (line: string) => void
}

export interface Link {
  /** Something was put into the spool. */
  nudge(): void
  /** Never dials again. */
  close(): void
}

const dialMsMax = 10_000
const welcomeMsMax = 10_000
const livedMs = 1000
/** Reports in one frame: far from the limit of a frame even with the largest report in it. */
const frameBytesWanted = 256 * 1024
/** The server writes its file by renaming; a watcher hears several events of it. */
const serverFile = 'server.json'

export function startLink(options: LinkOptions): Link {
  const closed = new AbortController()
  const doorbell = new Doorbell(options.dataFolder, closed.signal)
  const standing: Standing = { received: 0 }
  let socket: RunnerSocket | undefined

  async function run(): Promise<void> {
    for (let attempt = 0; !closed.signal.aborted; attempt++) {
      const rang = await doorbell.rung(backoffDelayMs(channelBackoff, attempt, Math.random()))
      if (closed.signal.aborted) return
      if (rang) attempt = 0
      const url = serverUrl(options.dataFolder)
      if (url === undefined) continue
      const dialled = performance.now()
      socket = new RunnerSocket(url, options, standing)
      const end = await socket.ended
      socket = undefined
      options.log(`link ended: ${end.why}`)
      if (end.dismissed) return options.onDismissed(end.why)
      // A link that lived is dialled again at once; one that is cut as soon as it is welcomed waits like any other.
      if (end.welcomed && performance.now() - dialled > livedMs) attempt = -1
    }
  }
  void run()
  return {
    nudge: () => socket?.send(),
    close: () => {
      closed.abort()
      socket?.close()
    },
  }
}

/** What outlives sockets, besides the spool. */
interface Standing {
  /** The number of the last command handed on. */
  received: number
}

interface SocketEnd {
  readonly why: string
  readonly welcomed: boolean
  /** Told to go for good. */
  readonly dismissed: boolean
}

/**
 * Not `replaced`: a generation runs once, so the connection that took this one's place is an earlier one of our own
 * whose hello was held up on its way. Nobody listens there any more.
 */
const dismissals: Readonly<Record<number, string>> = {
  [closeCodes.done]: 'the session is done with this runner',
  [closeCodes.fenced]: 'a newer generation owns the session',
}

/** One connection, from dialling to its end. */
class RunnerSocket {
  readonly ended: Promise<SocketEnd>
  readonly #options: LinkOptions
  readonly #standing: Standing
  readonly #socket: WebSocket
  #welcomed = false
  /** The number of the last report sent on this socket. */
  #sent = 0
  #sending = false
  #liveness: Liveness = livenessStart(performance.now())

  constructor(url: string, options: LinkOptions, standing: Standing) {
    this.#options = options
    this.#standing = standing
    const { promise, resolve } = Promise.withResolvers<SocketEnd>()
    this.ended = promise
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: dialMsMax,
      maxPayload: limits.frameBytesMax,
      // Frames are short-lived text on a short way; compressing them costs more than it saves.
      perMessageDeflate: false,
    })
    let why = ''
    const welcomeDue = setTimeout(() => {
      if (!this.#welcomed) this.#socket.terminate()
    }, dialMsMax + welcomeMsMax)
    const ticking = setInterval(() => this.#tick(), livenessPolicy.tickMs)
    this.#socket.on('open', () => this.#hello())
    this.#socket.on('message', (data) =>
      this.#receive(Buffer.isBuffer(data) ? data.toString('utf8') : ''),
    )
    this.#socket.on('error', (error) => {
      why = error.message
    })
    this.#socket.on('close', (code, reason) => {
      clearTimeout(welcomeDue)
      clearInterval(ticking)
      const dismissed = dismissals[code]
      const words = [String(code), String(reason), why].filter((part) => part !== '').join(' ')
      resolve({
        why: dismissed ?? words,
        welcomed: this.#welcomed,
        dismissed: dismissed !== undefined,
      })
    })
  }

  /** Sends what the window lets through. Called often; gathers what one turn of the loop brings. */
  send(): void {
    if (this.#sending || !this.#welcomed) return
    this.#sending = true
    setImmediate(() => {
      this.#sending = false
      this.#pump()
    })
  }

  close(): void {
    this.#socket.close(1000)
    setTimeout(() => this.#socket.terminate(), 1000).unref()
  }

  #pump(): void {
    const { spool } = this.#options
    // An ack of an earlier socket may have passed what this one was told.
    this.#sent = Math.max(this.#sent, spool.acked)
    while (this.#socket.readyState === WebSocket.OPEN && this.#sent < spool.last) {
      const room = limits.windowBytesMax - spool.bytesBetween(spool.acked, this.#sent)
      // A report is far smaller than the window, so the one that does not fit now will.
      if (room < spool.bytesBetween(this.#sent, this.#sent + 1)) return
      const reports = spool.read(this.#sent, Math.min(room, frameBytesWanted))
      this.#socket.send(reports.map(({ n, json }) => encodeMessage(n, json)).join('\n'))
      this.#sent += reports.length
    }
  }

  #hello(): void {
    // Dialling took its time, and that was nobody's silence.
    this.#liveness = livenessStart(performance.now())
    const { session, generation } = this.#options
    const hello: Hello = {
      version: protocolVersion,
      session,
      generation,
      received: this.#standing.received,
    }
    this.#socket.send(encodeHello(JSON.stringify(hello)))
  }

  #receive(frame: string): void {
    this.#liveness = heard(this.#liveness, performance.now())
    const lines = decodeFrame(frame)
    if (typeof lines === 'string') return this.#broken(lines)
    const before = this.#standing.received
    for (const line of lines) {
      // A frame of an older socket may still be under way while this one closes.
      if (this.#socket.readyState !== WebSocket.OPEN) return
      const fault = this.#take(line)
      if (fault !== undefined) return this.#broken(fault)
    }
    if (this.#standing.received > before || lines.some((line) => line.type === 'message')) {
      this.#socket.send(encodeAck(this.#standing.received))
    }
  }

  /** @returns what is wrong with the line */
  #take(line: Line): string | undefined {
    if (line.type === 'welcome') return this.#welcome(line.json)
    // Signs of life need no welcome: whoever waits long for one has asked for them.
    const isSign = line.type === 'ping' || line.type === 'pong'
    if (!this.#welcomed && !isSign) return `expected a welcome first, got ${line.type}`
    switch (line.type) {
      case 'ack':
        if (line.n > this.#options.spool.last)
          return `ack ${line.n} is beyond ${this.#options.spool.last}`
        this.#options.spool.acknowledge(line.n)
        this.#options.onAcked()
        this.send()
        return undefined
      case 'message':
        return this.#command(line.n, line.json)
      case 'ping':
        this.#socket.send(pong)
        return undefined
      case 'pong':
        return undefined
      case 'hello':
        return 'a runner is welcomed, not greeted'
    }
  }

  #welcome(json: string): string | undefined {
    const welcome = welcomeSchema.safeParse(parseJson(json))
    const { spool } = this.#options
    if (!welcome.success || this.#welcomed) return 'expected one welcome'
    const { received } = welcome.data
    if (received > spool.last || received < spool.acked)
      return `the session says it stored ${received}; this runner knows of ${spool.acked} to ${spool.last}`
    this.#options.log(`linked; the session has ${received} of ${spool.last} reports`)
    spool.acknowledge(received)
    this.#sent = received
    this.#welcomed = true
    this.#options.onAcked()
    this.send()
    return undefined
  }

  #command(n: number, json: string): string | undefined {
    const arrival = arrive(this.#standing.received, n)
    if (arrival === 'gap') return `command ${n} came after ${this.#standing.received}`
    if (arrival === 'duplicate') return undefined
    this.#standing.received = n
    const command = commandSchema.safeParse(parseJson(json))
    // A newer server may say what this runner cannot do; the session's own deadlines deal with what then does not happen.
    if (command.success) this.#options.onCommand(command.data)
    // Only what is wrong is logged: a command may hold a secret.
    else this.#options.log(`command ${n} is not understood: ${issuesOf(command.error)}`)
    return undefined
  }

  #tick(): void {
    const { state, verdict } = tick(livenessPolicy, this.#liveness, performance.now())
    this.#liveness = state
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (verdict === 'ping') this.#socket.send(ping)
    if (verdict === 'dead') this.#socket.terminate()
  }

  #broken(sentence: string): void {
    this.#options.log(`protocol broken: ${sentence}`)
    this.#socket.close(closeCodes.protocolError, closeReason(sentence))
  }
}

/** Waits, and stops waiting when the server's file changes. */
class Doorbell {
  readonly #closed: AbortSignal
  #rang = false
  #wake: () => void = () => {}

  constructor(folder: string, closed: AbortSignal) {
    this.#closed = closed
    const watcher = watchQuietly(folder, (name) => {
      if (name === serverFile) this.#ring()
    })
    closed.addEventListener('abort', () => {
      watcher?.close()
      this.#ring()
    })
  }

  /** @returns whether it rang, in this wait or since the last one */
  async rung(msMax: number): Promise<boolean> {
    const wake = new AbortController()
    this.#wake = () => wake.abort()
    if (!this.#rang && !this.#closed.aborted && msMax > 0) {
      await sleep(msMax, undefined, { signal: wake.signal }).catch(() => {})
    }
    const rang = this.#rang
    this.#rang = false
    return rang
  }

  #ring(): void {
    this.#rang = true
    this.#wake()
  }
}

/** Without a watcher (the system has a limit of them) a new server is found by the next dial, at most 30 s later. */
function watchQuietly(
  folder: string,
  changed: (name: string | null) => void,
): FSWatcher | undefined {
  try {
    return watch(folder, (_, name) => changed(name)).on('error', () => {})
  } catch {
    return undefined
  }
}

const serverSchema = z.object({ url: z.string() })

function serverUrl(dataFolder: string): string | undefined {
  try {
    const { url } = serverSchema.parse(
      JSON.parse(readFileSync(join(dataFolder, serverFile), 'utf8')),
    )
    const address = new URL(streams.runner.path, url)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    return address.href
  } catch {
    // No server yet, or one that is just writing it: the next dial reads it again.
    return undefined
  }
}

function issuesOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
