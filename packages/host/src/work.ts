/**
 * One actor in memory, and what the transitions of one tick decided for it before any of it is committed.
 *
 * Owns: merging the steps of a tick into one write. Its neighbour `host.ts` owns when that is committed.
 *
 * Invariants:
 * - H-8 A step is taken whole or not at all.
 * - H-9 Only parts that are another object than before are written.
 * - H-12 The numbers of a log are dense, over wipes too.
 */
import { assert, type Actor, type Entry, type Parts, type Step } from '@belay/actor'
import { alarmToStore } from './alarm.ts'
import { joinEntries, type Segment } from './segment.ts'
import type { ActorWrite, Head, PartWrite, Storage, StoredActor } from './storage.ts'

/** One actor as it is committed. */
export interface Resident<State> {
  readonly id: string
  /** `undefined` while nothing of it is stored. */
  head: Head | undefined
  state: State
  /** The number of the last log entry. */
  last: number
}

/** What a tick has decided for one actor. */
export interface Work<State, Effect> {
  readonly resident: Resident<State>
  state: State
  /** Whether the alarm input was among the inputs. */
  rang: boolean
  wiped: boolean
  /** The last number that is removed from the beginning of the log; 0 for none. */
  trimmed: number
  /** The number of the last log entry, this tick's included. */
  last: number
  entries: Entry[]
  rows: Map<string, string | undefined>
  readonly settled: Set<string>
  readonly must: Map<string, Effect>
}

/** A write, and what memory becomes once it is committed. */
export interface Sealed {
  readonly write: ActorWrite
  readonly head: Head
  readonly segments: readonly Segment[]
  readonly summaryChanged: boolean
}

/** What is stored of an actor, decoded. @throws when the actor cannot read its parts */
export function residentOf<State extends Parts, Input, Effect, Reply>(
  actor: Actor<State, Input, Effect, Reply>,
  id: string,
  stored: StoredActor | undefined,
): Resident<State> {
  if (stored === undefined) return { id, head: undefined, state: actor.initial(id), last: 0 }
  const { alarm, summary, base, last } = stored
  const parts: Record<string, unknown> = {}
  for (const [name, json] of stored.parts) parts[name] = JSON.parse(json)
  return { id, head: { alarm, summary, base }, state: actor.parse(id, parts), last }
}

export function beginWork<State, Effect>(resident: Resident<State>): Work<State, Effect> {
  return {
    resident,
    state: resident.state,
    rang: false,
    wiped: false,
    trimmed: 0,
    last: resident.last,
    entries: [],
    rows: new Map(),
    settled: new Set(),
    must: new Map(),
  }
}

/** The row as it is after the steps taken so far. */
export function findRow<State, Effect>(
  work: Work<State, Effect>,
  storage: Storage,
  key: string,
): string | undefined {
  if (work.rows.has(key)) return work.rows.get(key)
  if (work.wiped || work.resident.head === undefined) return undefined
  return storage.row(work.resident.id, key)
}

/** Takes a step over. @throws before anything was taken when its entries are not dense */
export function takeStep<State, Effect, Reply>(
  work: Work<State, Effect>,
  step: Step<State, Effect, Reply>,
): void {
  const entries = step.append ?? []
  for (const [index, entry] of entries.entries()) {
    const expected = work.last + 1 + index
    assert(
      entry.seq === expected,
      `${work.resident.id} appended ${entry.seq} where ${expected} is next`,
    )
  }
  const { trim = 0 } = step
  assert(
    trim <= work.resident.last,
    `${work.resident.id} trimmed its log up to ${trim}, and ${work.resident.last} is stored`,
  )
  work.state = step.state
  work.trimmed = Math.max(work.trimmed, trim)
  if (step.wipe === true) {
    work.wiped = true
    work.entries = []
    work.rows = new Map()
  }
  for (const entry of entries) work.entries.push(entry)
  work.last += entries.length
  for (const row of step.rows ?? []) work.rows.set(row.key, row.value)
  for (const key of step.settle ?? []) {
    work.settled.add(key)
    work.must.delete(key)
  }
  for (const { key, effect } of step.must ?? []) work.must.set(key, effect)
}

/**
 * Turns the work into one write; `undefined` when there is nothing to write.
 * @throws when the actor's alarm or summary throw, or a part or an effect is not JSON
 */
export function sealWork<State extends Parts, Input, Effect, Reply>(
  actor: Actor<State, Input, Effect, Reply>,
  work: Work<State, Effect>,
  now: number,
): Sealed | undefined {
  const { resident } = work
  const isNew = resident.head === undefined
  const parts = changedParts(resident, work.state)
  const before = resident.head ?? emptyHead
  const alarmIsDue = !isNew && (work.rang || (before.alarm !== undefined && before.alarm <= now))
  const touched = parts.length > 0 || holdsMore(work, isNew)
  if (!touched && !alarmIsDue) return undefined
  const { alarm: stored, summary } = before
  const head: Head = {
    alarm: alarmToStore({ stored, wanted: actor.nextAlarm(work.state), now, rang: work.rang }),
    summary: parts.length > 0 || isNew ? actor.summary(work.state) : summary,
    base: work.wiped ? work.last - work.entries.length : Math.max(before.base, work.trimmed),
  }
  const summaryChanged = head.summary !== summary
  const headChanged = summaryChanged || head.alarm !== stored || head.base !== before.base
  if (!touched && !headChanged) return undefined
  const segments = joinEntries(work.entries)
  const write: ActorWrite = {
    id: resident.id,
    head: isNew || headChanged ? head : undefined,
    wipe: work.wiped && !isNew,
    trim: work.trimmed === 0 ? undefined : work.trimmed,
    parts: isNew ? allParts(work.state) : parts,
    segments,
    rows: Array.from(work.rows, ([key, value]) => ({ key, value })),
    settle: isNew ? [] : [...work.settled],
    must: Array.from(work.must, ([key, effect]) => ({ key, effect: JSON.stringify(effect) })),
  }
  return { write, head, segments, summaryChanged }
}

const emptyHead: Head = { alarm: undefined, summary: undefined, base: 0 }

/** Whether there is something to write besides parts. There is nothing to wipe or settle of a new actor. */
function holdsMore<State, Effect>(work: Work<State, Effect>, isNew: boolean): boolean {
  if (work.entries.length + work.rows.size + work.must.size > 0) return true
  return !isNew && (work.wiped || work.trimmed > 0 || work.settled.size > 0)
}

/** Makes memory what the commit made the disk. */
export function finishWork<State, Effect>(work: Work<State, Effect>, sealed: Sealed): void {
  const { resident } = work
  resident.head = sealed.head
  resident.state = work.state
  resident.last = work.last
}

function changedParts<State extends Parts>(resident: Resident<State>, state: State): PartWrite[] {
  if (state === resident.state) return []
  const parts: PartWrite[] = []
  for (const name of Object.keys(state)) {
    if (state[name] !== resident.state[name]) {
      parts.push({ name, json: encodePart(state[name]) })
    }
  }
  for (const name of Object.keys(resident.state)) {
    if (!(name in state)) parts.push({ name, json: undefined })
  }
  return parts
}

function allParts(state: Parts): PartWrite[] {
  return Object.keys(state).map((name) => ({ name, json: encodePart(state[name]) }))
}

function encodePart(part: unknown): string | undefined {
  return part === undefined ? undefined : JSON.stringify(part)
}
