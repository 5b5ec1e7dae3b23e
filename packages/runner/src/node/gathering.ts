/**
 * One look at a workspace under way: which files belong, how each looks from outside, and what cannot be looked at.
 *
 * Owns: what stays out whatever Git says of it: Belay's own files, and what is no file. `look.ts` reads what is in them.
 */
import { lstatSync, statSync } from 'node:fs'
import { limits } from '@belay/protocol'
import { folderOf, foldersOf, type Name, shown } from '../tree/name.ts'
import { type Breathe, breather } from './breather.ts'
import { innerOwner, list, type ListingOptions, outermost, type Owner, ownerOf } from './listing.ts'
import { isDataFolder } from './own-files.ts'
import { pathOf } from './path-of.ts'
import {
  isRefusal,
  isSameOutside,
  kindOf,
  type Outside,
  outside,
  outsideIfAllowed,
} from './reading.ts'

export interface GatherOptions extends ListingOptions {
  /** This server's own, which is found by what it is also when its files are gone. */
  readonly dataFolder: string
}

/** A workspace with more is no project: the rest is named and left out. */
const innerMax = 200

/** One look under way. */
export class Gathering {
  readonly #options: GatherOptions
  readonly signal: AbortSignal
  /** Whatever changed since may be missing in the list, however long ago that is when it is looked at. Milliseconds since the epoch. */
  readonly since = Date.now()
  readonly breathe: Breathe = breather()
  readonly names = new Map<Name, Outside>()
  /** Those that a repository tracks, whatever it ignores. */
  readonly tracked = new Set<Name>()
  /** Those that a repository tracks and that are not there. */
  readonly gone = new Set<Name>()
  readonly owners = new Map<Name, Owner>()
  readonly unreadable = new Set<Name>()
  readonly notes = new Set<string>()
  /** A repository could not say what it tracks. */
  isDamaged = false
  readonly #own: { readonly dev: number; readonly ino: number } | undefined
  readonly #checked = new Map<Name, boolean>()
  readonly #real = new Map<Name, boolean>()
  readonly #inner = new Map<Name, Name | undefined>()

  readonly #before: ReadonlyMap<Name, Outside>
  readonly #untouched = new Set<Name>()
  readonly #looked = new Map<Name, Outside | undefined>()

  /** @param before plain folders, with how they looked when they were seen last */
  constructor(options: GatherOptions, signal: AbortSignal, before: ReadonlyMap<Name, Outside>) {
    this.#options = options
    this.signal = signal
    this.#before = before
    this.#own = statSync(options.dataFolder, { throwIfNoEntry: false })
  }

