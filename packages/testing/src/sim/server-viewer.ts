/**
 * The server's side of one viewer, as `apps/belay/src/server/viewer.ts` is: from its cursor through the stored log to
 * the live end, and signals of the present state that carry no number.
 */
import type { Commit, Segment } from '@belay/host'
import { closeCodes } from '@belay/protocol'
import { type SessionState, viewOf } from '@belay/session'
import type { Ear, Socket } from './network.ts'
import type { SimHost } from './sim-host.ts'

/** Frames under way above which no more is written; small, so that viewers are often slow. */
const waitingMax = 6
const pageBytesMax = 4000
const drainPollMs = 20

export interface ViewerOptions {
  readonly host: SimHost
  readonly session: string
  readonly after: number
  readonly socket: Socket
}

export class ServerViewer {
  readonly #options: ViewerOptions
  readonly #stopWatching: () => void
  #cursor: number
  #shown: SessionState
  #caughtUp = false
  /** The view that was shown last. */
  #told = ''
  #pumping = false
  #open = true

  constructor(options: ViewerOptions) {
    const { host, session, after } = options
    this.#options = options
    this.#cursor = after
    this.#shown = host.read(session)
    this.#stopWatching = host.watch(session, (commit) => this.#onCommit(commit))
    const { seq } = this.#shown.head
    const view = viewOf(this.#shown, session)
    this.#told = JSON.stringify(view)
    this.#write({ type: 'snapshot', from: after + 1, seq, session: view })
    this.#pump()
  }

  /** What the server hears of the viewer: that it is gone. */
  get ear(): Ear {
    return { frame: () => {}, closed: () => this.#closed() }
  }

  /** A proof of life on a quiet stream. What it shows was shown before: news does not wait for it. */
  beat(): void {
    if (!this.#open || this.#pumping) return
    const { session, socket } = this.#options
    if (JSON.stringify(viewOf(this.#shown, session)) !== this.#told) {
      const sentence = `a heartbeat told a viewer of ${session} what no signal had told`
      socket.process.stage.violate('seen', sentence)
    }
    this.#signal()
  }

  #signal(): void {
    if (!this.#open || this.#pumping) return
    const view = viewOf(this.#shown, this.#options.session)
    this.#told = JSON.stringify(view)
    this.#write({ type: 'state', session: view })
  }

  end(code: 'session-deleted' | 'going-away'): void {
    if (!this.#open) return
    this.#closed()
    const going = code === 'going-away'
    this.#write({ type: 'end', code, message: code, retry: going })
    this.#options.socket.close(going ? closeCodes.goingAway : closeCodes.done)
  }

  #write(frame: object): void {
    this.#options.socket.send(JSON.stringify(frame))
  }

  get #full(): boolean {
    return this.#options.socket.waiting > waitingMax
  }

  #pump(): void {
    this.#pumping = false
    const { host, session } = this.#options
    while (this.#open && !this.#full) {
      const { seq } = host.read(session).head
      if (this.#cursor >= seq) return this.#finishPump(seq)
      for (const segment of host.log(session, this.#cursor, pageBytesMax)) {
        const events: { readonly seq: number }[] = JSON.parse(`[${segment.text}]`)
        this.#write({ type: 'events', events: events.filter((event) => event.seq > this.#cursor) })
        this.#cursor = segment.last
      }
    }
    if (this.#open) this.#later()
  }

  #later(): void {
    this.#pumping = true
    const { process } = this.#options.socket
    process.after(drainPollMs, () => {
      if (!this.#open) return
      if (this.#full) this.#later()
      else this.#pump()
    })
  }

  #finishPump(seq: number): void {
    if (!this.#caughtUp) this.#write({ type: 'caught-up', seq })
    this.#caughtUp = true
    this.#show(this.#options.host.read(this.#options.session))
  }

  #onCommit({ state, segment, wiped }: Commit<SessionState>): void {
    if (!this.#options.socket.process.alive) return
    if (wiped || state.lifecycle.type === 'deleted') return this.end('session-deleted')
    if (this.#pumping) return
    if (segment !== undefined) {
      if (this.#full) return this.#later()
      if (segment.first !== this.#cursor + 1) return this.#pump()
      this.#writeSegment(segment)
    }
    this.#show(state)
  }

  #writeSegment(segment: Segment): void {
    this.#options.socket.send(`{"type":"events","events":[${segment.text}]}`)
    this.#cursor = segment.last
  }

  #show(state: SessionState): void {
    const before = this.#shown
    this.#shown = state
    const same =
      state.turn === before.turn &&
      state.lifecycle === before.lifecycle &&
      state.queue === before.queue &&
      state.permissions === before.permissions &&
      state.runner === before.runner &&
      state.agent === before.agent &&
      state.last === before.last &&
      state.settings === before.settings &&
      state.restore === before.restore
    if (!same) this.#signal()
  }

  #closed(): void {
    this.#open = false
    this.#stopWatching()
  }
}
