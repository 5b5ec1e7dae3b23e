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
 * - R-276 A look that began when a prompt was on its way counts for that prompt, and not where another session worked meanwhile.
 * - R-37 What a lost clone held (its branch, its own commits, its files) is brought into a fresh one.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { FinishResult, RestorePlan, StepBounds } from '@belay/protocol'
import type { Restored, Saved } from '../input.ts'
import type { Restore } from '../state.ts'
import { type Act, type Plan, planOf, type Stay, type Step } from '../tree/plan.ts'
import { shown, type Name } from '../tree/name.ts'
import { type Differences, differences, isQuiet } from '../tree/tree.ts'
import { type ActRecord, changesOf, written } from './acts.ts'
import { changesBetween } from './changes.ts'
import { changedFiles } from './changed-files.ts'
import type { Changed } from './commit-changes.ts'
import { Keeper, type Held, markOf } from './keeper.ts'
import { TooMuch } from './gathering.ts'
import type { Seen } from './look.ts'
import { spell } from './git.ts'
import { noted, planned, restoreNotes, takenSteps, turnNotes } from './restore-words.ts'
import { type Alone, Sharing, type SharingOptions } from './sharing.ts'
import { Reader, type StoreOptions } from './store.ts'

export interface CheckpointOptions extends StoreOptions, SharingOptions {
  readonly bounds: StepBounds
  /** What the workspace was made from: checkpoints of another are set aside. */
  readonly origin: string
  /** Belay's own files: never kept in here, also when they lie inside the workspace. */
  readonly dataFolder: string
  /** For how long a look that began early counts, milliseconds. */
  readonly earlyMsMax?: number
}

export interface Moment {
  readonly turn: number
  readonly at: 'before' | 'after'
  /** Of the turn that is about to begin. */
  readonly promptId?: string
  /** A runner that closes waits for it. */
  readonly hurried: boolean
}

/** While a runner waits for its own end. Shorter than what a server waits for it. */
const hurriedMs = 2500
/** Time stamps tick more slowly than files are written: what was written just now is looked at again after this. */
const settleMs = 40
const settleTries = 3
/** A prompt that is said to be on its way comes within milliseconds: after this, what was seen for it is old. */
const earlyMsMaxDefault = 1000
/** Too late this often in a row, and no more is tried until the agent is woken again. */
const latesMax = 2

/** A look that began when a prompt was said to be on its way. */
interface Early {
  readonly promptId: string
  readonly began: number
  /** Absent: there is none after all. */
  readonly seen: Promise<{ readonly alone: Alone; readonly held: Held } | undefined>
}

/** A turn whose end is to come, with what was there before it. */
interface Open {
  readonly act: ActRecord
  readonly before: Held
}

/** What a restore did. */
interface Done {
  /** Everything it touched, folders too. */
  readonly names: readonly Name[]
  readonly files: number
  readonly left: readonly Stay[]
  readonly notes: readonly string[]
}

export class Checkpoints {
  readonly #options: CheckpointOptions
  readonly #keeper: Keeper
  readonly #sharing: Sharing
  readonly #closed = new AbortController()
  #lane: Promise<unknown> = Promise.resolve()
  #current = new AbortController()
  /** Why no more is tried. */
  #off: string | undefined
  #lates = 0
  #open: Open | undefined
  #early: Early | undefined
  /** Under which number the turn under way is known to those who share the folder. */
  #shared: number | undefined
  #toldNotes = ''
  #tidying = new AbortController()

  constructor(options: CheckpointOptions) {
    this.#options = options
    this.#keeper = new Keeper(options)
    this.#sharing = new Sharing(options)
  }

