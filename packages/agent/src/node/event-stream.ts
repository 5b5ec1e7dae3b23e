/**
 * One stream of server-sent events that is opened again whenever it ends, until it is closed.
 *
 * Invariants:
 * - A-45 Events are handed on one at a time, in order, the next after the one before was dealt with; a stream that was
 *   opened again hands on nothing before its owner has filled the gap.
 * - R-150 What a listener throws is never taken for the end of the stream: nobody catches it here.
 */
import { parseJsonCut } from '@belay/protocol'
import { createParser } from 'eventsource-parser'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerPolicy } from '../server/policy.ts'

export interface EventStreamOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly policy: ServerPolicy
  /** The first event came. What it resolves is waited for before anything is handed on. */
  readonly onOpen: () => Promise<void>
  /** The data of an event as JSON. */
  readonly onEvent: (event: unknown) => void
  /** It ended, and is opened again. */
  readonly onLost: (cause: string) => void
  readonly onNote: (line: string) => void
}

export class EventStream {
  readonly #options: EventStreamOptions
  readonly #closed = new AbortController()
  #current = new AbortController()
  #gate: PromiseWithResolvers<void> | undefined

  constructor(options: EventStreamOptions) {
    this.#options = options
    void this.#run()
  }

  /** Gives up the present line: it may be dead without knowing. */
  reopen(): void {
    this.#current.abort()
  }
  close(): void {
    this.#closed.abort()
    this.#current.abort()
    this.resume()
  }
  /** Hands on nothing until `resume`; what comes waits in the socket. */
  pause(): void {
    this.#gate ??= Promise.withResolvers<void>()
  }
  resume(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }
  get paused(): boolean {
    return this.#gate !== undefined
  }

  async #run(): Promise<void> {
    const { policy, onLost } = this.#options
    let tries = 0
    while (!this.#closed.signal.aborted) {
      this.#current = new AbortController()
      // oxlint-disable-next-line no-await-in-loop -- one line at a time
      const { opened, cause } = await this.#once()
      if (this.#closed.signal.aborted) return
      if (opened) {
        tries = 0
        onLost(cause)
      }
      const base = Math.min(policy.reopenMsMin * 2 ** tries, policy.reopenMsMax)
      tries += 1
      // oxlint-disable-next-line no-await-in-loop
      await sleep(base * (0.5 + Math.random() / 2), undefined, {
        signal: this.#closed.signal,
      }).catch(() => {})
    }
  }

  async #once(): Promise<{ readonly opened: boolean; readonly cause: string }> {
    const { url, headers, policy } = this.#options
    const { signal } = this.#current
    const late = setTimeout(() => this.#current.abort(), policy.attachMs)
    const request = { headers: { ...headers, accept: 'text/event-stream' }, signal }
    let opened = false
    try {
      const events = await fetch(url, request).then((response) => this.#read(response), broken)
      for (;;) {
        // Only the reading is caught: what a listener throws is no end of the stream.
        // oxlint-disable-next-line no-await-in-loop -- one event after the other
        const next = 'cause' in events ? events : await events.next().catch(broken)
        if ('cause' in next) return { opened, cause: next.cause }
        if (next.done === true) return { opened, cause: 'its stream ended' }
        if (!opened) {
          opened = true
          clearTimeout(late)
          // oxlint-disable-next-line no-await-in-loop
          await this.#options.onOpen()
        }
        // oxlint-disable-next-line no-await-in-loop
        if (this.#gate !== undefined) await this.#gate.promise
        if (signal.aborted) return { opened, cause: 'its stream ended' }
        this.#options.onEvent(next.value)
      }
    } finally {
      clearTimeout(late)
      this.#current.abort()
    }
  }

  #read({ ok, body, status }: Response): AsyncGenerator | Broken {
    return ok && body !== null ? this.#events(body) : { cause: `the server answered ${status}` }
  }

  async *#events(body: ReadableStream<Uint8Array>): AsyncGenerator {
    const { policy, onNote } = this.#options
    const ready: unknown[] = []
    const parser = createParser({
      maxBufferSize: policy.eventBytesMax,
      onEvent: ({ data }) => {
        try {
          ready.push(parseJsonCut(data))
        } catch {
          onNote(`an event that is no JSON: ${data.slice(0, 500)}`)
        }
      },
      onError: ({ message }) => onNote(`in the stream: ${message.slice(0, 500)}`),
    })
    const decoder = new TextDecoder()
    for await (const bytes of body) {
      parser.feed(decoder.decode(bytes, { stream: true }))
      yield* ready.splice(0)
    }
  }
}

interface Broken {
  readonly cause: string
}

function broken(error: unknown): Broken {
  return { cause: causeOf(error) }
}

/** Why, where the system knows: `fetch failed` alone tells nobody anything. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? cause.message : error.message
}
