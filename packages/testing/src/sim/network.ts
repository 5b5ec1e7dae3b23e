/**
 * The network between processes: connections that keep order and lose nothing, until they are cut.
 *
 * As with TCP and WebSocket an end learns of the other's death from the other's machine, and of the network's death from
 * nothing but silence: a frozen way holds back the closing words too.
 */
import { Pipe } from './pipe.ts'
import type { Process } from './process.ts'
import type { Stage } from './stage.ts'

/** What an end of a connection hears. `closed` comes once and last; no code when nothing said why. */
export interface Ear {
  readonly opened?: () => void
  readonly frame: (text: string) => void
  readonly closed: (code: number | undefined) => void
}

/** Who dials whom for what. `who` is one dialler over all its connections: faults are aimed by it. */
export type Line =
  | {
      readonly kind: 'runner'
      readonly who: string
      readonly session: string
      readonly generation: number
    }
  | {
      readonly kind: 'viewer'
      readonly who: string
      readonly session: string
      readonly after: number
    }
  | { readonly kind: 'call'; readonly who: string }

type Item =
  | { readonly type: 'dial' | 'opened' | 'lost' }
  | { readonly type: 'frame'; readonly text: string }
  | { readonly type: 'close'; readonly code: number }

const delayMsMax = 4
const closeMsMax = 30_000
const dialMsMax = 10_000

export class Socket {
  state: 'dialling' | 'open' | 'closing' | 'closed' = 'dialling'
  readonly process: Process
  ear: Ear
  /** What this end sends travels here. */
  out: Pipe<Item>
  readonly connection: Connection
  #toldGone = false
  #repeatable: string | undefined

