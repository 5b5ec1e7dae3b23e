/**
 * Doing what a plan says, name by name: each file is as it was or as it shall be, and never something between.
 *
 * Owns: the last look before each write. Whatever is not as the plan found it stays, and is told.
 *
 * Invariants:
 * - R-78 Nothing is written through a link, over a folder that holds something, or over a file that changed since it was looked at.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { folderOf, foldersOf, type Name, shown } from '../tree/name.ts'
import type { Stay, Step } from '../tree/plan.ts'
import type { Entry } from '../tree/tree.ts'
import { breather } from './breather.ts'
import { pathOf } from './path-of.ts'
import type { Reader } from './store.ts'

export interface PutBackOptions {
  readonly workspace: string
  readonly reader: Reader
  readonly signal: AbortSignal
  /** Part of the names of files in the making, so that those of a runner that was killed are found again. */
  readonly mark: string
  /** Whether the file is still as the plan found it. */
  readonly isAsFound: (step: Step) => Promise<boolean>
}

export interface PutBack {
  readonly done: readonly Step[]
  /** Folders that held nothing, also such as Git ignores, until something came into them or into their place. */
  readonly filled: ReadonlyMap<Name, Entry>
  readonly stayed: readonly Stay[]
}

/** Why one name stays; every other error is one of ours. */
class Stays extends Error {
  readonly why: Stay['why']
  constructor(why: Stay['why'], message: string) {
    super(message)
    this.why = why
  }
}

export async function putBack(steps: readonly Step[], options: PutBackOptions): Promise<PutBack> {
  const done: Step[] = []
  const filled = new Map<Name, Entry>()
  const stayed: Stay[] = []
  const breathe = breather()
  for (const step of inOrder(steps)) {
    await breathe()
    if (options.signal.aborted) {
      stayed.push({ name: step.name, why: 'in-the-way', message: 'It was stopped before.', step })
      continue
    }
    try {
      await put(step, options, { done, filled })
      done.push(step)
    } catch (error) {
      stayed.push({ name: step.name, ...reasonOf(error), step })
    }
  }
  leaveEmptied(done, options.workspace)
  return { done, filled, stayed }
}

function reasonOf(error: unknown): Pick<Stay, 'why' | 'message'> {
  if (error instanceof Stays) return { why: error.why, message: error.message }
  if (error instanceof Error && 'code' in error)
    return { why: 'in-the-way', message: `It cannot be written here (${String(error.code)}).` }
  throw error
}

function rank({ to }: Step): number {
  return to === undefined ? 0 : to.mode === '040000' ? 1 : 2
}

/** What goes, then folders, then files: a file may take the place of a folder, and a folder that of a file. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const gone = steps.filter((step) => rank(step) === 0).toReversed()
  return [
    ...gone,
    ...steps.filter((step) => rank(step) === 1),
    ...steps.filter((step) => rank(step) === 2),
  ]
}

interface SoFar {
  readonly done: readonly Step[]
  readonly filled: Map<Name, Entry>
}

async function put(step: Step, options: PutBackOptions, sofar: SoFar): Promise<void> {
  const { name, from, to } = step
  const { workspace } = options
  const path = pathOf(workspace, name)
  if (to?.mode === '040000') {
    noteEmpty(name, workspace, sofar)
    return makeFolder(name, to.perm, workspace)
  }
  if (from?.mode === '040000') return leaveFolder(path)
  if (to === undefined) {
    checkFolders(name, workspace)
    await check(step, options)
    return unlinkSync(path)
  }
  const content = await options.reader.read(to.blob)
  noteEmpty(name, workspace, sofar)
  makeFolders(name, workspace)
  const fresh = pathOf(workspace, `${folderOf(name)}.belay-${options.mark}.tmp`)
  try {
    if (to.mode === '120000') symlinkSync(content, fresh)
    else write(fresh, content, to.perm)
    await check(step, options)
    if (from === undefined) emptyPlace(name, workspace, sofar)
    renameSync(fresh, path)
  } catch (error) {
    if (lstatSync(fresh, { throwIfNoEntry: false }) !== undefined) unlinkSync(fresh)
    throw error
  }
}

function write(path: string | Buffer, content: Buffer, perm: number): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at)
    fchmodSync(file, perm)
  } finally {
    closeSync(file)
  }
}

/** The last look: between the plan and now something else may have had the file. */
async function check(step: Step, { isAsFound }: PutBackOptions): Promise<void> {
  if (!(await isAsFound(step)))
    throw new Stays('changed-since', 'Something else changed it in the same moment.')
}

