/**
 * The checkpoints of one workspace as they are kept: looking, writing what is new, and reading back.
 *
 * Owns: which checkpoint is the last one, and that nothing is said to be kept that is not.
 *
 * Invariants:
 * - R-245 What a killed restore had in the making is taken away, and nothing else.
 * - R-244 A writer that was killed while it waited is replaced, and the checkpoint tried once more.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf, type Name, shown } from '../tree/name.ts'
import type { Step } from '../tree/plan.ts'
import { differences, type Difference, isSame } from '../tree/tree.ts'
import { type About, aboutOf, type Head, readAbout, treeWith } from './about.ts'
import { type ActRecord, Acts, changesOf, keptSchema, written } from './acts.ts'
import { answered, Unanswered } from './git.ts'
import { type Ask, Look, type Seen } from './look.ts'
import { pathOf } from './path-of.ts'
import { type PutBack, putBack } from './put-back.ts'
import { outsideIfAllowed } from './reading.ts'
import { type Kept, Reader, Store, type StoreOptions, Writer } from './store.ts'

export interface KeeperOptions extends StoreOptions {
  readonly origin: string
  readonly dataFolder: string
}

/** A checkpoint, and what was seen when it was made. */
export interface Held {
  readonly kept: Kept
  readonly seen: Seen
}

/** Most are some hundred bytes; of a tree with many odd permissions it may be megabytes. */
const textsMax = 16
/** Bounds of single calls: what bounds the whole is the signal. */
const msMax = 10 * 60_000

export class Keeper {
  readonly #options: KeeperOptions
  readonly store: Store
  readonly look: Look
  readonly acts: Acts
  #last: (Held & { readonly about: string }) | undefined
  #writer: Writer | undefined
  /** What the checkpoints made last say beside their files, by their commits. */
  readonly #texts = new Map<string, string>()
  #isOpen = false
  /** Which edition of what was seen is written down. */
  #remembered: number | undefined
  /** The commit of the clone that was brought here last. */
  #head = ''

