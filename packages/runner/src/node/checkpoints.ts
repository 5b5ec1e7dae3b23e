/**
 * Checkpoints of a workspace: its whole tree before and after each turn, untracked files included and ignored ones not.
 *
 * Owns: their names (`refs/turns/<n>/before`, `…/after`, `refs/latest`), and what is read from them. `shadow.ts` is where
 * they are kept.
 *
 * Invariants:
 * - R-34 One of these runs at a time, in the order they were asked for.
 * - R-35 A checkpoint that cannot be made in its bounds is a warning, said once; it never fails a turn.
 * - R-36 A restore keeps a checkpoint of what is there first, then makes the tree exactly the one it names; what is ignored
 *   stays.
 * - R-66 What a restore found can be put back, and that again.
 * - R-37 What a lost clone held (its branch, its own commits, its tree) is brought into a fresh one.
 */
import { lstatSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limits, type StepBounds } from '@belay/protocol'
import type { Saved } from '../input.ts'
import type { Restore } from '../state.ts'
import { changesBetween } from './changes.ts'
import { spell } from './git.ts'
import { type Bound, Shadow, type ShadowOptions } from './shadow.ts'

export interface CheckpointOptions extends ShadowOptions {
  readonly bounds: StepBounds
  /** What the workspace was made from: checkpoints of another are set aside. */
  readonly origin: string
}

/** While a person waits for the end of a turn. Shorter than what `interruptMs` leaves after `cancelMs`. */
const hurriedMs = 2500
const tidyEvery = 50

export interface Moment {
  readonly turn: number
  readonly at: 'before' | 'after'
  readonly hurried: boolean
}

export class Checkpoints {
  readonly #options: CheckpointOptions
  readonly #shadow: Shadow
  readonly #closed = new AbortController()
  #lane: Promise<unknown> = Promise.resolve()
  #current = new AbortController()
  /** Set after the first failure: another try would take as long and fail again. */
  #off = false
  /** The person's commit that was brought here last. */
  #head = ''

  constructor(options: CheckpointOptions) {
    this.#options = options
    this.#shadow = new Shadow(options)
  }

  /** Makes a checkpoint; after a turn, also says what it changed. */
  save(moment: Moment): Promise<Saved> {
    return this.#next((signal) => this.#save(moment, signal))
  }

  restore(restore: Restore): Promise<{ readonly files: number } | { readonly message: string }> {
    return this.#next((signal) => this.#restore(restore, signal))
  }

