/** One session of the page's scripted server: a log the test writes, and the viewers that follow it. */
import type { SessionEvent, SessionView, StreamFrame } from '@belay/protocol'
import type { LogEntry } from '@belay/testing'

type Send = (frame: StreamFrame) => void

export class PageSession {
  readonly log: SessionEvent[] = []
  view: SessionView
  readonly #viewers = new Set<Send>()
  readonly #onChange: () => void

  constructor(view: SessionView, onChange: () => void) {
    this.view = view
    this.#onChange = onChange
  }

  /** Adds to the log; told to who looks. */
  append(...entries: readonly LogEntry[]): void {
    this.appendAt(Date.now(), ...entries)
  }

  appendAt(at: number, ...entries: readonly LogEntry[]): void {
    const events = entries.map((entry, index) => ({
      ...entry,
      seq: this.log.length + index + 1,
      at,
    }))
    this.log.push(...events)
    if (events.length > 0) this.#tell({ type: 'events', events })
  }

  change(part: Partial<SessionView>): void {
    this.view = { ...this.view, ...part }
    this.#tell({ type: 'state', session: this.view })
    this.#onChange()
  }

  /** @returns what stops it */
  listen(after: number, send: Send): () => void {
    const seq = this.log.length
    send({ type: 'snapshot', session: this.view, from: after + 1, seq })
    // Small frames, so that a viewer is cut between them.
    for (let at = after; at < seq; at += 20)
      send({ type: 'events', events: this.log.slice(at, at + 20) })
    send({ type: 'caught-up', seq })
    this.#viewers.add(send)
    return () => this.#viewers.delete(send)
  }

  end(message: string): void {
    this.#tell({ type: 'end', code: 'session-deleted', message, retry: false })
  }

  #tell(frame: StreamFrame): void {
    for (const send of this.#viewers) send(frame)
  }
}
