/**
 * A runner's way to its session over the simulated network: it dials as `packages/runner/src/node/link.ts` does. What is
 * said on a connection, the runner's own `ChannelEnd` decides.
 */
import { backoffDelayMs, channelBackoff, livenessPolicy } from '@belay/channel'
import { closeCodes, type Command, type Hint } from '@belay/protocol'
import { attemptAfter, ChannelEnd, dismissals, type Standing, welcomeMsMax } from '@belay/runner'
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
  readonly onHint: (hint: Hint) => void
  readonly onDismissed: (why: string) => void
}

const dialMsMax = 10_000

interface Connection {
  readonly socket: Socket
  readonly end: ChannelEnd
  readonly dialledAt: number
}

export class RunnerLink {
  readonly #options: RunnerLinkOptions
  readonly #standing: Standing = { received: 0 }
  #connection: Connection | undefined
  #attempt = 0
  #wait: { cancelled: boolean } | undefined
  #closed = false

  constructor(options: RunnerLinkOptions) {
    this.#options = options
    options.process.every(livenessPolicy.tickMs, () => this.#tick())
    this.#dial()
  }

  /** The connection, when both ends have greeted. */
  get linked(): Socket | undefined {
    const { socket, end } = this.#connection ?? {}
    return end?.welcomed === true && socket?.open === true ? socket : undefined
  }

  /** The server has written its address anew. */
  ring(): void {
    if (this.#closed || this.#connection !== undefined) return
    this.#attempt = 0
    this.#dial()
  }

  nudge(): void {
    this.#connection?.end.nudge()
  }

  close(): void {
    this.#closed = true
    this.#connection?.socket.close(1000)
  }

  #dial(): void {
    if (this.#wait !== undefined) this.#wait.cancelled = true
    this.#wait = undefined
    const { network, process, session, generation } = this.#options
    const { now } = process.stage
    const socket = network.dial(
      process,
      { kind: 'runner', who: `runner ${session}`, session, generation },
      {
        opened: () => end.open(process.stage.now),
        frame: (text) => this.#hear(connection, text),
        closed: (code) => this.#lost(connection, code),
      },
    )
    const end = this.#channelEnd(socket)
    const connection = { socket, end, dialledAt: now }
    this.#connection = connection
    process.after(dialMsMax + welcomeMsMax, () => {
      if (!end.welcomed) socket.terminate()
    })
  }

  #channelEnd(socket: Socket): ChannelEnd {
    const { process, session, generation, spool, onCommand, onHint } = this.#options
    return new ChannelEnd(
      {
        session,
        generation,
        spool,
        standing: this.#standing,
        isOpen: () => socket.open,
        say: (frame) => socket.send(frame),
        soon: (callback) => void process.after(0, callback),
        later: (ms, callback) => void process.after(ms, callback),
        onCommand,
        onHint,
        onAcked: () => {},
        log: () => {},
      },
      process.stage.now,
    )
  }

  #lost(connection: Connection, code: number | undefined): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    if (this.#closed) return
    const dismissed = code === undefined ? undefined : dismissals[code]
    if (dismissed !== undefined) {
      this.#closed = true
      return this.#options.onDismissed(dismissed)
    }
    const { process } = this.#options
    const livedMs = process.stage.now - connection.dialledAt
    this.#attempt = attemptAfter(this.#attempt, connection.end.welcomed, livedMs)
    const ms = backoffDelayMs(channelBackoff, this.#attempt, process.stage.random.next())
    this.#wait = process.after(ms, () => this.#dial())
  }

  #hear({ socket, end }: Connection, frame: string): void {
    const { process } = this.#options
    const fault = end.hear(frame, process.stage.now)
    if (fault === undefined) return
    process.stage.violate('channel', `${process.name} found the channel broken: ${fault}`)
    socket.close(closeCodes.protocolError)
  }

  #tick(): void {
    if (this.#connection?.end.isDead(this.#options.process.stage.now) === true)
      this.#connection.socket.terminate()
  }
}