  /** Runs something that works on the same files, when nothing here does. */
  alone<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return this.#next(run)
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#current.abort()
  }

  /** Nothing is begun any more. */
  close(): void {
    this.#closed.abort()
    this.#current.abort()
  }

  /**
   * Brings into a fresh clone what the latest checkpoint holds.
   * @returns whether there was one
   */
  recover(): Promise<boolean> {
    return this.#next((signal) => this.#recover(signal))
  }

  #next<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const result = this.#lane.then(() => {
      this.#current = new AbortController()
      return run(AbortSignal.any([this.#current.signal, this.#closed.signal]))
    })
    this.#lane = result.catch(() => undefined)
    return result
  }

  async #save({ turn, at, hurried }: Moment, signal: AbortSignal): Promise<Saved> {
    if (this.#off) return {}
    const { bounds } = this.#options
    const msMax = hurried ? Math.min(hurriedMs, bounds.checkpointMs) : bounds.checkpointMs
    const bound = { signal, msMax }
    try {
      await this.#open(bound)
      const commit = await this.#commit(`turn ${turn} ${at}`, bound)
      await this.#must(['update-ref', refOf({ turn, to: at }), commit], bound)
      await this.#must(['update-ref', 'refs/latest', commit], bound)
      if (at === 'before') await this.#forget(turn - limits.checkpointTurnsMax, bound)
      if (at === 'after') this.#tidy(turn)
      return at === 'after' ? await this.#changes(turn, bound) : {}
    } catch (error) {
      if (signal.aborted) return {}
      if (!(error instanceof Unsaved)) throw error
      // In a hurry nothing is proved by being late.
      if (hurried)
        return { warning: `The workspace was not saved ${at} turn ${turn}: ${error.message}` }
      this.#off = true
      return {
        warning: `The workspace is not saved ${at} turn ${turn}, nor after it until the agent is woken again: ${error.message}`,
      }
    }
  }

  async #changes(turn: number, bound: Bound): Promise<Saved> {
    const before = await this.#find({ turn, to: 'before' }, bound)
    const after = await this.#find({ turn, to: 'after' }, bound)
    if (before === undefined || after === undefined) return {}
    const changes = await changesBetween(this.#shadow, { before, after }, bound)
    return changes === undefined ? {} : { changes }
  }

  async #restore(
    restore: Restore,
    signal: AbortSignal,
  ): Promise<{ readonly files: number } | { readonly message: string }> {
    const bound = { signal, msMax: this.#options.bounds.restoreMs }
    try {
      await this.#open(bound)
      const wanted = await this.#find(restore, bound)
      if (wanted === undefined) return { message: missing(restore) }
      const present = await this.#commit('before a restore', bound)
      await this.#must(['update-ref', `refs/restores/${Date.now()}`, present], bound)
      const files = await this.#put(present, wanted, bound)
      // The same tree, on the branch and commit that are there now.
      const latest = await this.#commit('after a restore', bound)
      await this.#must(['update-ref', 'refs/latest', latest], bound)
      return { files }
    } catch (error) {
      if (!(error instanceof Unsaved)) throw error
      return { message: signal.aborted ? 'It was stopped.' : error.message }
    }
  }

  /** Makes the tree the wanted one. The shadow's index says what is there. */
  async #put(present: string, wanted: string, bound: Bound): Promise<number> {
    const names = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', present, wanted]
    const { output } = await this.#must(names, bound)
    const count = output.split('\0').filter((name) => name !== '').length
    if (count > 0) await this.#must(['read-tree', '--reset', '-u', wanted], bound)
    return count
  }

  async #recover(signal: AbortSignal): Promise<boolean> {
    if (!this.#shadow.exists) return false
    const bound = { signal, msMax: this.#options.bounds.branchMs }
    try {
      if (!(await this.#open(bound))) return false
      const { fault, output } = await this.#shadow.run(
        ['log', '-1', '--format=%B', 'refs/latest'],
        bound,
      )
      if (fault !== undefined) return false
      await this.#recoverHead(output, bound)
      const present = await this.#commit('a fresh clone', bound)
      await this.#put(present, 'refs/latest', bound)
      return true
    } catch (error) {
      // The clone is whole without it; that it was not restored is said.
      if (error instanceof Unsaved) return false
      throw error
    }
  }

  /** The branch the agent was on, with the commits that are nowhere else. */
  async #recoverHead(message: string, bound: Bound): Promise<void> {
    const { path } = this.#options
    const commit = /^head: ([0-9a-f]+)$/m.exec(message)?.[1]
    const branch = /^branch: (\S+)$/m.exec(message)?.[1]
    if (commit === undefined) return
    const here = (args: readonly string[]) => this.#shadow.runInWorkspace(args, bound)
    const fetched = await here(['fetch', '--quiet', '--no-tags', '--', path, commit])
    if (fetched.fault !== undefined) throw new Unsaved(fetched.fault)
    // In a worktree the branch is the person's too: one that went on elsewhere is not set back.
    const held = await here(['rev-parse', '--verify', '--quiet', `refs/heads/${branch ?? ''}`])
    const isAhead =
      held.fault === undefined &&
      (await here(['merge-base', '--is-ancestor', held.output.trim(), commit])).fault !== undefined
    const args =
      branch === undefined || isAhead
        ? ['checkout', '--quiet', '--detach', commit]
        : ['checkout', '--quiet', '-B', branch, commit]
    const { fault } = await here(args)
    if (fault !== undefined) throw new Unsaved(fault)
  }

  /** @returns whether it was there before */
  async #open(bound: Bound): Promise<boolean> {
    const { path, origin } = this.#options
    const mark = join(path, 'belay-origin')
    if (this.#shadow.exists) {
      const made = await readFile(mark, 'utf8').catch(() => origin)
      if (made !== origin) await rename(path, `${path}.${Date.now()}`)
    }
    const existed = this.#shadow.exists
    const fault = await this.#shadow.open(bound)
    if (fault !== undefined) throw new Unsaved(fault)
    if (!existed) await writeFile(mark, origin)
    return existed
  }

  /** The whole tree as it is now, as a commit of the shadow. */
  async #commit(title: string, bound: Bound): Promise<string> {
    await this.#measure(bound)
    const added = await this.#shadow.run(['add', '--all', '--ignore-errors', '--', '.'], bound)
    // A file that cannot be read is left out; anything else leaves the index as it was.
    const partly = added.end.type === 'exited' && added.end.code === 1
    if (added.fault !== undefined && !partly) throw this.#unsaved(added.fault, bound)
    const tree = await this.#must(['write-tree'], bound)
    const head = await this.#bringHead(bound)
    const made = await this.#must(
      ['commit-tree', tree.output.trim(), '-m', title, ...head.flatMap((line) => ['-m', line])],
      bound,
    )
    return made.output.trim()
  }

  /** How much is new: a folder that is no project is found out before it is copied. */
  async #measure(bound: Bound): Promise<void> {
    const { workspace } = this.#options
    const { output } = await this.#must(
      ['ls-files', '-z', '--others', '--modified', '--exclude-standard'],
      bound,
    )
    const names = output.split('\0')
    if (names.length > limits.checkpointFilesMax)
      throw new Unsaved(`more than ${limits.checkpointFilesMax} files are new.`)
    let bytes = 0
    for (const name of names) {
      if (name === '' || name.endsWith('/')) continue
      bytes += lstatSync(join(workspace, name), { throwIfNoEntry: false })?.size ?? 0
    }
    if (bytes > limits.checkpointBytesMax)
      throw new Unsaved(
        `${Math.round(bytes / 1024 / 1024)} MiB are new, and ${limits.checkpointBytesMax / 1024 / 1024} MiB may be.`,
      )
  }

  /** Which commit and branch the person's repository is on; of a clone the commit itself is brought here too. */
  async #bringHead(bound: Bound): Promise<readonly string[]> {
    const { isClone, workspace } = this.#options
    const commit = await this.#shadow.runInWorkspace(
      ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'],
      bound,
    )
    if (commit.fault !== undefined) return []
    const head = commit.output.trim()
    if (isClone && head !== this.#head) {
      const into = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', workspace]
      await this.#must([...into, '+HEAD:refs/heads/belay-head'], bound)
      this.#head = head
    }
    const branch = await this.#shadow.runInWorkspace(
      ['symbolic-ref', '--short', '--quiet', 'HEAD'],
      bound,
    )
    const on = branch.fault === undefined ? [`branch: ${branch.output.trim()}`] : []
    return [[`head: ${head}`, ...on].join('\n')]
  }

  async #find(checkpoint: Restore, bound: Bound): Promise<string | undefined> {
    if (checkpoint.to === 'undo') return this.#findKept(bound)
    const { fault, output } = await this.#shadow.run(
      ['rev-parse', '--verify', '--quiet', `${refOf(checkpoint)}^{commit}`],
      bound,
    )
    return fault === undefined ? output.trim() : undefined
  }

  /** What the latest restore found. */
  async #findKept(bound: Bound): Promise<string | undefined> {
    const latest = ['for-each-ref', '--sort=-refname', '--count=1', '--format=%(objectname)']
    const { output } = await this.#must([...latest, 'refs/restores'], bound)
    return output.trim() === '' ? undefined : output.trim()
  }

  async #forget(turn: number, bound: Bound): Promise<void> {
    if (turn < 1) return
    for (const to of ['before', 'after'] as const)
      await this.#must(['update-ref', '-d', refOf({ turn, to })], bound)
  }

  /** Now and then what nothing names any more is removed, behind the turn's back. */
  #tidy(turn: number): void {
    if (turn % tidyEvery !== 0) return
    const msMax = this.#options.bounds.checkpointMs
    void this.#next((signal) =>
      this.#shadow.run(['gc', '--quiet', '--prune=1.day.ago'], { signal, msMax }),
    )
  }

  async #must(args: readonly string[], bound: Bound) {
    const end = await this.#shadow.run(args, bound)
    if (end.fault !== undefined) throw this.#unsaved(end.fault, bound)
    return end
  }

  #unsaved(fault: string, { msMax }: Bound): Unsaved {
    return new Unsaved(fault.startsWith('it took') ? `it took longer than ${spell(msMax)}.` : fault)
  }
}

/** Why there is no checkpoint. */
class Unsaved extends Error {}

function missing({ turn, to }: Restore): string {
  return to === 'undo'
    ? 'It was not put back yet, so there is nothing to undo.'
    : `There is no checkpoint ${to} turn ${turn}.`
}

function refOf({ turn, to }: Restore): string {
  return `refs/turns/${turn}/${to}`
}