  constructor(connection: Connection, process: Process, ear: Ear) {
    this.connection = connection
    this.process = process
    this.ear = ear
    this.out = new Pipe<Item>(process.stage, delayMsMax, (item) =>
      connection.other(this)?.take(item),
    )
    process.onExit((exit) => this.#orphan(exit.silent))
  }

  get open(): boolean {
    return this.state === 'open' && this.process.alive
  }

  /** Frames that are not yet at the other end. */
  get waiting(): number {
    return this.out.length
  }

  send(text: string): void {
    if (!this.open) return
    if (text.startsWith('M')) this.#repeatable = text
    this.out.push({ type: 'frame', text })
  }

  /** The last messages of a channel go out once more, as something in between might do it. @returns whether there were any */
  repeat(): boolean {
    if (!this.open || this.#repeatable === undefined) return false
    this.out.push({ type: 'frame', text: this.#repeatable })
    return true
  }

  close(code: number): void {
    if (this.state === 'dialling') return this.terminate()
    if (!this.open) return
    this.state = 'closing'
    this.out.push({ type: 'close', code })
    this.process.after(closeMsMax, () => this.#ended(undefined))
  }

  terminate(): void {
    if (this.state === 'closed' || !this.process.alive) return
    this.out.push({ type: 'lost' })
    this.process.after(0, () => this.#ended(undefined))
  }

  take(item: Item): void {
    if (!this.process.alive || this.state === 'closed') return this.#answerForTheDead(item)
    switch (item.type) {
      case 'opened':
        this.state = 'open'
        this.connection.opened()
        return this.ear.opened?.()
      case 'frame':
        return this.ear.frame(item.text)
      case 'close':
        if (this.state === 'open') this.out.push(item)
        return this.#ended(item.code)
      case 'lost':
        return this.#ended(undefined)
      case 'dial':
    }
  }

  #ended(code: number | undefined): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.connection.forget()
    this.ear.closed(code)
  }

  /** The machine of a dead process tells the other end, unless it died too. */
  #orphan(silent: boolean): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.connection.forget()
    if (silent) return
    this.connection.loseTail(this)
    this.out.push({ type: 'lost' })
  }

  #answerForTheDead(item: Item): void {
    if (this.#toldGone || item.type === 'lost' || this.process.exit?.silent === true) return
    this.#toldGone = true
    this.out.push({ type: 'lost' })
  }
}

export class Connection {
  readonly line: Line
  readonly dialler: Socket
  answerer: Socket | undefined
  readonly #network: Network
  /** Since when both ways are as they should be; `undefined` while one is frozen. */
  #wellSince: number
  #frozenUntil = 0

  constructor(
    network: Network,
    from: Process,
    options: { readonly line: Line; readonly ear: Ear },
  ) {
    this.#network = network
    this.line = options.line
    this.dialler = new Socket(this, from, options.ear)
    this.#wellSince = from.stage.now
  }

  get open(): boolean {
    return this.dialler.open && this.answerer?.open === true
  }

  /** How long both ends have been open with nothing in their way, milliseconds. */
  get wellMs(): number {
    const { now } = this.#network.stage
    return this.open && this.#frozenUntil <= now
      ? now - Math.max(this.#wellSince, this.#frozenUntil)
      : 0
  }

  other(socket: Socket): { take(item: Item): void } | undefined {
    if (socket === this.answerer) return this.dialler
    return this.answerer ?? { take: (item) => this.#arrive(item) }
  }

  /** @param ways which directions nothing passes until then */
  freeze(ways: 'both' | 'toward-answerer' | 'toward-dialler', until: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, until)
    if (ways !== 'toward-dialler') this.dialler.out.freeze(until)
    if (ways !== 'toward-answerer') this.answerer?.out.freeze(until)
  }

  thaw(): void {
    this.#frozenUntil = Math.min(this.#frozenUntil, this.#network.stage.now)
    this.dialler.out.thaw()
    this.answerer?.out.thaw()
  }

  /** Both ends hear of it; what was under way is lost from some point on. */
  reset(): void {
    for (const socket of [this.dialler, this.answerer]) {
      if (socket === undefined) continue
      this.loseTail(socket)
      socket.out.push({ type: 'lost' })
    }
  }

  /** Its first words may be the ones that are held up. */
  opened(): void {
    this.#network.onOpened(this)
  }

  loseTail(socket: Socket): void {
    const count = this.#network.stage.random.integer(0, socket.out.length)
    if (count > 0) this.#network.stage.fire('drop')
    socket.out.drop(count)
  }

  /** With one end gone, what it said may still be on its way: held up in the calm, it would keep the other end waiting. */
  forget(): void {
    const ends = [this.dialler, this.answerer]
    if (ends.every((socket) => socket === undefined || socket.state === 'closed'))
      this.#network.connections.delete(this)
  }

  /** The dialler's first words are there: somebody takes the connection or nobody does. */
  #arrive(item: Item): void {
    if (item.type !== 'dial') return
    const { server } = this.#network
    const nobody: Ear = { frame: () => {}, closed: () => {} }
    const socket = new Socket(this, server?.process ?? this.dialler.process, nobody)
    this.answerer = socket
    if (this.#frozenUntil > this.#network.stage.now) socket.out.freeze(this.#frozenUntil)
    const ear = server?.process.alive === true ? server.accept(this.line, socket) : undefined
    if (ear === undefined) {
      socket.state = 'closed'
      return socket.out.push({ type: 'lost' })
    }
    socket.ear = ear
    socket.state = 'open'
    socket.out.push({ type: 'opened' })
  }
}

/** Whoever listens now. */
export interface Listener {
  readonly process: Process
  /** @returns `undefined` to refuse the connection */
  readonly accept: (line: Line, socket: Socket) => Ear | undefined
}

export class Network {
  readonly stage: Stage
  server: Listener | undefined
  /** Where faults that hit a handshake come in. */
  onOpened: (connection: Connection) => void = () => {}
  readonly connections = new Set<Connection>()
  /** Until when nobody of this name reaches anybody. */
  readonly partitions = new Map<string, number>()

  constructor(stage: Stage) {
    this.stage = stage
  }

  dial(from: Process, line: Line, ear: Ear): Socket {
    const connection = new Connection(this, from, { line, ear })
    this.connections.add(connection)
    const until = this.partitions.get(line.who) ?? 0
    if (until > this.stage.now) connection.freeze('both', until)
    const { dialler } = connection
    dialler.out.push({ type: 'dial' })
    from.after(dialMsMax, () => {
      if (dialler.state === 'dialling') dialler.terminate()
    })
    return dialler
  }

  partition(who: string, until: number): void {
    this.partitions.set(who, until)
    for (const connection of this.connections) {
      if (connection.line.who === who) connection.freeze('both', until)
    }
  }

  /** From now on the network is as it should be; what was frozen moves. */
  heal(): void {
    this.partitions.clear()
    for (const connection of this.connections) connection.thaw()
  }
}
