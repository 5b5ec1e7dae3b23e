/**
 * One life of a server, from its start to its death: the wiring of `apps/belay/src/server/serve.ts` around the real host
 * and the real session actor.
 */
import { createHost } from '@belay/host'
import { viewerBeatMs } from '@belay/protocol'
import type { SessionEffect, Viewer } from '@belay/session'
import { decodeRequest, encodeReply } from './api.ts'
import type { LockHolder, Machine } from './machine.ts'
import type { Ear, Line, Listener, Network, Socket } from './network.ts'
import { type Planted, plantInActor, type SimActor } from './planted.ts'
import { Process } from './process.ts'
import type { SimRunner } from './runner.ts'
import { SimLauncher } from './server-launcher.ts'
import { type ServerLinks, serverLinks } from './server-links.ts'
import { openServerViewer } from './server-viewer.ts'
import type { SimHost } from './sim-host.ts'
import type { Stage } from './stage.ts'
import type { Disk } from './storage.ts'
import type { Timer } from './timeline.ts'

export interface ServerOptions {
  readonly stage: Stage
  readonly disk: Disk
  readonly machine: Machine
  readonly network: Network
  readonly actor: SimActor
  readonly spawn: (session: string, generation: number) => SimRunner
  readonly runnerOf: (holder: LockHolder) => SimRunner | undefined
  readonly planted: Planted | undefined
  /** Whether the system refuses what a launcher asks of it now. */
  readonly refuses: () => boolean
  /** Somebody's program is told. @returns what went wrong, as far as the server can see */
  readonly callback: (session: string, delivery: Delivery) => string | undefined
}

export type Delivery = Extract<SessionEffect, { type: 'deliver-callback' }>

const residentsMax = 2

export class SimServer implements Listener {
  readonly process: Process
  readonly host: SimHost
  readonly startedAt: number
  readonly #options: ServerOptions
  readonly #links: ServerLinks
  readonly #launcher: SimLauncher
  readonly #viewers = new Set<Viewer>()
  /** Deadlines that a server without a store would not know of. */
  readonly #forgotten = new Set<number>()

  constructor(options: ServerOptions) {
    const { stage, disk, machine, spawn, runnerOf, refuses, planted } = options
    this.#options = options
    this.startedAt = stage.now
    this.process = new Process(stage, 'server')
    const { process } = this
    this.host = createHost({
      actor: plantInActor(options.actor, planted, {
        forgotten: this.#forgotten,
        perform: (id, effect) => this.#perform(id, effect),
      }),
      storage: disk.open(process),
      clock: () => stage.wall,
      steady: () => stage.now,
      soon: (callback) => void process.after(0, callback),
      timer: timerOf(process),
      perform: (id, effect) => this.#perform(id, effect),
      onActorStopped: (id, error) => stage.violate('state', `${id}: ${error.message}`),
      onStop: () => process.end({ code: 1, signal: undefined, silent: false }),
      residentsMax,
    })
    this.#links = serverLinks(this.host, process, planted)
    this.#launcher = new SimLauncher({
      host: this.host,
      process,
      machine,
      spawn,
      runnerOf,
      refuses,
      planted,
    })
    process.every(viewerBeatMs, () => {
      for (const viewer of this.#viewers) viewer.beat()
    })
  }

  /** From now on it answers, and the sessions of the last life go on. */
  start(): void {
    const { network } = this.#options
    network.server = this
    for (const id of this.host.ids()) {
      const at = this.#options.actor.nextAlarm(this.host.read(id))
      if (at !== undefined) this.#forgotten.add(at)
    }
    this.host.start()
    for (const id of this.host.ids()) {
      if (this.host.read(id).runner.type !== 'none')
        this.host.submit(id, { type: 'server-started' }).catch(() => {})
    }
  }

  /** Ends as it should: viewers are told, sockets say goodbye, the last tick is committed. */
  stop(): void {
    this.#launcher.close()
    for (const viewer of this.#viewers) viewer.end('going-away', 'going away')
    this.#links.ends.close()
    this.host.stop()
    this.process.end({ code: 0, signal: undefined, silent: false })
  }

  accept(line: Line, socket: Socket): Ear | undefined {
    switch (line.kind) {
      case 'runner':
        return this.#links.attach(line, socket)
      case 'viewer':
        return this.#view(line, socket)
      case 'call':
        return { frame: (text) => this.#answer(text, socket), closed: () => {} }
    }
  }

  #answer(text: string, socket: Socket): void {
    const { session, asked } = decodeRequest(text)
    // More often than a server says it, and also where it is not true.
    if (asked.type === 'prompt-submitted')
      this.#links.ends.notify(session, { type: 'prompt-coming', promptId: asked.prompt.promptId })
    this.host.submit(session, asked).then(
      (reply) => (this.process.point() ? socket.send(encodeReply(reply)) : undefined),
      () => socket.terminate(),
    )
  }

  #view({ session, after }: Extract<Line, { kind: 'viewer' }>, socket: Socket): Ear | undefined {
    const { lifecycle, head } = this.host.read(session)
    if (lifecycle.type === 'absent') return undefined
    if (lifecycle.type !== 'deleted' && after > head.seq) {
      const sentence = `a viewer of ${session} has seen ${after}, and the log ends at ${head.seq}`
      this.#options.stage.violate('seen', sentence)
    }
    let viewer: Viewer | undefined
    // The upgrade is answered first; its frames follow.
    this.process.after(0, () => {
      if (!socket.open) return
      if (this.host.read(session).lifecycle.type === 'deleted') {
        const end = { type: 'end', code: 'session-deleted', message: 'deleted', retry: false }
        socket.send(JSON.stringify(end))
        return socket.close(4000)
      }
      viewer = openServerViewer({ host: this.host, session, after, socket })
      this.#viewers.add(viewer)
    })
    return {
      frame: () => {},
      closed: () => {
        if (viewer === undefined) return
        viewer.closed()
        this.#viewers.delete(viewer)
      },
    }
  }

  /** One attempt; whoever is called may have heard it although the answer is lost. */
  #tellCallback(session: string, delivery: Delivery): void {
    const { process } = this
    const { turn, attempt } = delivery
    process.after(process.stage.random.integer(1, 200), () => {
      const problem = this.#options.callback(session, delivery)
      this.host.submit(session, { type: 'callback-tried', turn, attempt, problem }).catch(() => {})
    })
  }

  #perform(session: string, effect: SessionEffect): void {
    if (!this.process.point()) return
    this.#options.stage.say('server', () => `${session}: ${JSON.stringify(effect).slice(0, 110)}`)
    switch (effect.type) {
      case 'send':
        return this.#links.ends.send(
          { session, generation: effect.generation },
          effect.n,
          () => effect.command,
        )
      case 'start-runner':
        return this.#launcher.start(session, effect.generation)
      case 'stop-runner':
        this.#links.ends.release(session, effect.generation)
        return this.#launcher.stop(session, effect.generation)
      case 'probe-runner':
        return this.#launcher.probe(session, effect.generation, effect.final ? 'final' : 'first')
      case 'remove-files':
        return this.#launcher.removeFiles(session)
      case 'deliver-callback':
        return this.#tellCallback(session, effect)
    }
  }
}

function timerOf(process: Process) {
  let timer: Timer | undefined
  const clear = () => {
    if (timer !== undefined) timer.cancelled = true
    timer = undefined
  }
  return {
    clear,
    set: (at: number, callback: () => void) => {
      clear()
      timer = process.after(Math.max(0, at - process.stage.wall), callback)
    },
  }
}
