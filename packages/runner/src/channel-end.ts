/**
 * The runner's end of the channel on one connection: what it says at which moment, and what it takes of what it hears.
 *
 * Owns: where both sides stand on this connection. The socket, its timers and the dialling are `node/link.ts`'s, or the
 * simulator's, which runs this very code over a network that it breaks.
 *
 * Invariants:
 * - R-13 A command is handed on once, in order, and acknowledged after that.
 * - R-14 After a cut, reports go on from what the session says it has stored: none is left out, none is sent that it has.
 * - R-15 At most `windowBytesMax` of reports are unacknowledged on one connection, whatever waits on disk.
 * - R-277 An acknowledgement goes with the next reports, or alone a moment later.
 */
import {
  arrive,
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
  type Command,
  commandSchema,
  type Hello,
  limits,
  type Hint,
  hintSchema,
  parseJson,
  protocolVersion,
  welcomeSchema,
} from '@belay/protocol'
import type { z } from 'zod'

/** What reports are read from: the spool on the disk, or a simulated one. */
export interface ReportSource {
  readonly last: number
  readonly acked: number
  read(after: number, bytesMax: number): readonly { readonly n: number; readonly json: string }[]
  bytesBetween(from: number, to: number): number
  acknowledge(n: number): void
}

/** What outlives connections, besides the reports. */
export interface Standing {
  /** The number of the last command handed on. */
  received: number
}

export interface ChannelEndOptions {
  readonly session: string
  readonly generation: number
  readonly spool: ReportSource
  readonly standing: Standing
  readonly isOpen: () => boolean
  readonly say: (frame: string) => void
  /** Calls back once what happens in this moment has happened, so that one frame carries all of it. */
  readonly soon: (callback: () => void) => void
  /** Calls back after some milliseconds. */
  readonly later: (ms: number, callback: () => void) => void
  readonly onCommand: (command: Command) => void
  /** What is told before it is sure. */
  readonly onHint?: (hint: Hint) => void
  /** The session has stored more. */
  readonly onAcked: () => void
  readonly log: (line: string) => void
}

/** Milliseconds that a welcome may take, once the connection is there. */
export const welcomeMsMax = 10_000
/** A connection that lived shorter, milliseconds, is cut as soon as it is welcomed: it waits like one that never was. */
const livedMsMin = 1000
/** Milliseconds that an acknowledgement, and that a prompt was taken, wait for something to go with: each frame is a commit. */
const companyMsMax = 20
/** Reports in one frame: far from the limit of a frame even with the largest report in it. */
const frameBytesWanted = 256 * 1024

/**
 * Close codes after which a runner is not needed any more, in words. Not `replaced`: a generation runs once, so the
 * connection that took this one's place is an earlier one of our own whose hello was held up on its way. Nobody listens
 * there any more.
 */
export const dismissals: Readonly<Record<number, string>> = {
  [closeCodes.done]: 'the session needs it no more',
  [closeCodes.fenced]: 'another process has taken its place',
}

/** Which attempt to dial comes after a connection that ended. @param livedMs since it was dialled */
export function attemptAfter(attempt: number, welcomed: boolean, livedMs: number): number {
  return welcomed && livedMs > livedMsMin ? 0 : attempt + 1
}

export class ChannelEnd {
  readonly #options: ChannelEndOptions
  #welcomed = false
  /** The number of the last report sent on this connection. */
  #sent = 0
  #pumping = false
  #waiting = false
  #ackIsDue = false
  #liveness: Liveness

  constructor(options: ChannelEndOptions, now: number) {
    this.#options = options
    this.#liveness = livenessStart(now)
  }

  get welcomed(): boolean {
    return this.#welcomed
  }

  /** The connection is there: says who this is. */
  open(now: number): void {
    // Dialling took its time, and that was nobody's silence.
    this.#liveness = livenessStart(now)
    const { session, generation, standing, say } = this.#options
    const { received } = standing
    const hello: Hello = { version: protocolVersion, session, generation, received }
    say(encodeHello(JSON.stringify(hello)))
  }

  /** Takes a frame. @returns what is wrong with it, for a close with `protocolError` */
  hear(frame: string, now: number): string | undefined {
    this.#liveness = heard(this.#liveness, now)
    const lines = decodeFrame(frame)
    if (typeof lines === 'string') return lines
    const { isOpen } = this.#options
    for (const line of lines) {
      // What it takes may end the connection.
      if (!isOpen()) return undefined
      const fault = this.#take(line)
      if (fault !== undefined) return fault
    }
    if (lines.some((line) => line.type === 'message')) {
      this.#ackIsDue = true
      this.nudgeLater()
    }
    return undefined
  }