  /**
   * Every file that belongs, of the workspace's own repository and of those inside it.
   * @param known names that are likely to: they are looked at while Git makes its list
   */
  async listAll(known: Iterable<Name>): Promise<void> {
    const { workspace } = this.#options
    const waiting: Owner[] = [outermost(workspace)]
    let looking: Promise<void> | undefined
    for (let owner = waiting.pop(); owner !== undefined; owner = waiting.pop()) {
      if (this.owners.has(owner.at)) continue
      if (this.owners.size > innerMax) {
        this.notes.add(`Only ${innerMax} repositories inside the folder are looked into.`)
        return
      }
      this.owners.set(owner.at, owner)
      this.#inner.clear()
      const listing = list(owner, this.#options, this.signal)
      looking ??= this.#lookAhead(known)
      const [listed] = await Promise.all([listing, looking])
      const { names, tracked, inner, troubles, broken } = listed
      for (const trouble of troubles) this.notes.add(`Left out: ${trouble}.`)
      if (broken !== undefined) this.#damaged(owner, broken)
      for (const name of inner) this.#enter(name, waiting)
      for (const name of names) {
        await this.breathe()
        const within = tracked.has(name) ? undefined : this.#innerOf(folderOf(name), owner.at)
        if (within !== undefined) this.#enter(within, waiting)
        else if (this.#add(name) === 'folder') this.#enter(`${name}/`, waiting)
        if (tracked.has(name)) this.tracked.add(name)
        if (tracked.has(name) && !this.names.has(name)) this.gone.add(name)
      }
    }
  }

  async #lookAhead(known: Iterable<Name>): Promise<void> {
    const { workspace } = this.#options
    for (const [name, then] of this.#before) {
      await this.breathe()
      const now = outsideIfAllowed(pathOf(workspace, name))
      if (now !== undefined && isSameOutside(then, now)) this.#untouched.add(name)
    }
    for (const name of known) {
      await this.breathe()
      // What may not be looked at is looked at again, and told, where it is wanted.
      this.#looked.set(name, outsideIfAllowed(pathOf(workspace, name)))
    }
  }

  /** It was plain when it was seen last, and looks as it did, and so do all it is in: nothing was made in it or taken away. */
  isUntouched(folder: Name): boolean {
    return this.#untouched.has(folder) && (folder === '' || this.isUntouched(folderOf(folder)))
  }

  /** It is no repository and none of Belay's own, and lies in none. */
  isPlain(folder: Name): boolean {
    const isOuter = this.owners.size === 1
    return isOuter && !this.isOwn(folder) && this.isReal(folder)
  }

  /** What was kept before, or is wanted back, is looked at whatever Git ignores now. */
  async follow(names: Iterable<Name>): Promise<void> {
    for (const name of names) {
      if (this.names.has(name) || name.endsWith('/') || this.isOwn(folderOf(name))) continue
      await this.breathe()
      this.#add(name)
    }
  }

  /** Takes Belay's own files off the list. */
  leaveOwn(): void {
    for (const name of this.names.keys()) if (this.isOwn(folderOf(name))) this.names.delete(name)
  }

  /** Whether a folder, with its `/`, is a data folder of Belay or lies in one inside the workspace. */
  isOwn(folder: Name): boolean {
    if (folder === '') return false
    const known = this.#checked.get(folder)
    if (known !== undefined) return known
    const own = !this.isUntouched(folder) && (this.isOwn(folderOf(folder)) || this.#isData(folder))
    this.#checked.set(folder, own)
    return own
  }

  #isData(folder: Name): boolean {
    const path = pathOf(this.#options.workspace, folder)
    try {
      const look = statSync(path, { throwIfNoEntry: false })
      if (look === undefined) return false
      if (look.dev === this.#own?.dev && look.ino === this.#own.ino) return true
    } catch (error) {
      // Links in a circle, say: nothing is in it for anybody.
      if (!isRefusal(error)) throw error
      return false
    }
    return isDataFolder(path)
  }

  /** A folder on the way may have become a link: what is beyond it is another file, and not one of this name. */
  isReal(folder: Name): boolean {
    if (folder === '') return true
    const known = this.#real.get(folder)
    if (known !== undefined) return known
    const path = pathOf(this.#options.workspace, folder)
    const real =
      this.isUntouched(folder) ||
      (this.isReal(folderOf(folder)) &&
        lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    this.#real.set(folder, real)
    return real
  }

  /**
   * The repository that a folder lies in, although the one around it looks into it, as it does where it tracks something in it:
   * what it does not track is for the inner one to say.
   */
  #innerOf(folder: Name, outer: Name): Name | undefined {
    if (folder.length <= outer.length) return undefined
    if (this.isUntouched(folder)) return undefined
    if (this.#inner.has(folder)) return this.#inner.get(folder)
    const inner =
      this.#innerOf(folderOf(folder), outer) ??
      (innerOwner(this.#options.workspace, folder) === undefined ? undefined : folder)
    this.#inner.set(folder, inner)
    return inner
  }

  get folders(): ReadonlySet<Name> {
    const folders = new Set<Name>()
    for (const name of this.names.keys())
      for (const folder of foldersOf(name)) {
        if (folders.has(folder)) break
        folders.add(folder)
      }
    return folders
  }

  /** The folders that each owner may have rules in, its own first. */
  foldersByOwner(): ReadonlyMap<Owner, readonly Name[]> {
    const found = new Map([...this.owners.values()].map((owner) => [owner, [owner.at]]))
    for (const folder of this.folders) {
      const owner = this.owners.has(folder) ? undefined : ownerOf(folder, this.owners)
      if (owner !== undefined) found.get(owner)?.push(folder)
    }
    return found
  }

  cannot(name: Name, error: unknown): void {
    this.unreadable.add(name)
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    this.notes.add(`Left out, because it cannot be read (${code}): ${shown(name).path}`)
  }

  #add(name: Name): 'file' | 'folder' | undefined {
    if (hasGitFolder(name)) return undefined
    try {
      if (!this.isReal(folderOf(name))) return undefined
      const now = this.#looked.get(name) ?? outside(pathOf(this.#options.workspace, name))
      if (now === undefined) return undefined
      const kind = kindOf(now)
      if (kind === 'folder') return kind
      if (kind === 'other') return undefined
      this.names.set(name, now)
      return 'file'
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.cannot(name, error)
      return undefined
    }
  }

  #enter(at: Name, waiting: Owner[]): void {
    const owner = innerOwner(this.#options.workspace, at)
    if (owner !== undefined) waiting.push(owner)
    else if (isShut(this.#options.workspace, at))
      this.notes.add(`Left out, a repository that cannot be entered: ${shown(at).path}`)
  }

  #damaged({ at }: Owner, why: string): void {
    this.isDamaged = true
    const which = at === '' ? 'The repository' : `The repository ${shown(at).path}`
    this.notes.add(
      `${which} cannot say which files it tracks (${why.slice(0, 200)}), so only files that were kept before and those that nothing ignores are kept.`,
    )
  }
}

/** A folder that is no project is found out before it is copied. @throws */
export function measure(fresh: Iterable<Outside>): void {
  let files = 0
  let bytes = 0
  for (const { size } of fresh) {
    files++
    bytes += size
  }
  if (files > limits.checkpointFilesMax)
    throw new TooMuch(`more than ${limits.checkpointFilesMax} files are new.`)
  if (bytes > limits.checkpointBytesMax)
    throw new TooMuch(`more than ${limits.checkpointBytesMax / 1024 ** 3} GiB are new.`)
}

/** Too much is there: trying again would take as long and fail again. */
export class TooMuch extends Error {}

/** It says that it is a repository, and is none that could be entered. */
function isShut(workspace: string, at: Name): boolean {
  try {
    return lstatSync(pathOf(workspace, `${at}.git`), { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

/** A part that some Git takes for its own folder, on one platform or another: never a file of the workspace. */
function hasGitFolder(name: Name): boolean {
  return /(?:^|\/)(?:\.git|git~1)(?:\/|$)/i.test(name)
}
