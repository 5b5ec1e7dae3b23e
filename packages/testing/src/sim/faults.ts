/**
 * Plays the faults of a plan, one after another at drawn times, until the world is to calm down.
 *
 * A fault is counted where it happens, so that a run in which nothing was there to break says so.
 */
import type { FaultKind } from './fault-kinds.ts'
import type { Machine } from './machine.ts'
import type { Connection, Network } from './network.ts'
import type { Plan } from './plan.ts'
import type { PreparationFaults, SimRunner } from './runner.ts'
import type { SimServer } from './server.ts'
import type { Stage } from './stage.ts'
import type { Disk } from './storage.ts'

export interface FaultOptions {
  readonly stage: Stage
  readonly plan: Plan
  readonly network: Network
  readonly machine: Machine
  readonly disk: Disk
  readonly server: () => SimServer
  readonly runners: () => readonly SimRunner[]
  /** Ends everything on the machine at once, and its unsynced bytes. */
  readonly cutPower: () => void
}

const pointsMax = 60

export class Faults {
  readonly #options: FaultOptions
  #calm = false
  readonly #played: Readonly<Partial<Record<FaultKind, () => void>>>

  constructor(options: FaultOptions) {
    this.#options = options
    const { disk, network } = options
    const { random } = options.stage
    network.onOpened = (connection) => this.#holdUp(connection)
    this.#played = {
      delay: () => this.#freeze('delay', 'both', random.integer(100, 14_000)),
      'one-way': () =>
        this.#freeze(
          'one-way',
          random.pick(['toward-answerer', 'toward-dialler']),
          random.integer(5000, 60_000),
        ),
      'half-open': () => this.#freeze('half-open', 'both', Infinity),
      duplicate: () => this.#repeat(),
      reset: () => this.#onConnection('reset', (connection) => connection.reset()),
      partition: () => this.#partition(),
      'server-kill': () => this.#killServer(),
      'server-kill-at-point': () => this.#doomServer(),
      'server-stop': () => this.#stopServer(),
      'commit-fails': () => {
        disk.failure = random.pick(['before', 'after'])
      },
      'disk-full': () => this.#fillDisk(),
      'clock-jumped': () => this.#setClock(),
      'power-loss': () => this.#cutPower(),
      'runner-kill': () => this.#killRunner(),
      'runner-kill-at-point': () => this.#doomRunner(),
      'throw-in-listener': () => this.#throw(),
      'agent-kill': () => this.#killAgent(),
    }
  }

  begin(): void {
    const { stage, plan } = this.#options
    stage.timeline.after(stage.random.integer(0, plan.faultMsMax), () => {
      if (this.#calm) return
      const kinds = [...plan.faults].filter((kind) => this.#played[kind] !== undefined)
      if (kinds.length > 0) this.#play(stage.random.pick(kinds))
      this.begin()
    })
  }

  calmDown(): void {
    this.#calm = true
    this.#options.network.heal()
    this.#options.disk.failure = undefined
    this.#options.disk.full = false
    this.#options.server().process.doomedIn = undefined
    for (const runner of this.#options.runners()) runner.process.doomedIn = undefined
  }

  /** Whether a call is repeated by the network. */
  repeats(): boolean {
    return this.#has('duplicate') && this.#options.stage.random.chance(0.1)
  }

  /** Whether the system refuses what the launcher asks of it. */
  refuses(): boolean {
    const { stage } = this.#options
    if (!this.#has('effect-refused') || stage.random.chance(0.6)) return false
    stage.fire('effect-refused')
    return true
  }

  /** What becomes of one attempt to tell a callback. */
  callback(): 'heard' | 'unanswered' | 'unreachable' {
    const { stage } = this.#options
    if (!this.#has('callback-fails') || stage.random.chance(0.6)) return 'heard'
    stage.fire('callback-fails')
    return stage.random.pick(['unanswered', 'unreachable'])
  }

  preparation(): PreparationFaults {
    return {
      workspace: this.#preparing('workspace-fails', 'workspace-hangs'),
      agent: this.#preparing('agent-start-fails', 'agent-start-hangs'),
      saves: this.#saving(),
    }
  }

  #saving(): 'works' | 'fails' {
    const { stage } = this.#options
    if (!this.#has('checkpoint-fails') || stage.random.chance(0.7)) return 'works'
    stage.fire('checkpoint-fails')
    return 'fails'
  }

  /** What becomes of a runner that is started now. */
  start(): 'works' | 'fails' | 'hangs' {
    return this.#preparing('runner-start-fails', 'runner-start-hangs')
  }

  #preparing(fails: FaultKind, hangs: FaultKind): 'works' | 'fails' | 'hangs' {
    const { random } = this.#options.stage
    if (this.#has(fails) && random.chance(0.2)) return 'fails'
    return this.#has(hangs) && random.chance(0.15) ? 'hangs' : 'works'
  }

  #has(kind: FaultKind): boolean {
    return !this.#calm && this.#options.plan.faults.has(kind)
  }

  #play(kind: FaultKind): void {
    this.#options.stage.say('FAULT', () => kind)
    this.#played[kind]?.()
  }

  /** A frame of a runner's channel comes twice: its numbers say so. A viewer's stream has only its order. */
  #repeat(): void {
    const { network, stage } = this.#options
    const channels = [...network.connections].filter(
      ({ open, line }) => open && line.kind === 'runner',
    )
    const [channel] = stage.random.shuffle(channels)
    const socket = stage.random.chance(0.7) ? channel?.dialler : channel?.answerer
    if (socket?.repeat() === true) stage.fire('duplicate')
  }

  /** Holds up a handshake, and what follows it. */
  #holdUp(connection: Connection): void {
    const { stage } = this.#options
    if (!this.#has('delay') || stage.random.chance(0.93)) return
    stage.fire('delay')
    const ways = stage.random.pick(['both', 'toward-answerer', 'toward-dialler'] as const)
    connection.freeze(ways, stage.now + stage.random.integer(10, 40_000))
  }

  #onConnection(kind: FaultKind, act: (connection: Connection) => void): void {
    const { network, stage } = this.#options
    const open = [...network.connections].filter((connection) => connection.open)
    if (open.length === 0) return
    stage.fire(kind)
    act(stage.random.pick(open))
  }

  #freeze(kind: FaultKind, ways: 'both' | 'toward-answerer' | 'toward-dialler', ms: number): void {
    const until = this.#options.stage.now + ms
    this.#onConnection(kind, (connection) => connection.freeze(ways, until))
  }

  #partition(): void {
    const { network, stage } = this.#options
    const { random } = stage
    this.#onConnection('partition', ({ line }) => {
      network.partition(line.who, stage.now + random.integer(1000, 45_000))
    })
  }

  #killServer(): void {
    const { process } = this.#options.server()
    if (!process.alive) return
    this.#options.stage.fire('server-kill')
    process.kill('SIGKILL')
  }

  #doomServer(): void {
    const { stage, server } = this.#options
    const { process } = server()
    process.doomedIn = {
      points: stage.random.integer(1, pointsMax),
      die: () => {
        stage.fire('server-kill-at-point')
        process.kill('SIGKILL')
      },
    }
  }

  #stopServer(): void {
    const server = this.#options.server()
    if (!server.process.alive) return
    this.#options.stage.fire('server-stop')
    server.stop()
  }

  #cutPower(): void {
    if (!this.#options.server().process.alive && this.#alive().length === 0) return
    this.#options.stage.fire('power-loss')
    this.#options.cutPower()
  }

  /** For as long as it takes somebody to make room. */
  #fillDisk(): void {
    const { disk, stage } = this.#options
    if (disk.full) return
    disk.full = true
    stage.timeline.after(stage.random.integer(50, 30_000), () => {
      disk.full = false
    })
  }

  /** A lid was closed, or somebody set the clock. */
  #setClock(): void {
    const { stage } = this.#options
    stage.fire('clock-jumped')
    const by = stage.random.pick([10_000, 90_000, 3_600_000, 86_400_000])
    stage.ahead += stage.random.chance(0.7) ? by : -by
  }

  /** Something of ours throws where it hears the agent. */
  #throw(): void {
    const { stage } = this.#options
    const alive = this.#alive()
    if (alive.length === 0) return
    stage.fire('throw-in-listener')
    stage.random.pick(alive).throw()
  }

  #alive(): readonly SimRunner[] {
    return this.#options.runners().filter(({ process }) => process.alive)
  }

  #killRunner(): void {
    const { stage } = this.#options
    const alive = this.#alive()
    if (alive.length === 0) return
    stage.fire('runner-kill')
    stage.random.pick(alive).process.kill('SIGKILL')
  }

  #doomRunner(): void {
    const { stage } = this.#options
    const alive = this.#alive()
    if (alive.length === 0) return
    const { process } = stage.random.pick(alive)
    process.doomedIn = {
      points: stage.random.integer(1, pointsMax / 3),
      die: () => {
        stage.fire('runner-kill-at-point')
        process.kill('SIGKILL')
      },
    }
  }

  #killAgent(): void {
    const { machine, stage } = this.#options
    const alive = [...machine.agents]
    if (alive.length === 0) return
    stage.fire('agent-kill')
    stage.random.pick(alive).process.kill('SIGKILL')
  }
}