  /** Sends what the window lets through. Called often; gathers what one moment brings. */
  nudge(): void {
    if (this.#pumping || !this.#welcomed) return
    this.#pumping = true
    this.#options.soon(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  /** The same, with the next that cannot wait. */
  nudgeLater(): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#options.later(companyMsMax, () => {
      this.#waiting = false
      this.nudge()
    })
  }

  /** Looks at the silence; asks whether anybody is there. @returns whether nobody is */
  isDead(now: number): boolean {
    const { state, verdict } = tick(livenessPolicy, this.#liveness, now)
    this.#liveness = state
    if (!this.#options.isOpen()) return false
    if (verdict === 'ping') this.#options.say(ping)
    return verdict === 'dead'
  }

  #pump(): void {
    const { spool, isOpen, say, standing } = this.#options
    let ack = this.#ackIsDue && isOpen() ? [encodeAck(standing.received)] : []
    this.#ackIsDue = false
    // An ack of an earlier connection may have passed what this one was told.
    this.#sent = Math.max(this.#sent, spool.acked)
    while (isOpen() && this.#sent < spool.last) {
      const room = limits.windowBytesMax - spool.bytesBetween(spool.acked, this.#sent)
      // A report is far smaller than the window, so the one that does not fit now will.
      if (room < spool.bytesBetween(this.#sent, this.#sent + 1)) break
      const reports = spool.read(this.#sent, Math.min(room, frameBytesWanted))
      say([...ack, ...reports.map(({ n, json }) => encodeMessage(n, json))].join('\n'))
      ack = []
      this.#sent += reports.length
    }
    for (const line of ack) say(line)
  }

  /** @returns what is wrong with the line */
  #take(line: Line): string | undefined {
    if (line.type === 'welcome') return this.#welcome(line.json)
    // Signs of life need no welcome: whoever waits long for one has asked for them.
    const isSign = line.type === 'ping' || line.type === 'pong'
    if (!this.#welcomed && !isSign) return `expected a welcome first, got ${line.type}`
    const { spool, say } = this.#options
    switch (line.type) {
      case 'ack':
        if (line.n > spool.last) return `ack ${line.n} is beyond ${spool.last}`
        this.#acknowledge(line.n)
        return undefined
      case 'message':
        return this.#command(line.n, line.json)
      case 'hint':
        this.#hint(line.json)
        return undefined
      case 'ping':
        say(pong)
        return undefined
      case 'pong':
        return undefined
      case 'hello':
        return 'a runner is welcomed, not greeted'
    }
  }

  #welcome(json: string): string | undefined {
    const welcome = welcomeSchema.safeParse(valueOf(json))
    if (!welcome.success || this.#welcomed) return 'expected one welcome'
    const { spool, log } = this.#options
    const { received } = welcome.data
    if (received > spool.last || received < spool.acked)
      return `the session says it stored ${received}; this runner knows of ${spool.acked} to ${spool.last}`
    log(`linked; the session has ${received} of ${spool.last} reports`)
    this.#sent = received
    this.#welcomed = true
    this.#acknowledge(received)
    return undefined
  }

  #acknowledge(n: number): void {
    this.#options.spool.acknowledge(n)
    this.#options.onAcked()
    this.nudge()
  }

  /** One that a newer server says and that is not known is as good as never said. */
  #hint(json: string): void {
    const hint = hintSchema.safeParse(valueOf(json))
    if (hint.success) this.#options.onHint?.(hint.data)
  }

  #command(n: number, json: string): string | undefined {
    const { standing, onCommand, log } = this.#options
    const arrival = arrive(standing.received, n)
    if (arrival === 'gap') return `command ${n} came after ${standing.received}`
    if (arrival === 'duplicate') return undefined
    standing.received = n
    const command = commandSchema.safeParse(valueOf(json))
    // A newer server may say what this runner cannot do; the session's own deadlines deal with what then does not happen.
    if (command.success) onCommand(command.data)
    // Only what is wrong is logged: a command may hold a secret.
    else log(`command ${n} is not understood: ${issuesOf(command.error)}`)
    return undefined
  }
}

function issuesOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
