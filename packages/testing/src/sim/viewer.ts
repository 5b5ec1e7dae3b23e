/**
 * A person's eyes on one session: a viewer's side of the stream, with the client's own decoding and cursor.
 *
 * Its line is cut, silent and dialled again as `packages/client/src/webapi/link.ts` does it. It keeps what it was shown,
 * for the end of the run.
 */
import { backoffDelayMs, type BackoffPolicy } from '@belay/channel'
import { decodeFrame, type EventsFrame, takeEvents, type ViewerFrame } from '@belay/client'
import type { SessionView } from '@belay/protocol'
import type { Network, Socket } from './network.ts'
import type { Planted } from './planted.ts'
import type { Process } from './process.ts'

export interface ViewerOptions {
  readonly name: string
  readonly session: string
  readonly process: Process
  readonly network: Network
  readonly planted: Planted | undefined
}

const backoff: BackoffPolicy = { firstMs: 60, factor: 1.6, capMs: 5000 }
const silenceMsMax = 35_000
const connectMsMax = 15_000
const watchMs = 5000

export class SimViewer {
  readonly name: string
  readonly session: string
  /** Every event that was shown, as text, in the order it was shown. */
  readonly seen: string[] = []
  /** The session as it was last shown. */
  view: SessionView | undefined
  /** It was told that the session is deleted. */
  over = false
  readonly #options: ViewerOptions
  #cursor = 0
  #socket: Socket | undefined
  #heardAt = 0
  #opened = false
  #attempt = 0

  constructor(options: ViewerOptions) {
    this.#options = options
    this.name = options.name
    this.session = options.session
    options.process.every(watchMs, () => this.#watch())
    this.#dial()
  }

  get cursor(): number {
    return this.#cursor
  }

  /** The tab sleeps, or is closed and opened again. */
  hangUp(): void {
    this.#socket?.terminate()
  }

  #dial(): void {
    if (this.over) return
    const { network, process, name, session } = this.#options
    this.#heardAt = process.stage.now
    this.#opened = false
    const socket = network.dial(
      process,
      { kind: 'viewer', who: name, session, after: this.#cursor },
      {
        frame: (text) => {
          if (this.#socket === socket) this.#hear(text)
        },
        closed: () => {
          if (this.#socket === socket) this.#lost()
        },
      },
    )
    this.#socket = socket
  }

  #lost(): void {
    this.#socket = undefined
    this.#attempt = this.#opened ? 0 : this.#attempt + 1
    const { process } = this.#options
    const ms = backoffDelayMs(backoff, this.#attempt, process.stage.random.next())
    process.after(ms, () => {
      if (this.#socket === undefined) this.#dial()
    })
  }

  #giveUp(): void {
    const socket = this.#socket
    this.#lost()
    socket?.terminate()
  }

  #watch(): void {
    const silence = this.#options.process.stage.now - this.#heardAt
    if (this.#socket !== undefined && silence >= (this.#opened ? silenceMsMax : connectMsMax))
      this.#giveUp()
  }

  #hear(text: string): void {
    const { stage } = this.#options.process
    this.#heardAt = stage.now
    this.#opened = true
    const frame = decodeFrame(text)
    if (frame === 'broken' || frame === 'unknown')
      return stage.violate('seen', `${this.name} cannot read ${text.slice(0, 200)}`)
    if (frame.type === 'events') this.#show(frame, text)
    else this.#signal(frame)
  }

  #show({ events }: EventsFrame, text: string): void {
    const taken = takeEvents(this.#cursor, events)
    if (taken.type === 'gap') {
      const sentence = `${this.name} misses ${taken.expected} before ${taken.got}`
      return this.#options.process.stage.violate('seen', sentence)
    }
    const before = this.#cursor
    this.#cursor = taken.cursor
    const raw: RawFrame = JSON.parse(text)
    for (const event of raw.events) if (event.seq > before) this.seen.push(JSON.stringify(event))
  }

  #signal(frame: Exclude<ViewerFrame, EventsFrame>): void {
    switch (frame.type) {
      case 'snapshot':
      case 'caught-up':
        if (this.#options.planted === 'signal-moves-cursor') this.#cursor = frame.seq
        if ('session' in frame) this.view = frame.session
        return
      case 'state':
        this.view = frame.session
        return
      case 'end':
        this.over = !frame.retry
    }
  }
}

/** The bytes as they came, of which decoding may keep less. */
interface RawFrame {
  readonly events: readonly { readonly seq: number }[]
}
