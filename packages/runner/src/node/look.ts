/**
 * Looking at a workspace: what it holds now, as a tree, with every content that is new handed to the store.
 *
 * Owns: what was seen last, so that only what changed since is read; where no name came or went, that needs no process.
 * `listing.ts` says which names belong, `reading.ts` what is in one of them.
 *
 * Invariants:
 * - R-74 Belay's own files are in no tree: any data folder, told by what it is on the disk.
 * - R-75 What cannot be looked at is left out and named, or, when it was there before, taken to be as it was; it stops nothing.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { folderOf, type Name } from '../tree/name.ts'
import { type Entry, isSame, type Tree } from '../tree/tree.ts'
import { entrySchema } from './acts.ts'
import { breather } from './breather.ts'
import { type Expected, Glance } from './glance.ts'
import { Gathering, type GatherOptions, measure } from './gathering.ts'
import { FolderAsker, type Owner, ownerOf, personalRules } from './listing.ts'
import { pathOf } from './path-of.ts'
import {
  isRefusal,
  isSameOutside,
  isSettled,
  kindOf,
  nowhere,
  type Outside,
  outside,
  outsideIfAllowed,
  read,
  type Sink,
} from './reading.ts'
import { ignoredBy, isSameRules, readRules, type Rules, rulesAround } from './rules.ts'

/** What is there, and what is to be said about it. */
export interface Seen {
  readonly tree: Tree
  /** Names that were kept before, so that they are followed to the end of an act, and that Git ignores now. */
  readonly ignored: ReadonlySet<Name>
  /** Names that cannot be looked at; those that were kept before are in the tree as they were. */
  readonly unreadable: ReadonlySet<Name>
  readonly rules: readonly Rules[]
  /** Names that were tracked and not there: what comes to be there was not ignored. */
  readonly gone: ReadonlySet<Name>
  /** How many files were left out because the rules of an earlier moment ignored them. */
  readonly dropped: number
  /** Repositories inside the workspace. */
  readonly inner: readonly Name[]
  /** Which repository the workspace belongs to: another one in the same place is another one. */
  readonly repository: string | undefined
  /** Sentences about what was left out. */
  readonly notes: readonly string[]
}

export interface Ask {
  /** Names that are looked at whatever Git ignores now: those kept before, or wanted back. */
  readonly follow: readonly Name[]
  /** The rules of an earlier moment: what is new since then, and was ignored by them, is left out too. */
  readonly since: Pick<Seen, 'rules' | 'tree' | 'gone'> | undefined
  /** What is taken to be there of a name that cannot be looked at. */
  readonly last: Tree
}

interface Known extends Outside {
  readonly entry: Entry
  /** Nothing can have changed it since without a trace. */
  readonly sure: boolean
}

const rememberedSchema = z.array(
  z.tuple([
    z.string(),
    z.object({
      size: z.number(),
      changed: z.number(),
      written: z.number(),
      inode: z.number(),
      mode: z.number(),
      entry: entrySchema,
      sure: z.boolean(),
    }),
  ]),
)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How something outside the tree looked that decides what is in it. */
interface Deciding {
  readonly seen: Outside | undefined
  /** What is in it counts too. */
  readonly isWhole: boolean
}

interface Folder extends Outside {
  /** Folders in it. */
  readonly folders: readonly Name[]
  readonly isEmpty: boolean
  readonly sure: boolean
  /** It is no repository, none of Belay's own, and lies in none. */
  isPlain: boolean
}

export class Look {
  readonly #options: GatherOptions
  #known = new Map<Name, Known>()
  #edition = 0
  #folders = new Map<Name, Folder>()
  /** Files outside the tree that decide what is in it: rules, and what repositories track. */
  #deciding = new Map<string, Deciding>()
  /** None of those was so new that the list may be older. */
  #isDecided = false
  /** Folders that are ignored as a whole or not, by the rules seen last. */
  #verdicts = new Map<Name, boolean>()
  /** By which `#verdicts` hold. */
  #rules: readonly Rules[] = []
  /** Folders with rules of their own. */
  #ruled: ReadonlySet<Name> = new Set()
  readonly #personal = new Map<
    Name,
    { readonly config: string; readonly changed: number | undefined; readonly path: string }
  >()
  /** What was seen last, when a look without a past would see the same. */
  #plain: Seen | undefined
  readonly #glance: Glance
  /** It expects what was seen last. */
  #isExpected = false