  constructor(options: KeeperOptions) {
    this.#options = options
    const { workspace, dataFolder, env } = options
    this.store = new Store(options)
    this.look = new Look({ workspace, dataFolder, env, store: this.store })
    this.acts = new Acts(join(options.path, 'belay-acts'))
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpen) return
    await this.#openStore(signal)
    try {
      await this.#readLast(signal)
    } catch (error) {
      if (error instanceof Unanswered) throw error
      signal.throwIfAborted()
      // The machine died while it was written, say. What is there is kept for those who know Git; the rest begins anew.
      await this.store.setAside()
      await this.#openStore(signal)
    }
    this.#isOpen = true
  }

  async #openStore(signal: AbortSignal): Promise<void> {
    const fault = await this.store.open(this.#options.origin, { signal, msMax })
    if (fault !== undefined) throw new Error(fault)
    await this.acts.open()
  }

  async #readLast(signal: AbortSignal): Promise<void> {
    const last = await this.store.latest()
    if (last === undefined) return
    this.#last = await this.#reading(signal, async (reader) => {
      const files = await reader.files(last.commit)
      const kept = { ...last, ...(files === undefined ? {} : { files }) }
      return this.#read(kept, await reader.about(last.commit), signal)
    })
    this.look.remember(await readFile(this.#memory, 'utf8').catch(() => ''))
  }

  /** What is there now, by the rules of now. Nothing is read or written when all is as it was. */
  async now(signal: AbortSignal): Promise<Held> {
    await this.open(signal)
    return this.#keep({ follow: [], since: undefined }, signal)
  }

  /** What is there after an act: by the rules of then and of now, and whatever was kept before it is followed. */
  after(before: Held, signal: AbortSignal): Promise<Held> {
    return this.#keep({ follow: [...before.seen.tree.keys()], since: before.seen }, signal)
  }

  /** What is there now, these names included whatever ignores them. */
  async also(names: readonly Name[], signal: AbortSignal): Promise<Held> {
    await this.open(signal)
    return this.#keep({ follow: names, since: undefined }, signal)
  }

  async about(kept: Kept, signal: AbortSignal): Promise<About> {
    return readAbout(await this.#textOf(kept, signal))
  }

  /**
   * Ends an act whose runner died in it. Of a turn, all that was found since may be its doing; of a restore, each step
   * shows for itself whether it was done.
   */
  async endCut(act: ActRecord, signal: AbortSignal): Promise<void> {
    if (act.kind === 'restore') this.#sweep(act)
    const before = await this.#read(act.before, await this.#textOf(act.before, signal), signal)
    const now = await (act.kind === 'turn'
      ? this.after(before, signal)
      : this.also([...changesOf(act).keys()], signal))
    const changes =
      act.kind === 'turn'
        ? differences(before.seen.tree, now.seen.tree)
        : new Map(
            [...changesOf(act)].filter(([name, { after }]) =>
              isSame(now.seen.tree.get(name), after),
            ),
          )
    await this.acts.end({
      ...act,
      after: now.kept,
      changes: written(changes),
      cut: act.kind === 'turn',
    })
  }

  /** Lets go of the oldest acts, of checkpoints that no act names any more, and of many small packs, when it is time to. */
  async tidy(signal: AbortSignal): Promise<void> {
    const isTime = (await this.acts.forget()) || (await this.store.isScattered())
    if (!isTime) return
    // It takes for kept what is about to be let go.
    await this.#letWriterGo()
    const named = this.acts.all.flatMap(({ before, after }) => [before, ...(after ? [after] : [])])
    const numbers = new Set(named.map(({ number }) => number))
    if (this.#last !== undefined) numbers.add(this.#last.kept.number)
    // One that is cut may leave a lock.
    this.#isOpen = false
    await this.store.keepOnly(numbers, { signal, msMax })
    this.#isOpen = true
  }

  /** Writes down what need not be read again by the next runner, where that changed. Given up, it is written another time. */
  async remember(signal: AbortSignal): Promise<void> {
    const { edition } = this.look
    if (edition === this.#remembered) return
    await writeFile(`${this.#memory}.new`, await this.look.remembered(signal), { mode: 0o600 })
    await rename(`${this.#memory}.new`, this.#memory)
    this.#remembered = edition
  }

  /** Brings into a fresh clone what the latest checkpoint holds. @returns whether there was one */
  async recover(signal: AbortSignal): Promise<boolean> {
    if (!this.store.exists) return false
    await this.open(signal)
    // A recovery that was cut knows what it wanted: looking made something else the latest.
    const cut = keptSchema.safeParse(await readFile(this.#wanted, 'utf8').then(JSON.parse, () => 0))
    // Of the last act, and not what was seen since: that may have been a workspace on its way out.
    const act = this.acts.all.at(-1)
    const kept = cut.success ? cut.data : (act?.after ?? act?.before ?? this.#last?.kept)
    if (kept === undefined) return false
    const last = await this.#read(kept, await this.#textOf(kept, signal), signal)
    await writeFile(this.#wanted, JSON.stringify(last.kept), { mode: 0o600 })
    await this.#recoverHead(await this.about(last.kept, signal), signal)
    const wanted = last.seen.tree
    const present = await this.also([...wanted.keys()], signal)
    const steps = [...differences(present.seen.tree, wanted)].map(
      ([name, { before, after }]: readonly [Name, Difference]) => ({
        name,
        from: before,
        to: after,
      }),
    )
    const { stayed } = await this.put(steps, 'recover', signal)
    const [first] = stayed
    if (first !== undefined)
      throw new Error(`${shown(first.name).path} could not be brought back: ${first.message}`)
    await this.also([...wanted.keys()], signal)
    await rm(this.#wanted, { force: true })
    return true
  }

  /** Does what a plan says, as far as all is as the last look found it. @param mark in names of files in the making */
  async put(steps: readonly Step[], mark: string, signal: AbortSignal): Promise<PutBack> {
    return this.#reading(signal, (reader) =>
      putBack(steps, {
        workspace: this.#options.workspace,
        reader,
        signal,
        mark,
        isAsFound: ({ name, from }) => this.look.isStill(name, from),
      }),
    )
  }

  async #reading<Result>(
    signal: AbortSignal,
    run: (reader: Reader) => Promise<Result>,
  ): Promise<Result> {
    const reader = new Reader(this.store, signal)
    try {
      return await run(reader)
    } finally {
      await reader.close()
    }
  }

  /** What a checkpoint says beside its files: of those made here it is still known. */
  async #textOf({ commit }: Kept, signal: AbortSignal): Promise<string> {
    return (
      this.#texts.get(commit) ?? (await this.#reading(signal, (reader) => reader.about(commit)))
    )
  }

  get #wanted(): string {
    return join(this.#options.path, 'belay-recovering.json')
  }

  get #memory(): string {
    return join(this.#options.path, 'belay-look.json')
  }

  /** A checkpoint of before, as it was seen. */
  async #read(
    kept: Kept,
    text: string,
    signal: AbortSignal,
  ): Promise<Held & { readonly about: string }> {
    const about = readAbout(text)
    const tree = treeWith(await this.store.tree(kept.files, { signal, msMax }), about)
    const seen: Seen = {
      tree,
      ignored: new Set(),
      unreadable: new Set(),
      rules: about.rules,
      // Not written down: whoever reads it back is not sure of what changed since anyhow.
      gone: new Set(),
      dropped: 0,
      inner: about.inner,
      repository: about.repository,
      notes: [],
    }
    return { kept, seen, about: text }
  }

  async #keep(ask: Omit<Ask, 'last'>, signal: AbortSignal): Promise<Held> {
    const waiting = this.#writer?.isReady === true ? this.#writer : undefined
    try {
      return await this.#keepOnce(ask, signal)
    } catch (error) {
      // Something killed the writer while it waited, which is seen only now: all is as if it had not been there.
      if (waiting?.wasKilled !== true || signal.aborted) throw error
      await this.open(signal)
      return this.#keepOnce(ask, signal)
    }
  }

  async #keepOnce(ask: Omit<Ask, 'last'>, signal: AbortSignal): Promise<Held> {
    const last = this.#last
    const tree = last?.seen.tree ?? new Map()
    let used: Writer | undefined
    const begin = () => (used ??= this.#writerNow())
    const stop = () => void this.#writer?.abandon()
    signal.throwIfAborted()
    signal.addEventListener('abort', stop)
    try {
      const seen = await this.look.take({ ...ask, last: tree }, begin, signal)
      // Between two acts nothing of ours moved the branch either.
      if (seen === last?.seen && ask.since === undefined) return last
      const about = aboutOf(seen, await this.#headNow(signal))
      const changes = differences(tree, seen.tree)
      const kept =
        last !== undefined && changes.size === 0 && about === last.about
          ? last.kept
          : await begin().commit(
              {
                number: (last?.kept.number ?? 0) + 1,
                base: last?.kept.files,
                changes: linesOf(changes),
                about,
                message: 'A checkpoint of Belay',
              },
              Math.floor(Date.now() / 1000),
            )
      if (kept === last?.kept && used !== undefined) await this.#letWriterGo()
      this.#last = { kept, seen, about }
      this.#note(kept.commit, about)
      return this.#last
    } catch (error) {
      await this.#letWriterGo()
      this.look.forget(tree)
      // It may have left a lock, or a checkpoint that nobody has heard of: the disk says what there is.
      this.#isOpen = false
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #note(commit: string, about: string): void {
    this.#texts.delete(commit)
    this.#texts.set(commit, about)
    for (const oldest of this.#texts.keys())
      if (this.#texts.size > textsMax) this.#texts.delete(oldest)
  }

  #writerNow(): Writer {
    if (this.#writer?.isReady !== true) this.#writer = new Writer(this.store)
    return this.#writer
  }

  /** @returns when nothing of it runs any more */
  async #letWriterGo(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await writer?.abandon()
  }

  /** So that the next checkpoint need not wait for a process. */
  getReady(): void {
    this.#writerNow()
  }

  close(): void {
    this.look.close()
    void this.#letWriterGo()
  }

  /** Of a clone, its commit and branch; its commits are brought here, since nobody else may have them. */
  async #headNow(signal: AbortSignal): Promise<Head> {
    const { commits, workspace } = this.#options
    if (commits === undefined) return {}
    const bound = { signal, msMax }
    const names = ['rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD']
    const { fault, output } = answered(await this.store.runInWorkspace(names, bound))
    const [head, full = ''] = output.trim().split('\n')
    if (fault !== undefined || head === undefined || head === '') return {}
    if (commits === 'here' && head !== this.#head) {
      const into = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', workspace]
      const fetched = await this.store.run([...into, '+HEAD:refs/heads/belay-head'], bound)
      if (fetched.fault !== undefined) throw new Error(fetched.fault)
      this.#head = head
    }
    const branch = /^refs\/heads\/(.+)$/.exec(full)?.[1]
    return { head, ...(branch === undefined ? {} : { branch }) }
  }

  /** The branch the agent was on, with the commits that are nowhere else. */
  async #recoverHead({ head, branch }: About, signal: AbortSignal): Promise<void> {
    if (head === undefined) return
    const here = async (args: readonly string[]) => {
      const { fault } = await this.store.runInWorkspace(args, { signal, msMax })
      if (fault !== undefined) throw new Error(fault)
    }
    const { path, commits } = this.#options
    if (commits === 'here') await here(['fetch', '--quiet', '--no-tags', '--', path, head])
    const isOurs = branch !== undefined && (await this.#isBehind(branch, head, signal))
    await here(['checkout', '--quiet', ...(isOurs ? ['-B', branch] : ['--detach']), head])
  }

  /** In a worktree the branch is the person's too: one that went on elsewhere is not set back. */
  async #isBehind(branch: string, head: string, signal: AbortSignal): Promise<boolean> {
    const ask = (args: readonly string[]) => this.store.runInWorkspace(args, { signal, msMax })
    const held = answered(await ask(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]))
    if (held.fault !== undefined) return true
    const ahead = await ask(['merge-base', '--is-ancestor', held.output.trim(), head])
    return ahead.fault === undefined
  }

  /** Files in the making that a killed runner left. */
  #sweep(act: ActRecord): void {
    const folders = new Set([...changesOf(act).keys()].map((name) => folderOf(name)))
    for (const folder of folders) {
      const path = pathOf(this.#options.workspace, `${folder}.belay-${markOf(act)}.tmp`)
      if (outsideIfAllowed(path) !== undefined) unlinkSync(path)
    }
  }
}

/** In names of files that a restore is making: nobody else has a file of that name. */
export function markOf({ number, before }: ActRecord): string {
  return `restore-${number}-${before.commit.slice(0, 12)}`
}

/** What goes first: a file may take the place of a folder. Folders with nothing in them are no lines of Git's. */
function linesOf(changes: ReturnType<typeof differences>) {
  const lines = [...changes].map(([name, { after }]) => [name, after] as const)
  const files = lines.filter(([name]) => !name.endsWith('/'))
  return [
    ...files.filter(([, entry]) => entry === undefined),
    ...files.filter(([, entry]) => entry !== undefined),
  ]
}
