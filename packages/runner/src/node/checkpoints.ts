/**
 * Checkpoints of a workspace before and after each turn, and taking back what turns did.
 *
 * Owns: when a checkpoint is made and what is said of it. `look.ts` says what is there, `store.ts` keeps it, `acts.ts` what
 * became of it, `tree/plan.ts` what a restore does, `put-back.ts` does it.
 *
 * Invariants:
 * - R-34 One of these runs at a time, in the order they were asked for.
 * - R-35 Whatever goes wrong here is a sentence that names it; it fails no turn and ends no runner.
 * - R-36 A restore keeps a checkpoint of what is there first.
 * - R-66 What a restore did can be taken back, and that again.
 * - R-37 What a lost clone held (its branch, its own commits, its files) is brought into a fresh one.
 */
import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FinishResult, RestorePlan, StepBounds } from '@belay/protocol'
import type { Restored, Saved } from '../input.ts'
import type { Restore } from '../state.ts'
import { type Act, type Plan, planOf, type Stay, type Step } from '../tree/plan.ts'
import { shown, type Name } from '../tree/name.ts'
import { type Differences, differences, isQuiet } from '../tree/tree.ts'
import { type ActRecord, changesOf, written } from './acts.ts'
import { Beside } from './beside.ts'
import { changesBetween } from './changes.ts'
import { changedFiles } from './changed-files.ts'
import type { Changed } from './commit.ts'
import { Keeper, type Held } from './keeper.ts'
import { TooMuch } from './gathering.ts'
import { spell } from './git.ts'
import { capped, planned, restoreNotes, takenSteps, turnNotes } from './restore-words.ts'
import { Reader, type StoreOptions } from './store.ts'

export interface CheckpointOptions extends StoreOptions {
  readonly bounds: StepBounds
  /** What the workspace was made from: checkpoints of another are set aside. */
  readonly origin: string
  /** Belay's own files: never kept in here, also when they lie inside the workspace. */
  readonly dataFolder: string
  /** Whose folder it is, for those who share it; absent: nobody does. */
  readonly sharing?: { readonly session: string; readonly runnerFolder: string }
}

export interface Moment {
  readonly turn: number
  readonly at: 'before' | 'after'
  /** A runner that closes waits for it. */
  readonly hurried: boolean
}

/** While a runner waits for its own end. Shorter than what a server waits for it. */
const hurriedMs = 2500
/** Time stamps tick more slowly than files are written: what was written just now is looked at again after this. */
const settleMs = 40
const settleTries = 3
/** Another session's restore is waited for, and looked at this often. */
const besideMs = 50
/** Too late this often in a row, and no more is tried until the agent is woken again. */
const latesMax = 2

/** A turn whose end is to come, with what was there before it. */
interface Open {
  readonly act: ActRecord
  readonly before: Held
}

export class Checkpoints {
  readonly #options: CheckpointOptions
  readonly #keeper: Keeper
  readonly #closed = new AbortController()
  #beside: Beside | undefined
  #lane: Promise<unknown> = Promise.resolve()
  #current = new AbortController()
  /** Why no more is tried. */
  #off: string | undefined
  #lates = 0
  #open: Open | undefined
  /** Under which number the turn under way is known to those who share the folder. */
  #shared: number | undefined
  #toldNotes = ''
  #tidying = new AbortController()

  constructor(options: CheckpointOptions) {
    this.#options = options
    this.#keeper = new Keeper(options)
  }

