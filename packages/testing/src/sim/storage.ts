/**
 * The server's disk: a `Storage` that keeps what was committed, over the deaths of the processes that open it.
 *
 * A commit may be the last thing a process does, with or without the commit on the disk; nobody knows which, least of
 * all the host that waited for it.
 */
import {
  type ActorWrite,
  type AlarmRow,
  type Head,
  type ListOptions,
  type OutboxRow,
  type Segment,
  type Storage,
  StoreRefusal,
  type StoredActor,
  type SummaryRow,
} from '@belay/host'
import type { Process } from './process.ts'
import type { Stage } from './stage.ts'

interface Stored {
  readonly id: string
  head: Head
  readonly parts: Map<string, string>
  readonly rows: Map<string, string>
  readonly outbox: Map<string, { readonly order: number; readonly effect: string }>
  segments: Segment[]
}

export interface DiskOptions {
  readonly stage: Stage
  /** Sees every commit that is on the disk, in order, before anybody else hears of it. */
  readonly onCommitted: (writes: readonly ActorWrite[]) => void
  /** Milliseconds until a commit would outlive the power; a real store waits for that itself, so 0. */
  readonly syncAfterMs: number
  /** It says that it has written what it has not. */
  readonly lies?: boolean
}

export class Disk {
  readonly #options: DiskOptions
  #actors = new Map<string, Stored>()
  #orders = 0
  /** The next commit fails like this. */
  failure: 'before' | 'after' | undefined
  /** Nothing fits any more. */
  full = false
  /** Commits that the power would take, oldest first. Kept only when `syncAfterMs` is above 0. */
  #history: (readonly ActorWrite[])[] = []
  #syncedUpTo = 0

  constructor(options: DiskOptions) {
    this.#options = options
  }

  /** The disk as one process sees it. */
  open(process: Process): Storage {
    const actors = () => this.#actors
    return {
      commit: (writes) => this.#commit(process, writes),
      load: (id) => load(actors().get(id)),
      has: (id) => actors().has(id),
      row: (id, key) => actors().get(id)?.rows.get(key),
      segments: (id, after, bytesMax) => segments(actors().get(id), after, bytesMax),
      first: (id) => actors().get(id)?.segments[0]?.first,
      alarms: (limit) => alarms(actors().values(), limit),
      outbox: () => outbox(actors().values()),
      list: (options) => list([...actors().values()], options),
      count: () => [...actors().values()].filter(({ head }) => head.summary !== undefined).length,
      ids: () => [...actors().keys()],
      close: () => {},
    }
  }

  row(id: string, key: string): string | undefined {
    return this.#actors.get(id)?.rows.get(key)
  }

  /** The stored log of one session, for whoever compares. */
  texts(id: string): string {
    return (this.#actors.get(id)?.segments ?? []).map(({ text }) => text).join(',')
  }

  ids(): readonly string[] {
    return [...this.#actors.keys()]
  }

  outboxOf(id: string): readonly string[] {
    return [...(this.#actors.get(id)?.outbox.keys() ?? [])]
  }

  part(id: string, name: string): string | undefined {
    return this.#actors.get(id)?.parts.get(name)
  }

  /** The power fails: commits that were not synced are gone. */
  cut(): void {
    if (this.#options.syncAfterMs === 0) return
    const kept = this.#history.slice(0, this.#syncedUpTo)
    this.#history = kept
    this.#actors = new Map()
    for (const writes of kept) for (const write of writes) this.#write(write)
  }

  #commit(process: Process, writes: readonly ActorWrite[]): void {
    if (this.full) {
      this.#options.stage.fire('disk-full')
      if (this.#options.lies === true) return
      throw new StoreRefusal('full', 'The disk is full, so nothing of this was written.', undefined)
    }
    const failure = this.failure
    if (failure !== undefined) {
      this.failure = undefined
      this.#options.stage.fire('commit-fails')
    }
    if (!process.point() || failure === 'before') throw new Error('the disk did not answer')
    for (const write of writes) this.#write(write)
    this.#keepHistory(writes)
    this.#options.onCommitted(writes)
    if (failure === 'after') throw new Error('the disk did not answer')
    process.point()
  }

  #keepHistory(writes: readonly ActorWrite[]): void {
    const { stage, syncAfterMs } = this.#options
    if (syncAfterMs === 0) return
    this.#history.push(writes)
    const count = this.#history.length
    stage.timeline.after(syncAfterMs, () => {
      this.#syncedUpTo = Math.min(Math.max(this.#syncedUpTo, count), this.#history.length)
    })
  }

  #write(write: ActorWrite): void {
    const actor = this.#actorFor(write)
    if (write.head !== undefined) actor.head = write.head
    if (write.wipe) {
      actor.segments = []
      actor.rows.clear()
    }
    const { trim } = write
    if (trim !== undefined) actor.segments = actor.segments.filter(({ last }) => last > trim)
    for (const { name, json } of write.parts) {
      if (json === undefined) actor.parts.delete(name)
      else actor.parts.set(name, json)
    }
    actor.segments.push(...write.segments)
    for (const { key, value } of write.rows) {
      if (value === undefined) actor.rows.delete(key)
      else actor.rows.set(key, value)
    }
    for (const key of write.settle) actor.outbox.delete(key)
    for (const { key, effect } of write.must) {
      this.#orders += 1
      actor.outbox.set(key, { order: actor.outbox.get(key)?.order ?? this.#orders, effect })
    }
  }

  #actorFor({ id, head }: ActorWrite): Stored {
    const known = this.#actors.get(id)
    if (known !== undefined) return known
    if (head === undefined) throw new Error(`${id} is written without a head but not stored`)
    const actor: Stored = {
      id,
      head,
      parts: new Map(),
      rows: new Map(),
      outbox: new Map(),
      segments: [],
    }
    this.#actors.set(id, actor)
    return actor
  }
}

function load(actor: Stored | undefined): StoredActor | undefined {
  if (actor === undefined) return undefined
  const last = actor.segments.at(-1)?.last ?? 0
  return { ...actor.head, last: Math.max(actor.head.base, last), parts: new Map(actor.parts) }
}

function segments(actor: Stored | undefined, after: number, bytesMax: number): Segment[] {
  const found: Segment[] = []
  let bytes = 0
  for (const segment of actor?.segments ?? []) {
    if (segment.last <= after) continue
    bytes += segment.text.length
    if (found.length > 0 && bytes > bytesMax) break
    found.push(segment)
  }
  return found
}

function alarms(actors: Iterable<Stored>, limit: number): AlarmRow[] {
  const rows: AlarmRow[] = []
  for (const { id, head } of actors) {
    if (head.alarm !== undefined) rows.push({ id, at: head.alarm })
  }
  return rows.toSorted((left, right) => left.at - right.at).slice(0, limit)
}

function outbox(actors: Iterable<Stored>): OutboxRow[] {
  const rows: (OutboxRow & { readonly order: number })[] = []
  for (const actor of actors) {
    for (const [key, { order, effect }] of actor.outbox)
      rows.push({ id: actor.id, key, effect, order })
  }
  return rows.toSorted((left, right) => left.order - right.order)
}

function list(actors: readonly Stored[], { limit, before }: ListOptions): SummaryRow[] {
  const end = before === undefined ? actors.length : actors.findIndex(({ id }) => id === before)
  return actors
    .slice(0, Math.max(0, end))
    .toReversed()
    .flatMap(({ id, head: { summary } }) => (summary === undefined ? [] : [{ id, summary }]))
    .slice(0, limit)
}
