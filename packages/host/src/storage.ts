/**
 * What a host needs of a disk: a synchronous store with one kind of write, the commit.
 *
 * Owns: the words between the host and a store. Its neighbours in `node/` and elsewhere own files and statements.
 *
 * A store promises:
 * - `commit` is atomic and durable: when it returns, all writes survive the death of process and machine.
 * - When `commit` throws a `StoreRefusal`, it wrote nothing and may be asked again. When it throws anything else, nobody
 *   knows what the disk holds, so the store must not be used again.
 * - Everything else only reads what was committed.
 */
import type { Row } from '@belay/actor'
import type { Segment } from './segment.ts'

/** What is stored of every actor and found without reading its parts. */
export interface Head {
  /** Milliseconds since the epoch; at or after it the actor gets its alarm input. */
  readonly alarm: number | undefined
  /** JSON; `undefined` keeps the actor out of lists. */
  readonly summary: string | undefined
  /** The last number that a wipe or a trim removed from the log; 0 when nothing was. */
  readonly base: number
}

/** A stored actor without its log and rows. */
export interface StoredActor extends Head {
  /** The number of its last log entry, wiped ones included; 0 when there was none. */
  readonly last: number
  /** JSON by the name of the part. */
  readonly parts: ReadonlyMap<string, string>
}

/** A part to write; `undefined` removes it. */
export interface PartWrite {
  readonly name: string
  readonly json: string | undefined
}

export interface OutboxWrite {
  readonly key: string
  /** JSON. */
  readonly effect: string
}

/** Everything one commit changes of one actor, applied in the order of these fields. */
export interface ActorWrite {
  readonly id: string
  /** Written when the actor is new or one of these changed. */
  readonly head: Head | undefined
  /** Remove all segments and rows. */
  readonly wipe: boolean
  /** Remove the segments that end at this number or before it. */
  readonly trim: number | undefined
  readonly parts: readonly PartWrite[]
  readonly segments: readonly Segment[]
  readonly rows: readonly Row[]
  /** Outbox keys to remove. */
  readonly settle: readonly string[]
  /** Outbox effects to add, or to replace under their key. */
  readonly must: readonly OutboxWrite[]
}

export interface AlarmRow {
  readonly id: string
  readonly at: number
}

export interface SummaryRow {
  readonly id: string
  readonly summary: string
}

export interface OutboxRow extends OutboxWrite {
  readonly id: string
}

export interface ListOptions {
  readonly limit: number
  /** The id of the last actor of the page before. */
  readonly before?: string
}

export interface Storage {
  commit(writes: readonly ActorWrite[]): void
  load(id: string): StoredActor | undefined
  has(id: string): boolean
  row(id: string, key: string): string | undefined
  /** The segments that hold numbers above `after`, in order, about `bytesMax` of them but at least one if any. */
  segments(id: string, after: number, bytesMax: number): Segment[]
  /** The number of the first log entry that is stored; `undefined` when none is. */
  first(id: string): number | undefined
  /** The earliest alarms, in order. */
  alarms(limit: number): AlarmRow[]
  /** All outbox effects, oldest first. */
  outbox(): OutboxRow[]
  /** Actors with a summary, newest created first. */
  list(options: ListOptions): SummaryRow[]
  /** How many actors have a summary. */
  count(): number
  /** All stored actors, oldest created first. */
  ids(): Iterable<string>
  close(): void
}
