/**
 * One tick up to its commit: inputs become works, works become writes.
 *
 * Owns: what is decided in a tick and by whom it was asked. Nothing here is visible outside; `host.ts` commits it and
 * lets it out.
 */
import type { Actor, Parts, Step } from '@belay/actor'
import type { Residents } from './residents.ts'
import type { Storage } from './storage.ts'
import { beginWork, findRow, type Sealed, sealWork, takeStep, type Work } from './work.ts'

/** One input that waits for its tick. */
export interface Job<Input, Reply> {
  readonly id: string
  readonly input: Input
  /** Whether this is the alarm input, sent by the host itself. */
  readonly rings: boolean
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** One actor in a tick. */
export interface Opened<State, Effect> {
  readonly work: Work<State, Effect>
  sealed: Sealed | undefined
  /** Its whole tick could not be made a write, so nothing of it is committed. */
  lost: Error | undefined
}

export interface Tick<State, Input, Effect, Reply> {
  readonly now: number
  readonly opened: Map<string, Opened<State, Effect>>
  readonly answered: Answered<State, Input, Effect, Reply>[]
  readonly refused: { readonly job: Job<Input, Reply>; readonly error: Error }[]
  readonly effects: Decided<State, Effect>[]
}

interface Answered<State, Input, Effect, Reply> {
  readonly job: Job<Input, Reply>
  readonly opened: Opened<State, Effect>
  readonly reply: Reply
}

interface Decided<State, Effect> {
  readonly opened: Opened<State, Effect>
  readonly effect: Effect
  /** Of an outbox effect. */
  readonly key: string | undefined
}

export interface World<State extends Parts, Input, Effect, Reply> {
  readonly actor: Actor<State, Input, Effect, Reply>
  readonly storage: Storage
  readonly residents: Residents<State, Input, Effect, Reply>
}

/** Runs the transitions of all jobs in order. @throws only when the store fails */
export function runTick<State extends Parts, Input, Effect, Reply>(
  world: World<State, Input, Effect, Reply>,
  jobs: readonly Job<Input, Reply>[],
  now: number,
): Tick<State, Input, Effect, Reply> {
  const tick: Tick<State, Input, Effect, Reply> = {
    now,
    opened: new Map(),
    answered: [],
    refused: [],
    effects: [],
  }
  for (const job of jobs) {
    const stoppedBy = world.residents.stoppedBy(job.id)
    const error = stoppedBy === undefined ? runJob(world, tick, job) : refusal(job.id, stoppedBy)
    if (error !== undefined) tick.refused.push({ job, error })
  }
  for (const [id, opened] of tick.opened) seal(world, opened, { id, now })
  return tick
}

function refusal(id: string, stoppedBy: Error): Error {
  return new Error(`${id} is stopped because of a bug: ${stoppedBy.message}`, { cause: stoppedBy })
}

/** @returns why there is no answer */
function runJob<State extends Parts, Input, Effect, Reply>(
  world: World<State, Input, Effect, Reply>,
  tick: Tick<State, Input, Effect, Reply>,
  job: Job<Input, Reply>,
): Error | undefined {
  const opened = openActor(world, tick, job.id)
  if (opened instanceof Error) return opened
  const found = findRows(world, opened, job)
  if (found instanceof Error) return found
  const { work } = opened
  let step: Step<State, Effect, Reply>
  try {
    const context = { now: tick.now, id: job.id, found }
    step = world.actor.transition(work.state, job.input, context)
    takeStep(work, step)
  } catch (error) {
    return world.residents.stop(job.id, error)
  }
  if (job.rings) work.rang = true
  for (const effect of step.effects ?? []) tick.effects.push({ opened, effect, key: undefined })
  for (const { key, effect } of step.must ?? []) tick.effects.push({ opened, effect, key })
  tick.answered.push({ job, opened, reply: step.reply })
  return undefined
}

function openActor<State extends Parts, Input, Effect, Reply>(
  world: World<State, Input, Effect, Reply>,
  tick: Tick<State, Input, Effect, Reply>,
  id: string,
): Opened<State, Effect> | Error {
  const open = tick.opened.get(id)
  if (open !== undefined) return open
  const resident = world.residents.open(id)
  if (resident instanceof Error) return resident
  const opened = { work: beginWork<State, Effect>(resident), sealed: undefined, lost: undefined }
  tick.opened.set(id, opened)
  return opened
}

const noRows: ReadonlyMap<string, string> = new Map()

/** The rows an input asks for. A store that fails is not the actor's fault, so only `lookups` is caught. */
function findRows<State extends Parts, Input, Effect, Reply>(
  world: World<State, Input, Effect, Reply>,
  opened: Opened<State, Effect>,
  job: Job<Input, Reply>,
): ReadonlyMap<string, string> | Error {
  let keys: readonly string[]
  try {
    keys = world.actor.lookups(job.input)
  } catch (error) {
    return world.residents.stop(job.id, error)
  }
  if (keys.length === 0) return noRows
  const found = new Map<string, string>()
  for (const key of keys) {
    const value = findRow(opened.work, world.storage, key)
    if (value !== undefined) found.set(key, value)
  }
  return found
}

function seal<State extends Parts, Input, Effect, Reply>(
  world: World<State, Input, Effect, Reply>,
  opened: Opened<State, Effect>,
  at: { readonly id: string; readonly now: number },
): void {
  try {
    opened.sealed = sealWork(world.actor, opened.work, at.now)
  } catch (error) {
    opened.lost = world.residents.stop(at.id, error)
  }
}