  constructor(options: GatherOptions) {
    this.#options = options
    this.#glance = new Glance(options.workspace)
  }

  close(): void {
    this.#glance.close()
  }

  /** Nothing was so new when it was read that it could change without a trace. */
  get isSettled(): boolean {
    if (!this.#isDecided) return false
    for (const seen of [this.#folders, this.#known])
      for (const { sure } of seen.values()) if (!sure) return false
    return true
  }

  /** Another one whenever what is remembered is another. */
  get edition(): number {
    return this.#edition
  }

  /** What the next runner need not read again, put together in steps. @throws when it is given up */
  async remembered(signal: AbortSignal): Promise<string> {
    const breathe = breather()
    const parts: string[] = []
    for (const one of this.#known) {
      parts.push(JSON.stringify(one))
      await breathe()
      signal.throwIfAborted()
    }
    return `[${parts.join(',')}]`
  }

  /** @param text of `remembered`; what is no such text is as good as none */
  remember(text: string): void {
    const known = rememberedSchema.safeParse(parsed(text))
    if (known.success) this.#known = new Map(known.data)
  }

  /** What was read counts no more but for what is in this tree: other contents were not kept. */
  forget(tree: Tree): void {
    for (const [name, { entry }] of this.#known)
      if (tree.get(name)?.blob !== entry.blob) this.#known.delete(name)
    this.#edition++
    this.#plain = undefined
  }

  /** Whether a name holds this and nothing else at this moment. @throws when it cannot be looked at */
  async isStill(name: Name, entry: Entry | undefined): Promise<boolean> {
    const path = pathOf(this.#options.workspace, name)
    const now = outside(path)
    if (entry === undefined) return now === undefined || kindOf(now) === 'folder'
    if (now === undefined) return false
    const known = this.#known.get(name)
    if (known !== undefined && known.sure && isSameOutside(known, now))
      return isSame(known.entry, entry)
    const got = await read(path, { writer: nowhere, isKept: () => true })
    return got !== undefined && isSame(got.entry, entry)
  }

  /**
   * @returns what was seen last itself, when all is as it was
   * @throws when it cannot be said what the workspace holds, or that is too much
   */
  async take(ask: Ask, writer: () => Sink, signal: AbortSignal): Promise<Seen> {
    return (await this.#again(ask, writer, signal)) ?? this.#anew(ask, writer, signal)
  }

  async #anew(ask: Ask, writer: () => Sink, signal: AbortSignal): Promise<Seen> {
    this.#isExpected = false
    const work = new Gathering(this.#options, signal, this.#seenFolders)
    await work.listAll(this.#known.keys())
    work.leaveOwn()
    const plain = new Set(work.names.keys())
    await work.follow(ask.follow)
    if (work.isDamaged) await work.follow(ask.last.keys())
    const rules = await this.#rulesOf(work)
    const empty = await this.#lookAtFolders(work, rules)
    const dropped = await this.#drop(work, empty, rules, ask)
    const besides = this.#followFolders(work, empty, ask)
    measure([...work.names].flatMap(([name, now]) => (this.#isKnown(name, now) ? [] : [now])))
    const tree = await this.#readAll(work, ask.last, writer)
    for (const [name, entry] of empty) tree.set(name, entry)
    const followed = [...[...work.names.keys()].filter((name) => !plain.has(name)), ...besides]
    const ignored = new Set([...followed, ...(await this.#goneAndIgnored(work, rules, ask))])
    this.#rules = rules
    const seen = {
      tree,
      ignored,
      unreadable: work.unreadable,
      rules,
      inner: [...work.owners.keys()].filter((at) => at !== ''),
      gone: work.gone,
      dropped,
      repository: identityOf(work.owners.get('')),
      notes: [...work.notes],
    }
    const isPlain =
      this.#isDecided && dropped === 0 && followed.length === 0 && work.unreadable.size === 0
    this.#plain = isPlain ? seen : undefined
    return seen
  }

  /**
   * The same where no name came or went and nothing changed that decides which belong, which time stamps alone tell: then
   * only files that look otherwise than when they were read are read again.
   * @returns `undefined` when that cannot be said, or does not hold
   */
  async #again(ask: Ask, writer: () => Sink, signal: AbortSignal): Promise<Seen | undefined> {
    const since = Date.now()
    const plain = this.#plain
    if (plain === undefined || !this.#isCovered(ask, plain)) return undefined
    const fresh = await this.#otherwise()
    if (fresh === undefined) return undefined
    signal.throwIfAborted()
    measure(fresh.values())
    const changed = new Map<Name, Entry>()
    const breathe = breather()
    for (const name of fresh.keys()) {
      await breathe()
      signal.throwIfAborted()
      const known = await this.#read(name, ask.last, { writer, since }).catch(refused)
      if (known === undefined) return undefined
      const before = this.#known.get(name)?.entry
      this.#known.set(name, known)
      this.#edition++
      this.#glance.renew(expected(name, known))
      if (!isSame(before, known.entry)) changed.set(name, known.entry)
    }
    if (changed.size === 0) return plain
    const tree = new Map(plain.tree)
    for (const [name, entry] of changed) tree.set(name, entry)
    this.#plain = { ...plain, tree }
    return this.#plain
  }

  /** Nothing is asked for but what was seen, by the rules it was seen by. */
  #isCovered({ since, follow }: Ask, { rules, tree }: Seen): boolean {
    if (since !== undefined && !isSameRules(since.rules, rules)) return false
    // What is new since then may have been ignored then, and be tracked now.
    if (since !== undefined && since.tree !== tree)
      for (const name of tree.keys()) if (!since.tree.has(name)) return false
    return follow.every((name) => (name.endsWith('/') ? this.#folders : this.#known).has(name))
  }

  /** Files that look otherwise than when they were read. @returns `undefined` when more than that is other than it was */
  async #otherwise(): Promise<ReadonlyMap<Name, Outside> | undefined> {
    const { workspace } = this.#options
    for (const [path, decided] of this.#deciding) if (!isAsDecided(path, decided)) return undefined
    if (!this.#isExpected) {
      const seen = [...this.#folders, ...this.#known]
      await this.#glance.expect(seen.map(([name, then]) => expected(name, then)))
      this.#isExpected = true
    }
    const fresh = new Map<Name, Outside>()
    for (const name of await this.#glance.otherwise()) {
      const then = this.#known.get(name)
      const now = outsideIfAllowed(pathOf(workspace, name))
      if (then === undefined || now === undefined) return undefined
      if (isRuling(name) || kindOf(now) !== kindOf(then)) return undefined
      fresh.set(name, now)
    }
    return fresh
  }

  /** Folders that were plain when they were seen last, with how they looked. */
  get #seenFolders(): ReadonlyMap<Name, Outside> {
    return new Map([...this.#folders].filter(([, { sure, isPlain }]) => sure && isPlain))
  }

  #isKnown(name: Name, now: Outside): boolean {
    const known = this.#known.get(name)
    return known !== undefined && known.sure && isSameOutside(known, now)
  }

  async #rulesOf(work: Gathering): Promise<readonly Rules[]> {
    const { workspace } = this.#options
    this.#deciding = new Map()
    this.#isDecided = true
    const ruled = new Set<Name>()
    const all: Rules[] = []
    for (const [owner, folders] of work.foldersByOwner()) {
      const { at, prefix, repository } = owner
      const personalPath = await this.#personalPath(owner, work.signal)
      const personal = readRules(personalPath)
      const around =
        repository === undefined
          ? { everywhere: personal, files: [] }
          : rulesAround(repository, prefix, personal)
      const files = [...around.files]
      for (const folder of folders) {
        // A folder that is as it was has got no rules of its own since.
        if (work.isUntouched(folder) && !this.#ruled.has(folder)) continue
        const text = readRules(pathOf(workspace, `${folder}.gitignore`))
        if (text === '') continue
        ruled.add(folder)
        files.push([prefix + folder.slice(at.length), text])
      }
      all.push({ at, prefix, everywhere: around.everywhere, files })
      this.#watch(owner, personalPath, work.since)
    }
    this.#ruled = ruled
    return all
  }

  /** Where the person's own excludes are. Asked anew only when the repository's settings were written. */
  async #personalPath(owner: Owner, signal: AbortSignal): Promise<string> {
    const config = owner.repository === undefined ? '' : join(owner.repository.common, 'config')
    const now = outsideIfAllowed(config)
    const known = this.#personal.get(owner.at)
    if (known !== undefined && known.config === config && known.changed === now?.changed)
      return known.path
    const path = await personalRules(owner, this.#options, signal)
    this.#personal.set(owner.at, { config, changed: now?.changed, path })
    return path
  }

  /** Whatever is outside the tree and decides what is in it: a change of it makes every earlier look worthless. */
  #watch({ at, prefix, repository }: Owner, personal: string, since: number): void {
    const { workspace } = this.#options
    const paths = [personal]
    if (repository !== undefined) {
      const { top, gitFolder, common } = repository
      paths.push(gitFolder, join(gitFolder, 'index'), join(common, 'info', 'exclude'))
      paths.push(join(common, 'config'))
      let above = top
      for (const part of at === '' ? prefix.split('/') : []) {
        paths.push(join(above, '.gitignore'))
        above = join(above, part)
      }
    } else paths.push(join(workspace, '.git'))
    for (const path of paths) {
      const seen = outsideIfAllowed(path)
      // Of the repository itself it counts that it is the same one: it is written all the time.
      const isWhole = path !== repository?.gitFolder
      this.#deciding.set(path, { seen, isWhole })
      if (isWhole && seen !== undefined && !isSettled(seen, since)) this.#isDecided = false
    }
  }

  /**
   * Leaves out what is new since an earlier moment, and was ignored by the rules of then.
   * @param empty folders with nothing in them
   * @returns how many files
   */
  async #drop(
    work: Gathering,
    empty: Map<Name, Entry>,
    rules: readonly Rules[],
    { since, follow }: Ask,
  ): Promise<number> {
    if (since === undefined) return 0
    const followed = new Set(follow)
    // By the same rules only what came to be tracked meanwhile can have been ignored then.
    const names = isSameRules(since.rules, rules)
      ? work.tracked
      : [...work.names.keys(), ...empty.keys()]
    const isThere = (name: Name) => work.names.has(name) || empty.has(name)
    const fresh = [...names].filter(
      (name) =>
        isThere(name) && !since.tree.has(name) && !since.gone.has(name) && !followed.has(name),
    )
    if (fresh.length === 0) return 0
    const { store } = this.#options
    const ignored = await ignoredBy(since.rules, fresh, store, work.signal)
    let files = 0
    for (const name of ignored) if (!empty.delete(name) && work.names.delete(name)) files++
    return files
  }

  /** What was kept at an earlier moment or is wanted back, is gone, and would be ignored by the rules of now: it counts as if it were there. */
  async #goneAndIgnored(
    work: Gathering,
    rules: readonly Rules[],
    { since, follow }: Ask,
  ): Promise<ReadonlySet<Name>> {
    if (since !== undefined && isSameRules(since.rules, rules)) return new Set()
    const gone = [...follow].filter(
      (name) => !name.endsWith('/') && !work.names.has(name) && !work.tracked.has(name),
    )
    if (gone.length === 0) return new Set()
    return ignoredBy(rules, gone, this.#options.store, work.signal)
  }

  async #readAll(work: Gathering, last: Tree, writer: () => Sink): Promise<Map<Name, Entry>> {
    const tree = new Map<Name, Entry>()
    const known = new Map<Name, Known>()
    let reads = 0
    for (const [name, now] of work.names) {
      const before = this.#known.get(name)
      if (before !== undefined && before.sure && isSameOutside(before, now)) {
        known.set(name, before)
        tree.set(name, before.entry)
        continue
      }
      reads++
      await work.breathe()
      work.signal.throwIfAborted()
      try {
        const found = await this.#read(name, last, { writer, since: work.since })
        if (found === undefined) continue
        known.set(name, found)
        tree.set(name, found.entry)
      } catch (error) {
        if (!isRefusal(error)) throw error
        work.cannot(name, error)
      }
    }
    for (const name of work.unreadable) {
      const entry = last.get(name)
      if (entry !== undefined) tree.set(name, entry)
    }
    const isAsBefore = known.size === this.#known.size && reads === 0
    this.#known = known
    if (!isAsBefore) this.#edition++
    return tree
  }

  /** @returns `undefined` when it is no file any more. @throws when it cannot be read */
  async #read(
    name: Name,
    last: Tree,
    { writer, since }: { readonly writer: () => Sink; readonly since: number },
  ): Promise<Known | undefined> {
    const before = this.#known.get(name)?.entry.blob
    const isKept = (blob: string) => blob === before || blob === last.get(name)?.blob
    const got = await read(pathOf(this.#options.workspace, name), { writer, isKept })
    if (got === undefined) return undefined
    const sure = !got.torn && isSettled(got.outside, since)
    return { ...got.outside, entry: got.entry, sure }
  }

  /** Folders that a new file would change, and those with nothing in them, as entries. */
  async #lookAtFolders(work: Gathering, rules: readonly Rules[]): Promise<Map<Name, Entry>> {
    if (!isSameRules(this.#rules, rules)) this.#verdicts = new Map()
    const folders = new Map<Name, Folder>()
    const empty = new Map<Name, Entry>()
    const asker = new FolderAsker(this.#options, work.signal)
    const waiting = ['', ...work.folders]
    const inTree = new Set(waiting)
    try {
      for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
        if (folders.has(folder)) continue
        await work.breathe()
        const seen = work.isUntouched(folder)
          ? this.#folders.get(folder)
          : this.#folder(folder, work.since)
        if (seen === undefined) continue
        folders.set(folder, seen)
        if (seen.isEmpty && folder !== '')
          empty.set(folder, { mode: '040000', perm: seen.mode & 0o7777, blob: '' })
        for (const inner of seen.folders)
          if (!inTree.has(inner) && !(await this.#isIgnored(inner, work, asker)))
            waiting.push(inner)
      }
    } finally {
      await asker.close()
    }
    for (const [name, seen] of folders) seen.isPlain = work.isPlain(name)
    this.#folders = folders
    return empty
  }

  /** Empty folders that are wanted whatever Git ignores. @returns those that it does, which are among the others now */
  #followFolders(work: Gathering, empty: Map<Name, Entry>, { follow }: Ask): readonly Name[] {
    const found: Name[] = []
    for (const name of follow) {
      if (!name.endsWith('/') || this.#folders.has(name) || work.isOwn(name)) continue
      const seen = work.isReal(folderOf(name)) ? this.#folder(name, work.since) : undefined
      if (seen?.isEmpty !== true) continue
      empty.set(name, { mode: '040000', perm: seen.mode & 0o7777, blob: '' })
      found.push(name)
    }
    return found
  }

  #folder(name: Name, since: number): Folder | undefined {
    const path = pathOf(this.#options.workspace, name)
    try {
      const now = outside(path)
      if (now === undefined) return undefined
      const before = this.#folders.get(name)
      if (before !== undefined && before.sure && isSameOutside(before, now)) return before
      const entries = readdirSync(Buffer.from(path), { withFileTypes: true, encoding: 'buffer' })
      const folders = entries
        .filter((entry) => entry.isDirectory() && entry.name.toString('latin1') !== '.git')
        .map((entry) => `${name}${entry.name.toString('latin1')}/`)
      const sure = isSettled(now, since)
      return { ...now, folders, isEmpty: entries.length === 0, sure, isPlain: false }
    } catch (error) {
      // What cannot be looked into was named with the list.
      if (!isRefusal(error)) throw error
      return undefined
    }
  }

  async #isIgnored(folder: Name, work: Gathering, asker: FolderAsker): Promise<boolean> {
    const known = this.#verdicts.get(folder)
    if (known !== undefined) return known
    const owner = ownerOf(folderOf(folder), work.owners)
    const ignored =
      work.isOwn(folder) || owner === undefined || (await asker.isIgnored(folder, owner))
    this.#verdicts.set(folder, ignored)
    return ignored
  }
}

/** What can have changed without a trace looks otherwise in any case. */
function expected(name: Name, then: Known | Folder): Expected {
  return { name, outside: then.sure ? then : undefined }
}

function isAsDecided(path: string, { seen, isWhole }: Deciding): boolean {
  const now = outsideIfAllowed(path)
  if (now === undefined || seen === undefined) return now === seen
  return isWhole ? isSameOutside(seen, now) : seen.inode === now.inode
}

/** What cannot be read is no fault: it is looked at anew, and named. */
function refused(error: unknown): undefined {
  if (!isRefusal(error)) throw error
}

function isRuling(name: Name): boolean {
  return /(?:^|\/)\.gitignore$/.test(name)
}

function identityOf(owner: Owner | undefined): string | undefined {
  if (owner?.repository === undefined) return undefined
  const look = statSync(owner.repository.common, { throwIfNoEntry: false })
  return look === undefined ? undefined : `${look.dev}:${look.ino}:${look.birthtimeMs}`
}
