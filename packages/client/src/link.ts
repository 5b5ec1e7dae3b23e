/**
 * A line to the server that is dialled again for ever, until it is over or closed.
 *
 * Owns: when to dial, and when a line is judged dead. How to dial is `webapi/dial.ts`; what the texts mean is `follow-over.ts`.
 *
 * Invariants:
 * - V-40 At most one line is heard: whatever a given-up line still says, or opens late, is ignored and hung up.
 * - V-41 The first try after a loss is at once, the next ones back off to `cap`, for ever.
 * - V-42 A line counts as a success only after `steadyMs`: a server that opens and drops is not dialled in a tight loop.
 * - V-43 A line silent for `silenceMsMax` is given up: the server says something at least every `viewerBeatMs`.
 */
import { backoffDelayMs, type BackoffPolicy } from '@belay/channel'
import { viewerBeatMs } from '@belay/protocol'
import type { EndFrame } from './frame.ts'

/** Time and chance, as they come in. */
export interface Clockwork {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** From 0 (included) to 1. */
  readonly random: () => number
  /** Runs once after `ms`. @returns what cancels it */
  readonly later: (ms: number, run: () => void) => () => void
}

export interface LinkState {
  readonly state: 'connecting' | 'open' | 'waiting' | 'over'
  /** Tries that failed since the line was last steady. */
  readonly attempt: number
  /** When the next try is, while waiting. */
  readonly nextAt?: number | undefined
  /** Why the last line was lost. */
  readonly reason?: string | undefined
}

/** What a dialled line tells. Nothing after `lost`. */
export interface Hear {
  opened(): void
  /** @param text one frame */
  text(text: string): void
  /** Something came that is no frame. */
  alive(): void
  lost(loss: Loss): void
}
export interface Loss {
  readonly reason: string
  /** Set when dialling again cannot help. */
  readonly end?: EndFrame | undefined
}
/** Starts to open a line. @returns what hangs it up */
export type Dial = (hear: Hear) => () => void

export interface LinkOptions {
  readonly platform: Clockwork
  readonly dial: Dial
  /** @returns why the line is of no use any more, `over` when none would be, undefined when all is well */
  readonly onText: (text: string) => Loss | 'over' | undefined
  readonly onEnd: (end: EndFrame) => void
  readonly onLink: (state: LinkState) => void
}

export interface Following {
  close(): void
  /** Dial now: the network is back, or a person asks. Leaves a line alone that is alive. */
  retryNow(): void
}

/** A viewer is waited for by a person, so it comes back sooner than a runner. */
export const viewerBackoff: BackoffPolicy = { firstMs: 50, factor: 1.15, capMs: 5_000 }
/** From dialling to the first frame. */
const connectMsMax = 15_000
/**
 * Two heartbeats, less the moments in which a short interruption is not spoken of: a server that stands still is told within
 * two. A large frame on a slow line is silence too, until the last byte of it has come.
 */
export const silenceMsMax = 2 * viewerBeatMs - 3_000
/** One heartbeat and some: silence that makes `retryNow` doubt an open line. */
const doubtMs = viewerBeatMs + 2_000
const watchMs = 5_000
const steadyMs = 2_000

interface Line {
  hangUp: () => void
  readonly dialledAt: number
  openedAt: number | undefined
  heardAt: number
}

export class Link implements Following {
  readonly #options: LinkOptions
  /** The one line that is heard; undefined while waiting and after the end. */
  #line: Line | undefined
  #attempt = 0
  #reason: string | undefined
  #cancelTimer = (): void => {}
  #over = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#dial()
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    this.#drop()
    this.#options.onLink({ state: 'over', attempt: this.#attempt, reason: this.#reason })
  }

  retryNow(): void {
    if (this.#over) return
    const line = this.#line
    // A line that was dialled just now is given its chance, or asking often would keep it from ever opening.
    const patienceMs = line?.openedAt === undefined ? steadyMs : doubtMs
    if (line === undefined || this.#options.platform.now() - line.heardAt >= patienceMs)
      this.#dial()
  }

  #dial(): void {
    const { platform, dial, onLink } = this.#options
    this.#drop()
    const now = platform.now()
    const line: Line = { hangUp: () => {}, dialledAt: now, openedAt: undefined, heardAt: now }
    this.#line = line
    onLink({ state: 'connecting', attempt: this.#attempt, reason: this.#reason })
    // Telling may have closed us, and dialling may lose the line at once.
    if (this.#line !== line) return
    this.#watch(line)
    const hangUp = dial({
      opened: () => this.#heard(line, undefined),
      text: (text) => this.#heard(line, text),
      alive: () => this.#heard(line, undefined),
      lost: (loss) => this.#lost(line, loss),
    })
    if (this.#line === line) line.hangUp = hangUp
    else hangUp()
  }

  #heard(line: Line, text: string | undefined): void {
    if (this.#line !== line) return
    line.heardAt = this.#options.platform.now()
    if (text === undefined) return
    if (line.openedAt === undefined) {
      line.openedAt = line.heardAt
      this.#options.onLink({ state: 'open', attempt: this.#attempt })
      if (this.#line !== line) return
    }
    const verdict = this.#options.onText(text)
    if (verdict === 'over') this.close()
    else if (verdict !== undefined) this.#lost(line, verdict)
  }

  #lost(line: Line, loss: Loss): void {
    if (this.#line !== line) return
    this.#drop()
    this.#reason = loss.reason
    if (loss.end !== undefined) {
      this.#options.onEnd(loss.end)
      this.close()
      return
    }
    const { platform, onLink } = this.#options
    const now = platform.now()
    const steady = line.openedAt !== undefined && now - line.openedAt >= steadyMs
    this.#attempt = steady ? 0 : this.#attempt + 1
    const wait = backoffDelayMs(viewerBackoff, this.#attempt, platform.random())
    if (wait === 0) {
      this.#dial()
      return
    }
    this.#cancelTimer = platform.later(wait, () => this.#dial())
    onLink({ state: 'waiting', attempt: this.#attempt, nextAt: now + wait, reason: loss.reason })
  }

  /** Looks at the line now and then. The clock is asked, not the timer: a machine that slept finds out on waking. */
  #watch(line: Line): void {
    const { platform } = this.#options
    const opened = line.openedAt !== undefined
    const due = opened ? line.heardAt + silenceMsMax : line.dialledAt + connectMsMax
    const wait = Math.min(watchMs, due - platform.now())
    if (wait > 0) this.#cancelTimer = platform.later(wait, () => this.#watch(line))
    else if (opened) this.#lost(line, { reason: 'the server was silent for too long' })
    else this.#lost(line, { reason: 'the server did not answer in time' })
  }

  #drop(): void {
    this.#cancelTimer()
    const line = this.#line
    this.#line = undefined
    line?.hangUp()
  }
}