  /** Makes a checkpoint while nobody waits for it, so that the next turn finds it ready. */
  ready(): Promise<void> {
    return this.#next(this.#options.bounds.checkpointMs, async (signal) => {
      if (this.#off !== undefined || this.#open !== undefined) return
      try {
        // What a runner before this one left open is in nobody's way.
        this.#sharing()
        await this.#settle(signal)
      } catch {
        // Nobody asked for it yet: the turn that does is told why it cannot be made.
      }
    })
  }

  /** Makes a checkpoint; after a turn, also says what it changed. */
  save(moment: Moment): Promise<Saved> {
    // What can be put in order at any time gives way to who waits.
    this.#tidying.abort()
    const { checkpointMs, restoreMs } = this.#options.bounds
    const msMax = moment.hurried ? Math.min(hurriedMs, checkpointMs) : checkpointMs
    return moment.at === 'before'
      ? this.#next(checkpointMs + restoreMs, () => this.#before(moment.turn, msMax))
      : this.#next(msMax, (signal) => this.#after(moment.turn, signal)).then((saved) => {
          void this.ready()
          return saved
        })
  }

  /** Says what a restore would do, and does nothing. */
  plan(restore: Restore): Promise<RestorePlan | { readonly message: string }> {
    return this.#next(this.#options.bounds.restoreMs, async (signal) => {
      try {
        const busy = this.#sharing()?.busyWith()
        if (busy !== undefined) return { message: inUse(busy) }
        const { plan, notes } = await this.#plan(restore, signal)
        return planned(restore, plan, notes)
      } catch (error) {
        return { message: this.#sentence(error, signal) }
      }
    })
  }

  /** Takes back what the turns named did. */
  restore(restore: Restore): Promise<Restored | { readonly message: string }> {
    return this.#next(this.#options.bounds.restoreMs, async (signal) => {
      const begun = await this.#beginRestore(signal)
      if (begun !== undefined && 'busy' in begun) return { message: inUse(begun.busy) }
      let names: readonly Name[] | undefined = []
      try {
        const done = await this.#restore(restore, begun?.id, signal)
        names = done.names
        return done.result
      } catch (error) {
        names = undefined
        return { message: this.#sentence(error, signal) }
      } finally {
        if (begun !== undefined) this.#sharing()?.end(begun.id, names)
      }
    })
  }

  /**
   * Commits what the turns of this session changed since its last commit, when nothing else here works on the files.
   * @param run commits just that
   */
  commit(
    run: (changed: readonly Changed[], signal: AbortSignal) => Promise<FinishResult | undefined>,
  ): Promise<FinishResult | undefined> {
    return this.#next(undefined, async (signal) => {
      const last = this.#keeper.acts.all.at(-1)
      if (last?.after === undefined)
        return { warning: 'Nothing was committed: it is not known what the turn changed.' }
      const reader = new Reader(this.#keeper.store, signal)
      try {
        const result = await run(changedFiles(this.#keeper.acts.uncommitted, reader), signal)
        if (result?.commit !== undefined) await this.#keeper.acts.commit(last)
        return result
      } catch (error) {
        return { warning: `Nothing was committed: ${this.#sentence(error, signal)}` }
      } finally {
        await reader.close()
      }
    })
  }

  /** Gives up what is under way, and a turn that was about to begin. */
  stop(): void {
    this.#current.abort()
    void this.#next(undefined, () => this.#dropOpen())
  }

  /** Nothing is begun any more. */
  close(): void {
    this.#closed.abort()
    this.#current.abort()
    this.#keeper.close()
    this.#beside?.close()
    this.#beside = undefined
  }

  /**
   * Brings into a fresh clone what the latest checkpoint holds.
   * @returns whether there was one
   */
  recover(): Promise<boolean> {
    return this.#next(this.#options.bounds.branchMs, async (signal) => {
      try {
        return await this.#keeper.recover(signal)
      } catch {
        // The clone is whole without it; that it was not restored is said.
        return false
      }
    })
  }

  #next<Result>(
    msMax: number | undefined,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const result = this.#lane.then(() => {
      this.#current = new AbortController()
      const signals = [this.#current.signal, this.#closed.signal]
      if (msMax !== undefined) signals.push(AbortSignal.timeout(msMax))
      return run(AbortSignal.any(signals))
    })
    this.#lane = result.catch(() => undefined)
    return result
  }

  async #before(turn: number, msMax: number): Promise<Saved> {
    await this.#dropOpen()
    const stops = [this.#current.signal, this.#closed.signal]
    const shared = await this.#beginTurn(AbortSignal.any(stops))
    this.#shared = shared
    if (this.#off !== undefined) return {}
    const signal = AbortSignal.any([...stops, AbortSignal.timeout(msMax)])
    try {
      await this.#endCut(signal)
      const before = await this.#keeper.now(signal)
      const act = await this.#keeper.acts.begin({
        kind: 'turn',
        turn,
        before: before.kept,
        ...(shared === undefined ? {} : { shared }),
      })
      this.#open = { act, before }
      this.#lates = 0
      return {}
    } catch (error) {
      if (this.#current.signal.aborted || this.#closed.signal.aborted) return {}
      // As far as the disk lets us: the warning tells it in any case.
      await this.#keeper.acts.miss(turn).catch(() => undefined)
      return { warning: this.#unsaved(`before turn ${turn}`, error, signal) }
    }
  }

  /** A turn that was announced and never came: nothing is its doing. */
  async #dropOpen(): Promise<void> {
    if (this.#open !== undefined) await this.#keeper.acts.drop(this.#open.act)
    this.#open = undefined
    this.#endShared([])
  }

  /** @param names what it changed; absent: nobody knows */
  #endShared(names: readonly Name[] | undefined): void {
    if (this.#shared !== undefined) this.#sharing()?.end(this.#shared, names)
    this.#shared = undefined
  }

  /** @returns its number among those who share the folder */
  async #beginTurn(signal: AbortSignal): Promise<number | undefined> {
    const beside = this.#sharing()
    if (beside === undefined) return undefined
    const until = performance.now() + this.#options.bounds.restoreMs
    for (;;) {
      const begun = beside.beginTurn()
      if ('id' in begun) return begun.id
      if (signal.aborted || performance.now() > until) return undefined
      await sleep(besideMs)
    }
  }

  /** Whose turn is over is waited for, as it is about to say what it changed; a turn that runs is not. */
  async #beginRestore(
    signal: AbortSignal,
  ): Promise<ReturnType<Beside['beginRestore']> | undefined> {
    for (;;) {
      const begun = this.#sharing()?.beginRestore()
      if (begun === undefined || 'id' in begun || !begun.isSettling || signal.aborted) return begun
      await sleep(besideMs)
    }
  }

  async #after(turn: number, signal: AbortSignal): Promise<Saved> {
    if (this.#shared !== undefined) this.#sharing()?.settle(this.#shared)
    const open = this.#open
    this.#open = undefined
    if (open === undefined || open.act.turn !== turn) {
      this.#endShared(undefined)
      return { problem: 'there is no checkpoint before it.' }
    }
    let names: readonly Name[] | undefined
    try {
      const after = await this.#keeper.after(open.before, signal)
      const changes = differences(open.before.seen.tree, after.seen.tree)
      names = [...changes.keys()]
      await this.#keeper.acts.end({ ...open.act, after: after.kept, changes: written(changes) })
      return await this.#told(open, after, changes, signal)
    } catch (error) {
      return { problem: this.#sentence(error, signal) }
    } finally {
      this.#endShared(names)
    }
  }

  async #told(
    { act, before }: Open,
    after: Held,
    changes: Differences,
    signal: AbortSignal,
  ): Promise<Saved> {
    const isTold = (name: Name) => !after.seen.ignored.has(name)
    const hidden = [...changes].filter(([name, change]) => !isTold(name) && !isQuiet(change)).length
    const notes = turnNotes(before.seen, after.seen, hidden)
    const left = after.seen.notes.join('\n')
    const all = left === this.#toldNotes ? notes : [...notes, ...after.seen.notes]
    this.#toldNotes = left
    const between = { before: act.before, after: after.kept, differences: changes, isTold }
    const found = await changesBetween(between, this.#keeper.store, signal)
    return { changes: { ...found, ...(all.length === 0 ? {} : { notes: capped(all) }) } }
  }

  /** A turn or restore whose runner died: what is found now is the most that it can have done. */
  async #endCut(signal: AbortSignal): Promise<void> {
    await this.#keeper.open(signal)
    for (const act of this.#keeper.acts.all.filter(({ after }) => after === undefined))
      await this.#keeper.endCut(act, signal)
  }

  async #restore(
    restore: Restore,
    shared: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly Name[]; readonly result: Restored }> {
    const { plan, held, notes } = await this.#plan(restore, signal)
    const taken = takenSteps(plan, restore.take)
    const steps = [...plan.back, ...taken]
    const left = plan.stay.filter(({ step }) => step === undefined || !taken.includes(step))
    if (steps.length === 0) return { names: [], result: resultOf(0, left, notes) }
    const act = await this.#keeper.acts.begin({
      kind: 'restore',
      turn: restore.turn,
      before: held.kept,
      changes: written(changesBy(steps)),
      ...(shared === undefined ? {} : { shared }),
    })
    const { done, filled, stayed } = await this.#keeper.put(steps, `restore-${act.number}`, signal)
    // What was done is done: that it is written down is not given up any more.
    const names = done.map(({ name }) => name)
    const after = await this.#keeper.also(names, AbortSignal.timeout(hurriedMs * 4))
    const gone = [...filled].map(([name, before]) => [name, { before, after: undefined }] as const)
    const changes = new Map([...gone, ...changesBy(done)])
    await this.#keeper.acts.end({ ...act, after: after.kept, changes: written(changes) })
    return {
      names: [...changes.keys()],
      result: resultOf(done.length, [...left, ...stayed], notes),
    }
  }

  async #plan(
    restore: Restore,
    signal: AbortSignal,
  ): Promise<{ readonly plan: Plan; readonly held: Held; readonly notes: readonly string[] }> {
    await this.#endCut(signal)
    const records = this.#toTakeBack(restore)
    const acts = records.map((record) => this.#actOf(record))
    const touched = new Set(acts.flatMap(({ changes }) => [...changes.keys()]))
    const held = await this.#keeper.also([...touched], signal)
    const { tree, unreadable } = held.seen
    const found = planOf(acts, (name) => (unreadable.has(name) ? 'unreadable' : tree.get(name)))
    const plan = withoutIgnored(found, held.seen.ignored)
    return { plan, held, notes: await this.#notes(records, held, signal) }
  }

  async #notes(records: readonly ActRecord[], held: Held, signal: AbortSignal) {
    const [first] = records
    if (first === undefined) return []
    const about = await this.#keeper.about(first.before, signal)
    const missed = this.#keeper.acts.missed
      .filter(({ after }) => after >= first.number)
      .map(({ turn }) => `Turn ${turn} has no checkpoint before it: what it changed stays.`)
    return [...missed, ...restoreNotes(about, held.seen, records)]
  }

  #toTakeBack({ turn, to }: Restore): readonly ActRecord[] {
    const { all } = this.#keeper.acts
    if (to === 'undo') {
      const last = all.findLast(({ kind }) => kind === 'restore')
      if (last === undefined)
        throw new Impossible('It was not put back yet, so there is nothing to undo.')
      return [last]
    }
    const named = all.find((act) => act.kind === 'turn' && act.turn === turn)
    if (named === undefined || (to === 'after' && named.cut))
      throw new Impossible(`There is no checkpoint ${to} turn ${turn}.`)
    const from = to === 'before' ? named.number : named.number + 1
    return all.filter(({ number }) => number >= from)
  }

  #actOf(record: ActRecord): Act {
    const overlaps =
      record.shared === undefined ? [] : (this.#sharing()?.overlaps(record.shared) ?? [])
    return {
      number: record.number,
      changes: changesOf(record),
      doubt: (name) => {
        if (record.cut)
          return {
            why: 'not-kept',
            message: `Belay was ended in the middle of turn ${record.turn}, so it is not sure who changed it.`,
          }
        const other = overlaps.find(({ touched }) => touched(name))
        if (other === undefined) return undefined
        const message = `Session ${other.session} worked in this folder at the same time and changed it too.`
        return { why: 'shared', message }
      },
    }
  }

  /** Looks until nothing is so new that it could change unseen, and puts things in order while nobody waits. */
  async #settle(signal: AbortSignal): Promise<void> {
    await this.#keeper.now(signal)
    for (let tries = 1; tries < settleTries && !this.#keeper.look.isSettled; tries++) {
      await sleep(settleMs, undefined, { signal })
      await this.#keeper.now(signal)
    }
    await this.#keeper.remember()
    this.#tidying = new AbortController()
    await this.#keeper.tidy(AbortSignal.any([signal, this.#tidying.signal]))
    if (!this.#closed.signal.aborted) this.#keeper.getReady()
  }

  #sharing(): Beside | undefined {
    const { sharing, dataFolder, workspace } = this.#options
    if (sharing === undefined || this.#closed.signal.aborted) return undefined
    this.#beside ??= new Beside({ ...sharing, dataFolder, folder: realpathSync(workspace) })
    return this.#beside
  }

  #unsaved(when: string, error: unknown, signal: AbortSignal): string {
    const why = this.#sentence(error, signal)
    if (signal.aborted) this.#lates++
    const isLast = error instanceof TooMuch || this.#lates >= latesMax
    if (!isLast) return `The workspace was not saved ${when}: ${why}`
    this.#off = why
    return `The workspace is not saved ${when}, nor after it until the agent is woken again: ${why}`
  }

  #sentence(error: unknown, signal: AbortSignal): string {
    if (this.#current.signal.aborted) return 'it was stopped.'
    if (this.#closed.signal.aborted) return 'the runner ended.'
    if (signal.aborted) return `it took longer than ${spell(this.#options.bounds.checkpointMs)}.`
    return error instanceof Error ? error.message : String(error)
  }
}

