/**
 * Which of many files and folders look otherwise than they did: none is opened.
 *
 * Owns: sharing that work with a second thread, where there are many. Each takes the next few names that nobody has looked
 * at, so neither waits for one that the system is slow to run, and all is done alone where there is no other.
 */
import { Worker } from 'node:worker_threads'
import type { Name } from '../tree/name.ts'
import { breather } from './breather.ts'
import { type Glanced, glanceAt, glancesAtOnce, layOut, note } from './glance-part.ts'
import { pathOf } from './path-of.ts'
import type { Outside } from './reading.ts'

/** A thread takes as long to begin as a look at so many, and some megabytes: below, one alone is quick enough. */
const threadNamesMin = 2500

export interface Expected {
  readonly name: Name
  /** `undefined`: whatever it looks like, it is told. */
  readonly outside: Outside | undefined
}

export class Glance {
  readonly #workspace: string
  readonly #threadNamesMin: number
  #names: readonly Name[] = []
  #places: ReadonlyMap<Name, number> = new Map()
  #work: Glanced = layOut([])
  #thread: Worker | undefined
  #isClosed = false
  /** Called when the other thread has found nothing left to take, or ended. */
  #heard: () => void = () => undefined

  constructor(workspace: string, options: { readonly threadNamesMin?: number } = {}) {
    this.#workspace = workspace
    this.#threadNamesMin = options.threadNamesMin ?? threadNamesMin
  }

  /** How all of them look. What was expected before is forgotten. */
  async expect(expected: readonly Expected[]): Promise<void> {
    const breathe = breather(glancesAtOnce)
    const paths: (string | Uint8Array)[] = []
    for (const { name } of expected) {
      paths.push(pathOf(this.#workspace, name))
      await breathe()
    }
    this.#names = expected.map(({ name }) => name)
    this.#places = new Map(this.#names.map((name, place) => [name, place]))
    this.#work = layOut(paths)
    for (const [place, { outside }] of expected.entries()) note(this.#work, place, outside)
    if (paths.length < this.#threadNamesMin) return this.#end()
    this.#thread ??= this.#begin()
    this.#thread?.postMessage(this.#work)
  }

  /** One of them looks otherwise from now on. */
  renew({ name, outside }: Expected): void {
    const place = this.#places.get(name)
    if (place !== undefined) note(this.#work, place, outside)
  }

  /** Those that look otherwise, or are not there, or may not be looked at; in the order they were expected. */
  async otherwise(): Promise<readonly Name[]> {
    const work = this.#work
    this.#open(work)
    await this.#takePart(work)
    this.#thread?.ref()
    while (!isDone(work) && this.#thread !== undefined) await this.#word()
    this.#thread?.unref()
    if (!isDone(work)) {
      // The other ended in the middle of it.
      this.#open(work)
      await this.#takePart(work)
    }
    return this.#names.filter((_, place) => work.other[place] === 1)
  }

  close(): void {
    this.#isClosed = true
    this.#end()
  }

  #open(work: Glanced): void {
    Atomics.store(work.counts, 1, 0)
    Atomics.store(work.counts, 0, 0)
    this.#thread?.postMessage('glance')
  }

  async #takePart(work: Glanced): Promise<void> {
    const breathe = breather()
    while (glanceAt(work)) await breathe()
  }

  #word(): Promise<void> {
    return new Promise((done) => {
      this.#heard = done
    })
  }

  #begin(): Worker | undefined {
    if (this.#isClosed) return undefined
    const thread = new Worker(new URL('glance-thread.ts', import.meta.url), {
      // It shall not take what the person's files have no use for.
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 256 },
    })
    const ended = () => {
      if (this.#thread === thread) this.#thread = undefined
      this.#heard()
    }
    thread.on('message', () => this.#heard())
    thread.on('error', ended)
    thread.on('exit', ended)
    thread.unref()
    return thread
  }

  #end(): void {
    void this.#thread?.terminate()
    this.#thread = undefined
    this.#heard()
  }
}

function isDone({ paths, counts }: Glanced): boolean {
  return Atomics.load(counts, 1) >= paths.length
}
