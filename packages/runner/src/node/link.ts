/**
 * The runner's way to its session: dials, for ever, and keeps one socket. What is said on it, `../channel-end.ts` decides.
 *
 * Invariants:
 * - R-154 A runner is woken by its server's address alone, not by what the server writes into its store.
 * - R-16 Dialling never gives up by itself; a server that comes back announces itself by its file, and is dialled at once.
 */
import { existsSync, type FSWatcher, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffDelayMs, channelBackoff, livenessPolicy } from '@belay/channel'
import { closeCodes, closeReason, type Command, limits, type Hint, streams } from '@belay/protocol'
import { WebSocket } from 'ws'
import { z } from 'zod'
import {
  attemptAfter,
  ChannelEnd,
  dismissals,
  type Standing,
  welcomeMsMax,
} from '../channel-end.ts'
import type { Spool } from './spool.ts'

export interface LinkOptions {
  /** Holds `server.json`. */
  readonly dataFolder: string
  readonly session: string
  readonly generation: number
  readonly token: string
  readonly spool: Spool
  readonly onCommand: (command: Command) => void
  readonly onHint?: (hint: Hint) => void
  /** The session has stored more. */
  readonly onAcked: () => void
  /** The server has no more use for this runner. */
  readonly onDismissed: (why: string) => void
  /** Something in the watched folder changed, for a test that counts. */
  readonly onWoken?: (name: string) => void
  readonly log: (line: string) => void
}

export interface Link {
  /** Something was put into the spool. */
  nudge(): void
  /** Something that goes with the next, or a moment later. */
  nudgeLater(): void
  /** Never dials again. */
  close(): void
}

const dialMsMax = 10_000
/** The server writes its file by renaming; a watcher hears several events of it. */
const serverFile = 'server.json'
/** The server writes it there too, and nothing else. */
const addressFolder = 'address'

export function startLink(options: LinkOptions): Link {
  const closed = new AbortController()
  const doorbell = new Doorbell(options.dataFolder, closed.signal, options.onWoken)
  const standing: Standing = { received: 0 }
  let socket: RunnerSocket | undefined

  async function run(): Promise<void> {
    for (let attempt = 0; !closed.signal.aborted;) {
      const rang = await doorbell.rung(backoffDelayMs(channelBackoff, attempt, Math.random()))
      if (closed.signal.aborted) return
      if (rang) attempt = 0
      const url = serverUrl(options.dataFolder)
      const dialled = performance.now()
      socket = url === undefined ? undefined : new RunnerSocket(url, options, standing)
      const end = await socket?.ended
      socket = undefined
      if (end !== undefined) options.log(`link ended: ${end.why}`)
      if (end?.dismissed === true) return options.onDismissed(end.why)
      attempt = attemptAfter(attempt, end?.welcomed === true, performance.now() - dialled)
    }
  }
  void run()
  return {
    nudge: () => socket?.nudge(),
    nudgeLater: () => socket?.nudgeLater(),
    close: () => {
      closed.abort()
      socket?.close()
    },
  }
}

interface SocketEnd {
  readonly why: string
  readonly welcomed: boolean
  /** Told to go for good. */
  readonly dismissed: boolean
}

/** One connection, from dialling to its end. */
class RunnerSocket {
  readonly ended: Promise<SocketEnd>
  readonly #options: LinkOptions
  readonly #socket: WebSocket
  readonly #end: ChannelEnd

  constructor(url: string, options: LinkOptions, standing: Standing) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<SocketEnd>()
    this.ended = promise
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: dialMsMax,
      maxPayload: limits.frameBytesMax,
      // Frames are short-lived text on a short way; compressing them costs more than it saves.
      perMessageDeflate: false,
    })
    this.#socket = socket
    this.#end = new ChannelEnd(
      {
        ...options,
        standing,
        isOpen: () => socket.readyState === WebSocket.OPEN,
        say: (frame) => socket.send(frame),
        soon: setImmediate,
        later: (ms, callback) => void setTimeout(callback, ms).unref(),
      },
      performance.now(),
    )
    let why = ''
    const welcomeDue = setTimeout(() => {
      if (!this.#end.welcomed) socket.terminate()
    }, dialMsMax + welcomeMsMax)
    const ticking = setInterval(() => {
      if (this.#end.isDead(performance.now())) socket.terminate()
    }, livenessPolicy.tickMs)
    socket.on('open', () => this.#end.open(performance.now()))
    socket.on('message', (data) => this.#hear(Buffer.isBuffer(data) ? data.toString('utf8') : ''))
    socket.on('error', (error) => {
      why = error.message
    })
    socket.on('close', (code, reason) => {
      clearTimeout(welcomeDue)
      clearInterval(ticking)
      const dismissed = dismissals[code]
      const words = [String(code), String(reason), why].filter((part) => part !== '').join(' ')
      resolve({
        why: dismissed ?? words,
        welcomed: this.#end.welcomed,
        dismissed: dismissed !== undefined,
      })
    })
  }

  nudge(): void {
    this.#end.nudge()
  }

  nudgeLater(): void {
    this.#end.nudgeLater()
  }

  close(): void {
    this.#socket.close(1000)
    setTimeout(() => this.#socket.terminate(), 1000).unref()
  }

  #hear(frame: string): void {
    const fault = this.#end.hear(frame, performance.now())
    if (fault === undefined) return
    this.#options.log(`protocol broken: ${fault}`)
    this.#socket.close(closeCodes.protocolError, closeReason(fault))
  }
}

/** Waits, and stops waiting when the server's file changes. */
class Doorbell {
  readonly #closed: AbortSignal
  #rang = false
  #wake: () => void = () => {}

  constructor(folder: string, closed: AbortSignal, onWoken?: (name: string) => void) {
    this.#closed = closed
    // A server of before has no such folder: there one commit of it is one look at a name.
    const address = join(folder, addressFolder)
    const watcher = watchQuietly(existsSync(address) ? address : folder, (name) => {
      onWoken?.(String(name))
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
