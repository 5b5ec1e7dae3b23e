/** One session of the viewers' server: a log a test writes, and who listens to it. */
import type {
  ListFrame,
  RouteAnswer,
  SessionEvent,
  SessionView,
  StreamFrame,
} from '@belay/protocol'
import type { LogEntry } from '../log-entry.ts'
import { sessionView } from '../session-view.ts'

/** How the streams of this server misbehave; asked once for each stream that is opened. */
export interface StreamFaults {
  /** The stream is cut after so many frames. */
  framesMax?: () => number
  /** So many events are sent again. */
  repeated?: () => number
}

export interface Listener {
  send(frame: StreamFrame | ListFrame): void
  cut(): void
}

/** Events are stamped with this plus their number, so that a run is the same each time. */
const firstAt = 1_700_000_000_000

export class ViewerSession {
  readonly log: SessionEvent[] = []
  view: SessionView
  /** The last event that is not kept any more. */
  trimmedTo = 0
  callbacks: RouteAnswer<'callbacks'> = { callbacks: [] }
  readonly #listeners = new Set<Listener>()

  constructor(id: string) {
    this.view = sessionView({ id, title: id, createdAt: firstAt })
  }

  append(...entries: readonly LogEntry[]): void {
    const events = entries.map((entry, index) => {
      const seq = this.log.length + index + 1
      return { ...entry, seq, at: firstAt + seq * 1000 }
    })
    this.log.push(...events)
    if (events.length > 0) this.#tell({ type: 'events', events })
  }

  change(change: Partial<SessionView>): void {
    this.view = { ...this.view, ...change }
    this.#tell({ type: 'state', session: this.view })
  }

  end(frame: Extract<StreamFrame, { type: 'end' }>): void {
    this.#tell(frame)
  }

  /** Sends what a new stream begins with, and from then on what happens. */
  listen(listener: Listener, after: number, faults: StreamFaults): () => void {
    const limited = limit(listener, faults.framesMax?.() ?? Number.POSITIVE_INFINITY)
    const seq = this.log.length
    const from = Math.max(after, this.trimmedTo) + 1
    const trimmed = from > after + 1 ? { trimmedTo: from - 1 } : {}
    limited.send({ type: 'snapshot', session: this.view, from, seq, ...trimmed })
    const first = Math.max(this.trimmedTo, after - (faults.repeated?.() ?? 0))
    for (let at = first; at < seq; at += eventsPerFrame) {
      limited.send({ type: 'events', events: this.log.slice(at, at + eventsPerFrame) })
    }
    limited.send({ type: 'caught-up', seq })
    this.#listeners.add(limited)
    return () => this.#listeners.delete(limited)
  }

  #tell(frame: StreamFrame): void {
    for (const listener of this.#listeners) listener.send(frame)
  }
}

const eventsPerFrame = 3

function limit(listener: Listener, framesMax: number): Listener {
  let left = framesMax
  return {
    cut: () => listener.cut(),
    send(frame) {
      if (left <= 0) return
      left -= 1
      listener.send(frame)
      if (left === 0) listener.cut()
    },
  }
}