/** What was asked for cannot be, for this reason. */
class Impossible extends Error {}

function changesBy(steps: readonly Step[]): Differences {
  return new Map(steps.map(({ name, from, to }) => [name, { before: from, after: to }]))
}

/**
 * What Git ignores now stays, unless the rules that say so go back in the same restore.
 * @param ignored names that are there and ignored
 */
function withoutIgnored({ back, stay }: Plan, ignored: ReadonlySet<Name>): Plan {
  if (back.some(({ name }) => /(?:^|\/)\.gitignore$/.test(name))) return { back, stay }
  const kept = back.filter(({ name }) => ignored.has(name))
  const stays = kept.map((step): Stay => {
    return { name: step.name, why: 'ignored', message: 'Git ignores it now.', step }
  })
  return { back: back.filter(({ name }) => !ignored.has(name)), stay: [...stay, ...stays] }
}

function resultOf(files: number, left: readonly Stay[], notes: readonly string[]): Restored {
  const stayed = left.filter(({ name }) => !name.endsWith('/'))
  const reasons = stayed
    .slice(0, 10)
    .map(({ name, message }) => `${shown(name).path} stays: ${message}`)
  const all = capped([...notes, ...reasons])
  return {
    files,
    ...(stayed.length === 0 ? {} : { stayed: stayed.length }),
    ...(all.length === 0 ? {} : { notes: all }),
  }
}

function inUse(session: string): string {
  return `Session ${session} has a turn or a restore under way in the same folder: wait for its end or stop it, then try again.`
}