/** Every folder on the way is a folder, and not a link to one. */
function checkFolders(name: Name, workspace: string): void {
  for (const folder of foldersOf(name)) {
    const look = lstatSync(pathOf(workspace, folder), { throwIfNoEntry: false })
    if (look !== undefined && !look.isDirectory())
      throw new Stays('in-the-way', `${shown(folder).path} is not a folder any more.`)
  }
}

function makeFolders(name: Name, workspace: string): void {
  checkFolders(name, workspace)
  for (const folder of foldersOf(name).toReversed()) {
    const path = pathOf(workspace, folder)
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path)
  }
}

/** The innermost folder that is there, if nothing is in it. */
function noteEmpty(name: Name, workspace: string, { filled }: SoFar): void {
  for (const folder of foldersOf(name)) {
    const path = pathOf(workspace, folder)
    const look = lstatSync(path, { throwIfNoEntry: false })
    if (look === undefined) continue
    if (look.isDirectory() && isEmpty(path)) filled.set(folder, emptyFolder(look.mode))
    return
  }
}

function isEmpty(path: string | Buffer): boolean {
  const folder = opendirSync(path)
  try {
    return folder.readSync() === null
  } finally {
    folder.closeSync()
  }
}

function emptyFolder(mode: number): Entry {
  return { mode: '040000', perm: mode & 0o7777, blob: '' }
}

function makeFolder(name: Name, perm: number, workspace: string): void {
  makeFolders(name, workspace)
  const path = pathOf(workspace, name)
  const look = lstatSync(path, { throwIfNoEntry: false })
  if (look === undefined) {
    mkdirSync(path)
    chmodSync(path, perm)
  } else if (!look.isDirectory()) throw new Stays('in-the-way', 'Something else is in its place.')
}

/** A folder that was empty and is to go: one that is not empty any more stays without a word, since it is not that folder. */
function leaveFolder(path: string | Buffer): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (!isCode(error, 'ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EEXIST')) throw error
  }
}

/** Makes room where a folder was: of folders alone, never of a file. */
function emptyPlace(name: Name, workspace: string, { done, filled }: SoFar): void {
  const path = pathOf(workspace, name)
  leaveEmptied(
    done.filter((step) => step.name.startsWith(`${name}/`)),
    workspace,
  )
  const look = lstatSync(path, { throwIfNoEntry: false })
  if (look === undefined) return
  if (!look.isDirectory())
    throw new Stays('changed-since', 'Something else made it anew in the same moment.')
  try {
    rmdirSync(path)
    filled.set(`${name}/`, emptyFolder(look.mode))
  } catch (error) {
    if (isCode(error, 'ENOTEMPTY', 'EEXIST'))
      throw new Stays('in-the-way', 'A folder that still holds something is in its place.')
    throw error
  }
}

/** Folders that held nothing but what went are gone with it, as they would be for Git. */
function leaveEmptied(done: readonly Step[], workspace: string): void {
  const wanted = new Set(
    done.filter(({ to }) => to !== undefined).flatMap(({ name }) => [name, ...foldersOf(name)]),
  )
  const emptied = new Set(
    done.filter(({ to }) => to === undefined).flatMap(({ name }) => foldersOf(name)),
  )
  for (const folder of [...emptied].toSorted().toReversed())
    if (!wanted.has(folder)) leaveFolder(pathOf(workspace, folder))
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
