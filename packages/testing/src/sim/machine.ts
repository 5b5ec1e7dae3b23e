/**
 * The machine that server, runners and agents share: the folders on its disk, and the agents that live on it.
 *
 * What a process has written outlives the process. What was not synced does not outlive the machine's power: a part of
 * it is there afterwards, cut off anywhere.
 */
import type { Process } from './process.ts'
import type { Stage } from './stage.ts'

/** One file that only grows. */
export class GrowingFile {
  #text = ''
  #synced = 0

  get text(): string {
    return this.#text
  }

  append(text: string): void {
    this.#text += text
  }

  sync(): void {
    this.#synced = this.#text.length
  }

  /** The power fails. @returns whether anything was lost */
  cut(stage: Stage): boolean {
    const kept = stage.random.integer(this.#synced, this.#text.length)
    const lost = kept < this.#text.length
    if (lost && this.#text[kept - 1] !== '\n') stage.fire('torn-tail')
    this.#text = this.#text.slice(0, kept)
    this.#synced = kept
    return lost
  }
}

export interface LockHolder {
  readonly process: Process
  readonly generation: number
}

/** `runners/<session>/` and what belongs to it. */
export interface Folder {
  /** Held by a process that lives; the kernel lets it go with its holder. */
  lock: LockHolder | undefined
  readonly spools: Map<number, GrowingFile>
}

/** An agent as its machine sees it. */
export interface Inhabitant {
  readonly session: string
  readonly generation: number
  readonly process: Process
}

export class Machine {
  readonly stage: Stage
  readonly folders = new Map<string, Folder>()
  readonly agents = new Set<Inhabitant>()
  /** What runners wrote before a fault of their own ended them, by `session/generation`. */
  readonly lastWords = new Map<string, string>()

  constructor(stage: Stage) {
    this.stage = stage
  }

  folder(session: string): Folder {
    let folder = this.folders.get(session)
    if (folder === undefined) {
      folder = { lock: undefined, spools: new Map() }
      this.folders.set(session, folder)
    }
    return folder
  }

  lockOwner(session: string): LockHolder | undefined {
    const lock = this.folders.get(session)?.lock
    return lock?.process.alive === true ? lock : undefined
  }

  /** @returns whether the lock is ours now */
  takeLock(session: string, holder: LockHolder): boolean {
    if (this.lockOwner(session) !== undefined) return false
    this.folder(session).lock = holder
    return true
  }

  house(agent: Inhabitant): void {
    this.agents.add(agent)
    agent.process.onExit(() => this.agents.delete(agent))
  }

  /** Ends every agent of a session, up to a generation if one is given. */
  sweep(session: string, generation = Infinity): void {
    for (const agent of this.agents) {
      if (agent.session === session && agent.generation <= generation) agent.process.kill('SIGKILL')
    }
  }

  agentsOf(session: string): readonly Inhabitant[] {
    return [...this.agents].filter((agent) => agent.session === session)
  }

  /** The power fails under every file. */
  cut(): void {
    for (const folder of this.folders.values()) {
      for (const spool of folder.spools.values()) spool.cut(this.stage)
    }
  }
}