  /** Makes a checkpoint while nobody waits for it, so that the next turn finds it ready. */
  ready(): Promise<void> {
    return this.#next(this.#options.bounds.checkpointMs, async (signal) => {
      if (this.#off !== undefined || this.#open !== undefined) return
      try {
        this.#sharing.open()
        await this.#settle(signal)
      } catch {
        // Nobody asked for it yet: the turn that does is told why it cannot be made.
      }
    })
  }

  /** Begins with the checkpoint before the turn of a prompt that may come. */
  lookAhead(promptId: string): void {
    this.#tidying.abort()
    const began = performance.now()
    const seen = this.#next(this.#options.bounds.checkpointMs, (signal) => this.#ahead(signal))
    this.#early = { promptId, began, seen }
  }

  /** Makes a checkpoint; after a turn, also says what it changed. */
  save(moment: Moment): Promise<Saved> {
    // What can be put in order at any time gives way to who waits.
    this.#tidying.abort()
    const { checkpointMs } = this.#options.bounds
    const msMax = moment.hurried ? Math.min(hurriedMs, checkpointMs) : checkpointMs
    return moment.at === 'before'
      ? this.#next(undefined, (stops) => this.#before(moment, stops, msMax))
      : this.#next(msMax, (signal) => this.#after(moment.turn, signal)).then((saved) => {
          void this.ready()
          return saved
        })
  }

  /** Says what a restore would do, and does nothing. */
  plan(restore: Restore): Promise<RestorePlan | { readonly message: string }> {
    return this.#next(this.#options.bounds.restoreMs, async (signal) => {
      try {
        this.#sharing.refuseBusy()
        const { plan, notes } = await this.#plan(restore, signal)
        return planned(restore, plan, notes)
      } catch (error) {
        return { message: sentenceOf(error, signal) }
      }
    })
  }

  /** Takes back what the turns named did. */
  restore(restore: Restore): Promise<Restored | { readonly message: string }> {
    this.#early = undefined
    return this.#next(this.#options.bounds.restoreMs, async (signal) => {
      let shared: number | undefined
      try {
        shared = await this.#sharing.beginRestore(signal)
        const { names, files, left, notes } = await this.#restore(restore, shared, signal)
        this.#sharing.end(shared, names)
        return resultOf(files, left, [...this.#sharing.untold(), ...notes])
      } catch (error) {
        this.#sharing.end(shared, undefined)
        return { message: [sentenceOf(error, signal), ...this.#sharing.untold()].join(' ') }
      }
    })
  }

  /**
   * Commits what the turns of this session changed since its last commit, this one the last, when nothing else here works
   * on the files.
   * @param run commits just that
   */
  commit(
    turn: number,
    run: (changed: readonly Changed[], signal: AbortSignal) => Promise<FinishResult | undefined>,
  ): Promise<FinishResult | undefined> {
    return this.#next(undefined, async (signal) => {
      const { acts, store } = this.#keeper
      const act = acts.all.find((one) => one.kind === 'turn' && one.turn === turn)
      if (act?.after === undefined)
        return { warning: 'Nothing was committed: it is not known what the turn changed.' }
      const reader = new Reader(store, signal)
      try {
        const result = await run(changedFiles(acts.uncommitted, reader), signal)
        return result?.commit === undefined ? result : await this.#committed(act, result)
      } catch (error) {
        return { warning: `Nothing was committed: ${sentenceOf(error, signal)}` }
      } finally {
        await reader.close()
      }
    })
  }

  /** Gives up what is under way, and a turn that was about to begin. */
  stop(): void {
    this.#current.abort(new Error('it was stopped.'))
    // One that cannot be dropped is known as a turn whose end nobody saw.
    void this.#next(undefined, () => this.#dropOpen().catch(() => undefined))
  }

  /** Nothing is begun any more. */
  close(): void {
    this.#closed.abort(new Error('Belay’s process beside the agent ended.'))
    this.#keeper.close()
    this.#sharing.close()
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

  async #committed(act: ActRecord, result: FinishResult): Promise<FinishResult> {
    try {
      await this.#keeper.acts.commit(act)
      return result
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const more = `The commit was made, and could not be noted, so the next one looks at these changes again: ${why}`
      const { warning } = result
      return { ...result, warning: warning === undefined ? more : `${warning} ${more}` }
    }
  }

  #next<Result>(
    msMax: number | undefined,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const result = this.#lane.then(() => {
      this.#current = new AbortController()
      const signals = [this.#current.signal, this.#closed.signal]
      if (msMax !== undefined) signals.push(late(msMax))
      return run(AbortSignal.any(signals))
    })
    this.#lane = result.catch(() => undefined)
    return result
  }

  /** @param stops gives it up without a word */
  async #before({ turn, promptId }: Moment, stops: AbortSignal, msMax: number): Promise<Saved> {
    let signal = stops
    const early = this.#early?.promptId === promptId ? this.#early : undefined
    this.#early = undefined
    try {
      await this.#dropOpen()
      const shared = await this.#sharing.beginTurn(stops, this.#options.bounds.restoreMs)
      this.#shared = shared
      if (this.#off !== undefined) return {}
      signal = AbortSignal.any([stops, late(msMax)])
      await this.#endCut(signal)
      const before = (await this.#seenEarly(early)) ?? (await this.#keeper.now(signal))
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
      if (stops.aborted) return {}
      // As far as the disk lets us: the warning tells it in any case.
      await this.#keeper.acts.miss(turn).catch(() => undefined)
      return { warning: this.#unsaved(`before turn ${turn}`, error, signal) }
    }
  }

  /** What is there now, unless something is in the way of a turn that would begin: then its own look will tell. */
  async #ahead(signal: AbortSignal): Early['seen'] {
    if (this.#off !== undefined || this.#open !== undefined) return undefined
    try {
      const alone = this.#sharing.alone()
      await this.#keeper.open(signal)
      if (alone === undefined || this.#keeper.acts.all.some(isCut)) return undefined
      return { alone, held: await this.#keeper.now(signal) }
    } catch {
      return undefined
    }
  }

  /** What was seen since the prompt was on its way, when nobody else changed anything meanwhile. */
  async #seenEarly(early: Early | undefined): Promise<Held | undefined> {
    const { earlyMsMax = earlyMsMaxDefault } = this.#options
    if (early === undefined || performance.now() - early.began > earlyMsMax) return undefined
    const seen = await early.seen
    return seen !== undefined && this.#sharing.isStillAlone(seen.alone) ? seen.held : undefined
  }

  /** A turn that was announced and never came: nothing is its doing. */
  async #dropOpen(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#endShared([])
    if (open !== undefined) await this.#keeper.acts.drop(open.act)
  }

  /** @param names what it changed; absent: nobody knows */
  #endShared(names: readonly Name[] | undefined): void {
    this.#sharing.end(this.#shared, names)
    this.#shared = undefined
  }

  async #after(turn: number, signal: AbortSignal): Promise<Saved> {
    this.#sharing.settle(this.#shared)
    const open = this.#open
    this.#open = undefined
    let names: readonly Name[] | undefined
    try {
      if (open?.act.turn !== turn) throw new Error('there is no checkpoint before it.')
      // That the turn ended is told first: a look keeps the loop.
      await setImmediate()
      const after = await this.#keeper.after(open.before, signal)
      const changes = differences(open.before.seen.tree, after.seen.tree)
      names = [...changes.keys()]
      await this.#keeper.acts.end({ ...open.act, after: after.kept, changes: written(changes) })
      const notes = this.#notesOf(open.before.seen, after.seen, changes)
      const isTold = (name: Name) => !after.seen.ignored.has(name)
      const between = { before: open.act.before, after: after.kept, differences: changes, isTold }
      const told = await changesBetween(between, this.#keeper.store, signal)
      this.#endShared(names)
      return { changes: noted(told, [...this.#sharing.untold(), ...notes]) }
    } catch (error) {
      this.#endShared(names)
      return { problem: [sentenceOf(error, signal), ...this.#sharing.untold()].join(' ') }
    }
  }

  #notesOf(before: Seen, after: Seen, changes: Differences): readonly string[] {
    const hidden = [...changes].filter(([name, one]) => after.ignored.has(name) && !isQuiet(one))
    const notes = turnNotes(before, after, hidden.length)
    const left = after.notes.join('\n')
    if (left === this.#toldNotes) return notes
    this.#toldNotes = left
    return [...notes, ...after.notes]
  }

  /** A turn or restore whose runner died: what is found now is the most that it can have done. */
  async #endCut(signal: AbortSignal): Promise<void> {
    await this.#keeper.open(signal)
    for (const act of this.#keeper.acts.all.filter(isCut)) await this.#keeper.endCut(act, signal)
  }

  async #restore(restore: Restore, shared: number | undefined, signal: AbortSignal): Promise<Done> {
    const { plan, held, notes } = await this.#plan(restore, signal)
    const taken = takenSteps(plan, restore.take)
    const steps = [...plan.back, ...taken]
    const left = plan.stay.filter(({ step }) => step === undefined || !taken.includes(step))
    if (steps.length === 0) return { names: [], files: 0, left, notes }
    const act = await this.#keeper.acts.begin({
      kind: 'restore',
      turn: restore.turn,
      before: held.kept,
      changes: written(changesBy(steps)),
      ...(shared === undefined ? {} : { shared }),
    })
    const { done, filled, stayed } = await this.#keeper.put(steps, markOf(act), signal)
    // What was done is done: that it is written down is not given up any more.
    const after = await this.#keptAfter(done.map(({ name }) => name))
    const gone = [...filled].map(([name, before]) => [name, { before, after: undefined }] as const)
    const changes = new Map([...gone, ...changesBy(done)])
    await this.#keeper.acts.end({ ...act, after: after.kept, changes: written(changes) })
    const names = [...changes.keys()]
    return { names, files: done.length, left: [...left, ...stayed], notes }
  }

  /** What is there after a restore, which was done already and can be undone in any case. */
  async #keptAfter(put: readonly Name[]): Promise<Held> {
    const signal = late(this.#options.bounds.checkpointMs)
    try {
      return await this.#keeper.also(put, signal)
    } catch (error) {
      const why = sentenceOf(error, signal)
      throw new Error(
        `${put.length === 1 ? '1 file was' : `${put.length} files were`} put back, and what is there now could not be kept: ${why} It can be undone.`,
        { cause: error },
      )
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
    // What a restore did is taken back whatever is ignored, as nothing but what it wrote itself is touched.
    const plan = restore.to === 'undo' ? found : withoutIgnored(found, held.seen.ignored)
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
    const overlaps = this.#sharing.overlaps(record.shared)
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
    this.#tidying = new AbortController()
    const tidying = AbortSignal.any([signal, this.#tidying.signal])
    await this.#keeper.now(signal)
    for (let tries = 1; tries < settleTries && !this.#keeper.look.isSettled; tries++) {
      await sleep(settleMs, undefined, { signal: tidying })
      await this.#keeper.now(signal)
    }
    await this.#keeper.tidy(tidying)
    if (!this.#closed.signal.aborted) this.#keeper.getReady()
    await this.#keeper.remember(tidying)
  }

  #unsaved(when: string, error: unknown, signal: AbortSignal): string {
    const why = sentenceOf(error, signal)
    if (signal.aborted) this.#lates++
    const isLast = error instanceof TooMuch || this.#lates >= latesMax
    if (!isLast) return `The workspace was not saved ${when}: ${why}`
    this.#off = why
    return `The workspace is not saved ${when}, nor after it until the agent is woken again: ${why}`
  }
}

/** What was aborted says why itself, better than whatever failed by that. */
function sentenceOf(error: unknown, signal: AbortSignal): string {
  const why: unknown = signal.aborted ? signal.reason : error
  return why instanceof Error ? why.message : String(why)
}

function late(msMax: number): AbortSignal {
  const bound = new AbortController()
  const end = () => bound.abort(new Error(`it took longer than ${spell(msMax)}.`))
  setTimeout(end, msMax).unref()
  return bound.signal
}

/** Its end was never written. */
function isCut({ after }: ActRecord): boolean {
  return after === undefined
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
  const result = { files, ...(stayed.length === 0 ? {} : { stayed: stayed.length }) }
  return noted(result, [...notes, ...reasons])
}
