/** The stage of the contract suite: a host with a counter actor, where the test turns the loop and moves the clock. */
import { createHost, type Host } from './host.ts'
import type { ActorWrite, Storage } from './storage.ts'
import {
  counter,
  type CounterEffect,
  type CounterInput,
  type CounterReply,
  type CounterState,
} from './toy-counter.ts'
import type { Commit } from './watchers.ts'

export interface SceneOptions {
  readonly storage: Storage
  readonly residentsMax?: number
  readonly now?: number
}

export interface Performed {
  readonly id: string
  readonly word: string
  readonly key: string | undefined
}

export class Scene {
  readonly host: Host<CounterState, CounterInput, CounterReply>
  /** What happened, in order: `effect a hello`, `watch a 3`, `reply a 3`, `actor-stopped a`, `host-stopped`. */
  readonly story: string[] = []
  readonly performed: Performed[] = []
  now: number
  /** How far the wall clock was set. */
  set = 0
  /** When the timer rings; `undefined` when it is clear. */
  timerAt: number | undefined
  stopReason: Error | undefined
  #ring: () => void = () => {}
  #turns: (() => void)[] = []

  constructor({ storage, residentsMax, now = 1_000_000 }: SceneOptions) {
    this.now = now
    this.host = createHost({
      actor: counter,
      storage,
      clock: () => this.now + this.set,
      steady: () => this.now,
      soon: (callback) => this.#turns.push(callback),
      timer: {
        set: (at, callback) => {
          this.timerAt = at
          this.#ring = callback
        },
        clear: () => {
          this.timerAt = undefined
        },
      },
      perform: (id, effect, must) => this.#perform(id, effect, must?.key),
      onActorStopped: (id) => this.story.push(`actor-stopped ${id}`),
      onStop: (error) => {
        this.stopReason = error
        this.story.push('host-stopped')
      },
      ...(residentsMax === undefined ? {} : { residentsMax }),
    })
  }

  /** Submits without turning the loop; the reply goes into the story. */
  submit(id: string, input: CounterInput): Promise<CounterReply> {
    const reply = this.host.submit(id, input)
    reply.then(
      ({ total }) => this.story.push(`reply ${id} ${total}`),
      () => this.story.push(`reject ${id}`),
    )
    return reply
  }

  watch(id: string): () => void {
    return this.host.watch(id, (commit) => this.story.push(`watch ${id} ${seen(commit)}`))
  }

  /** One input and its answer. */
  async ask(id: string, input: CounterInput): Promise<CounterReply> {
    const [reply] = await Promise.all([this.submit(id, input), this.turn()])
    return reply
  }

  /** Several inputs in one tick. */
  async askAll(
    asked: readonly (readonly [string, CounterInput])[],
  ): Promise<PromiseSettledResult<CounterReply>[]> {
    const replies = asked.map(([id, input]) => this.submit(id, input))
    await this.turn()
    return Promise.allSettled(replies)
  }

  /** Runs what waits for the next turn of the loop, and lets promises settle. */
  async turn(): Promise<void> {
    const turns = this.#turns
    this.#turns = []
    for (const callback of turns) callback()
    for (let settled = 0; settled < 5; settled += 1) await Promise.resolve()
  }

  /** Moves the clock and rings the timer as often as it is due, at most `ringsMax` times. */
  async advance(ms: number, ringsMax = 100): Promise<number> {
    this.now += ms
    let rings = 0
    while (this.timerAt !== undefined && this.timerAt <= this.now + this.set && rings < ringsMax) {
      rings += 1
      this.timerAt = undefined
      this.#ring()
      await this.turn()
    }
    return rings
  }

  /** The texts of all logged entries after a number. */
  entries(id: string, after = 0): LoggedEntry[] {
    const entries: LoggedEntry[] = []
    for (const { text } of this.host.log(id, after, Number.MAX_SAFE_INTEGER)) {
      entries.push(...JSON.parse(`[${text}]`))
    }
    return entries
  }

  #perform(id: string, { word }: CounterEffect, key: string | undefined): void {
    this.performed.push({ id, word, key })
    this.story.push(`effect ${id} ${word}`)
  }
}

export interface LoggedEntry {
  readonly seq: number
  readonly amount: number
  readonly text: string
}

function seen({ segment, wiped }: Commit<CounterState>): string {
  const range = segment === undefined ? '-' : `${segment.first}..${segment.last}`
  return wiped ? `wiped ${range}` : range
}

export interface CommitHooks {
  /** Called with the number of the commit, from 1. A hook that throws is a store that fails. */
  readonly before?: (number: number, writes: readonly ActorWrite[]) => void
  readonly after?: (number: number) => void
}

/** The storage, with somebody in front of its commits. */
export function hookStorage(storage: Storage, hooks: CommitHooks): Storage {
  let commits = 0
  return {
    commit: (writes) => {
      commits += 1
      hooks.before?.(commits, writes)
      storage.commit(writes)
      hooks.after?.(commits)
    },
    load: (id) => storage.load(id),
    has: (id) => storage.has(id),
    row: (id, key) => storage.row(id, key),
    segments: (id, after, bytesMax) => storage.segments(id, after, bytesMax),
    first: (id) => storage.first(id),
    alarms: (limit) => storage.alarms(limit),
    outbox: () => storage.outbox(),
    list: (options) => storage.list(options),
    count: () => storage.count(),
    ids: () => storage.ids(),
    close: () => storage.close(),
  }
}

/** A place where a storage lives. */
export interface HostWorld {
  /** Opens the storage as it was left. */
  open(): Storage
  /** The process that has the storage open dies now; the next `open` finds what it left on the disk. */
  kill(): void
  /** Removes the place. */
  end(): void
}

/** What each test of the suite is given. */
export interface Stage {
  readonly world: HostWorld
}

export function add(amount = 1, text = ''): CounterInput {
  return { type: 'add', amount, text }
}

/** Asks one actor for the same several times. */
export function times(count: number, id: string, input: CounterInput): [string, CounterInput][] {
  return Array.from({ length: count }, () => [id, input])
}

export function start(world: HostWorld, options: Omit<SceneOptions, 'storage'> = {}): Scene {
  const scene = new Scene({ ...options, storage: world.open() })
  scene.host.start()
  return scene
}

export interface Recording {
  readonly scene: Scene
  readonly commits: (readonly ActorWrite[])[]
}

/** A scene that keeps what it commits. */
export function startRecording(world: HostWorld): Recording {
  const commits: (readonly ActorWrite[])[] = []
  const storage = hookStorage(world.open(), { before: (_, writes) => commits.push(writes) })
  const scene = new Scene({ storage })
  scene.host.start()
  return { scene, commits }
}

export function restart(world: HostWorld, scene: Scene): Scene {
  scene.host.stop()
  return start(world, { now: scene.now })
}
