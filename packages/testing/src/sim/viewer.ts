/**
 * A person's eyes on one session: the client's own following, over the simulated network. It keeps what it was shown,
 * for the end of the run.
 */
import { followOver, type Hear, type ViewerFrame } from '@belay/client'
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

/** Reasons to open a line again that a sound server never gives. */
const faults = /is missing before|cannot read|has another log/

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
  /** The frame that is heard just now, as it came: decoding may keep less of it. */
  #text = ''

  constructor(options: ViewerOptions) {
    this.#options = options
    this.name = options.name
    this.session = options.session
    const { stage } = options.process
    followOver(
      {
        now: () => stage.now,
        random: () => stage.random.next(),
        later: (ms, run) => {
          const timer = options.process.after(ms, run)
          return () => {
            timer.cancelled = true
          }
        },
      },
      {
        after: 0,
        onFrame: (frame) => this.#show(frame),
        onLink: ({ reason = '' }) => {
          if (faults.test(reason)) stage.violate('seen', `${this.name}: ${reason}`)
        },
      },
      (after, hear) => this.#dial(after, hear),
    )
  }

  get cursor(): number {
    return this.#cursor
  }

  /** The tab sleeps, or is closed and opened again. */
  hangUp(): void {
    this.#socket?.terminate()
  }

  #dial(after: number, hear: Hear): () => void {
    const { network, process, name, session } = this.#options
    const socket = network.dial(
      process,
      { kind: 'viewer', who: name, session, after },
      {
        opened: () => hear.opened(),
        frame: (text) => {
          this.#text = text
          hear.text(text)
        },
        closed: () => hear.lost({ reason: 'the line was cut' }),
      },
    )
    this.#socket = socket
    return () => socket.terminate()
  }

  #show(frame: ViewerFrame): void {
    if (frame.type === 'events') return this.#showEvents()
    if ('session' in frame) this.view = frame.session
    if (frame.type === 'end') this.over = !frame.retry
    else if (frame.type !== 'state' && this.#options.planted === 'signal-moves-cursor')
      this.#cursor = frame.seq
  }

  #showEvents(): void {
    const { events }: RawFrame = JSON.parse(this.#text)
    for (const event of events) {
      if (event.seq <= this.#cursor) continue
      this.#cursor = event.seq
      this.seen.push(JSON.stringify(event))
    }
  }
}

/** The bytes as they came, of which decoding may keep less. */
interface RawFrame {
  readonly events: readonly { readonly seq: number }[]
}
