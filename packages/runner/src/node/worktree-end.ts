/**
 * The end of a session's worktree: removed only when nothing in it would be lost.
 *
 * Owns: what counts as lost, and taking a worktree away. Nothing here ever forces git, and what cannot be looked at stays.
 *
 * Invariants:
 * - R-143 A worktree is removed only when nothing is in it that is nowhere else: no change, no file that is untracked or
 *   ignored, no commit that neither branch nor tag holds, no inner repository, nothing half done, and no doubt about any of it.
 * - R-144 Its branch stays in the person's repository, unless it was made with it and holds no commit of its own.
 */
import { existsSync, lstatSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { halfDone } from './half-done.ts'
import { repositoryOf } from './repository.ts'
import {
  checkedOutAt,
  clearAttempt,
  type GitBound,
  gitDir,
  patientGit,
  quietGit,
  registrationsOf,
  sayingOf,
  type WorktreeRecord,
} from './worktree.ts'

/** What stays, and why. */
export interface Left {
  readonly path: string
  readonly branch?: string
  /** One sentence or two: what is in it, where it is, and how a person gets rid of it. */
  readonly why: string
}

/** Names of files that a sentence gives. */
const namesMax = 3
/** Whether what is at a path is a worktree, and no clone and no folder of its own. */
export function isWorktree(path: string): boolean {
  return lstatSync(join(path, '.git'), { throwIfNoEntry: false })?.isFile() === true
}

/** Looks what would be lost. @returns `undefined` when nothing would, or nothing is there */
export async function lookAtWorktree(path: string, bound: GitBound): Promise<Left | undefined> {
  if (!existsSync(path) || (await isEmpty(path)) || (await isHalfMade(path))) return undefined
  const here = hereIn(path, bound)
  const on = await here('symbolic-ref', '--short', '--quiet', 'HEAD')
  const branch = on.fault === undefined ? on.output.trim() : undefined
  const found = await findings(path, bound)
  return found.length === 0 ? undefined : left(path, branch, found)
}

/**
 * Takes a worktree away, its registration with it, and its branch where that is nothing.
 * @returns what stays: nothing of it was removed then
 */
export async function endWorktree(
  path: string,
  record: WorktreeRecord | undefined,
  bound: GitBound,
): Promise<Left | undefined> {
  const stays = await lookAtWorktree(path, bound)
  if (stays !== undefined) return stays
  if (await isHalfMade(path)) {
    const common = commonOf(path)
    await clearAttempt(path, record ?? unknownOf(common))
  } else if (existsSync(path) && !(await isEmpty(path))) {
    const common = commonOf(path)
    // Git looks once more by itself, and refuses what has changed since.
    const removed = await patientGit([...gitDir(common), 'worktree', 'remove', '--', path], bound)
    if (removed.fault !== undefined)
      return left(path, record?.branch, [`Git did not remove it (${sayingOf(removed)})`])
  }
  if (record !== undefined) await forget(path, record, bound)
  return undefined
}

/** Takes a worktree away with all that is in it. Its branch stays where it holds a commit of its own. */
export async function discardWorktree(
  path: string,
  record: WorktreeRecord | undefined,
  bound: GitBound,
): Promise<void> {
  const common = record?.common ?? commonOf(path)
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  if (record !== undefined) return forget(path, record, bound)
  if (common === '') return
  for (const admin of await registrationsOf(path, common))
    await rm(admin, { recursive: true, force: true, maxRetries: 3 })
}

/** What is left of a worktree whose folder is gone: its registration, and a branch with nothing on it. */
async function forget(path: string, record: WorktreeRecord, bound: GitBound): Promise<void> {
  // The lock of a branch is another git's here, and stays.
  await clearAttempt(path, { ...record, created: false })
  if (record.created) await dropBranch(record, bound)
}

async function dropBranch({ common, branch }: WorktreeRecord, bound: GitBound): Promise<void> {
  const ref = `refs/heads/${branch}`
  const run = (...args: readonly string[]) => quietGit([...gitDir(common), ...args], bound)
  const tip = await run('rev-parse', '--verify', '--quiet', ref)
  if (tip.fault !== undefined || (await checkedOutAt(common, ref, bound)) !== undefined) return
  const at = tip.output.trim()
  // What was reset away or amended is in the branch's own list of where it was, and goes with it.
  const listed = await readFile(join(common, 'logs', ref), 'utf8').catch(() => '')
  const others = [`--exclude=${branch}`, '--branches', '--tags', '--remotes']
  const own = await run(
    'rev-list',
    '-n1',
    '--ignore-missing',
    at,
    ...commitsIn(listed),
    '--not',
    ...others,
  )
  if (own.fault !== undefined || own.output.trim() !== '') return
  // Only as it was looked at: one that has moved since stays.
  await patientGit([...gitDir(common), 'update-ref', '-d', ref, at], bound)
}

/** Everything that would be lost, each in a few words. What cannot be looked at counts. */
async function findings(path: string, bound: GitBound): Promise<readonly string[]> {
  const here = hereIn(path, bound)
  const place = await here('rev-parse', '--path-format=absolute', '--git-dir', '--show-toplevel')
  const [admin = '', top = ''] = place.output.trimEnd().split('\n')
  if (place.fault !== undefined || !isSame(top, path))
    return [`what Git cannot look at (${place.fault ?? 'it is in another repository'})`]
  if (existsSync(join(admin, 'locked'))) return ['a lock that somebody put on it']
  const found = halfDone(admin).map((words) => `${words} that is half done`)
  const looks = [changesIn, flaggedIn, innerIn, commitsOnlyIn]
  for (const look of looks) {
    // oxlint-disable-next-line no-await-in-loop -- one git at a time
    const seen = await look({ path, admin, bound })
    if (typeof seen === 'string') return [...found, `what Git cannot look at (${seen})`]
    found.push(...seen)
  }
  return [...new Set(found)]
}

interface Look {
  readonly path: string
  readonly admin: string
  readonly bound: GitBound
}
/** What was found, or why it could not be looked for. */
type Seen = readonly string[] | string

async function changesIn({ path, bound }: Look): Promise<Seen> {
  const { fault, output, cut } = await hereIn(path, bound)(
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=normal',
    '--ignored=traditional',
    '--ignore-submodules=none',
  )
  if (fault !== undefined || cut) return fault ?? 'it says too much'
  const entries = output.split('\0').filter((entry) => entry !== '')
  const of = (test: (code: string) => boolean) =>
    entries.filter((entry) => test(entry.slice(0, 2))).map((entry) => entry.slice(3))
  return [
    ...counted(
      ['uncommitted change', 'uncommitted changes'],
      of((code) => code !== '??' && code !== '!!'),
    ),
    ...counted(
      ['untracked file or folder', 'untracked files or folders'],
      of((code) => code === '??'),
    ),
    ...ignored(of((code) => code === '!!')),
  ]
}

/** Files that git was told not to look at: what they hold is compared by an index that knows no such word. */
async function flaggedIn({ path, bound }: Look): Promise<Seen> {
  const listed = await hereIn(path, bound)('ls-files', '-v', '-z')
  if (listed.fault !== undefined || listed.cut) return listed.fault ?? 'it says too much'
  const flagged = listed.output.split('\0').filter((entry) => /^[a-zS] /.test(entry))
  const there = flagged
    .map((entry) => entry.slice(2))
    .filter((name) => lstatSync(join(path, name), { throwIfNoEntry: false })?.isFile() === true)
  const changed: string[] = []
  for (const name of there) {
    // oxlint-disable-next-line no-await-in-loop -- few files are ever flagged
    const [is, was] = await Promise.all([
      hereIn(path, bound)('hash-object', '--', name),
      hereIn(path, bound)('rev-parse', '--verify', '--quiet', `HEAD:${name}`),
    ])
    if (is.fault !== undefined || was.fault !== undefined || is.output !== was.output)
      changed.push(name)
  }
  return counted(
    ['change that Git was told not to see', 'changes that Git was told not to see'],
    changed,
  )
}

/** Repositories inside, submodules among them: git says nothing of one that lies in a tracked folder. */
async function innerIn({ path, admin, bound }: Look): Promise<Seen> {
  const listed = await hereIn(path, bound)('ls-files', '-z')
  if (listed.fault !== undefined || listed.cut) return listed.fault ?? 'it says too much'
  const folders = new Set<string>()
  for (const name of listed.output.split('\0')) {
    // A submodule is listed as a file is.
    for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      if (folders.has(at)) break
      folders.add(at)
    }
  }
  const inner = [...folders].filter((name) => existsSync(join(path, name, '.git')))
  const modules = (await readdir(join(admin, 'modules')).catch(() => [])).length > 0
  return inner.length === 0 && modules
    ? ['a submodule of its own']
    : counted(['repository inside it', 'repositories inside it'], inner)
}

/** Commits that go with the worktree: those that only its own names hold, or once held. */
async function commitsOnlyIn({ path, admin, bound }: Look): Promise<Seen> {
  const here = hereIn(path, bound)
  const refs = await here(
    'for-each-ref',
    '--format=%(objectname)',
    'refs/worktree',
    'refs/bisect',
    'refs/rewritten',
  )
  if (refs.fault !== undefined) return refs.fault
  const past = await readFile(join(admin, 'logs', 'HEAD'), 'utf8').catch(() => '')
  const on = await here('symbolic-ref', '--quiet', 'HEAD')
  const common = commonOf(path)
  // What the branch went through it remembers itself, and it stays.
  const held =
    on.fault === undefined
      ? await readFile(join(common, 'logs', on.output.trim()), 'utf8').catch(() => '')
      : ''
  const candidates = new Set([...commitsIn(refs.output), ...commitsIn(past)])
  const alone = await here(
    'rev-list',
    '--ignore-missing',
    'HEAD',
    ...candidates,
    '--not',
    '--branches',
    '--tags',
    '--remotes',
    ...commitsIn(held),
  )
  if (alone.fault !== undefined || alone.cut) return alone.fault ?? 'it says too much'
  const commits = alone.output.split('\n').filter((line) => line !== '')
  return counted(
    ['commit on no branch', 'commits on no branch'],
    commits.map((commit) => commit.slice(0, 10)),
  )
}

function commitsIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g) ?? [])].filter(
    (commit) => !/^0+$/.test(commit),
  )
}

function hereIn(path: string, bound: GitBound) {
  return (...args: readonly string[]) => quietGit(['-C', path, ...args], bound)
}

/** The Git folder that a worktree shares with the others of its repository. */
function commonOf(path: string): string {
  return repositoryOf(path)?.common ?? ''
}

/** Git was cut while it wrote the files of its last commit, and says so by its own lock: nobody has worked there yet. */
async function isHalfMade(path: string): Promise<boolean> {
  if (!isWorktree(path)) return false
  const [admin] = await registrationsOf(path, commonOf(path))
  if (admin === undefined) return false
  const lock = await readFile(join(admin, 'locked'), 'utf8').catch(() => '')
  return lock.trim() === 'initializing'
}

function unknownOf(common: string): WorktreeRecord {
  return { common, top: '', prefix: '', branch: '', created: false, base: '' }
}

async function isEmpty(path: string): Promise<boolean> {
  return (await readdir(path).catch(() => ['?'])).length === 0
}

/** The same folder, whatever its spelling. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => lstatSync(path, { throwIfNoEntry: false }))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function counted(
  [one, many]: readonly [string, string],
  names: readonly string[],
): readonly string[] {
  if (names.length === 0) return []
  const shown = names.slice(0, namesMax).join(', ')
  const more = names.length > namesMax ? ', …' : ''
  return [`${names.length === 1 ? `1 ${one}` : `${names.length} ${many}`} (${shown}${more})`]
}

function ignored(names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const shown = names.slice(0, namesMax).join(', ')
  return names.length === 1
    ? [`1 file or folder that Git ignores (${shown})`]
    : [`${names.length} files or folders that Git ignores, such as ${shown}`]
}

function left(path: string, branch: string | undefined, found: readonly string[]): Left {
  const what =
    found.length === 1 ? found[0] : `${found.slice(0, -1).join(', ')} and ${found.at(-1)}`
  const on = branch === undefined ? '' : `, on the branch ${branch}`
  const why = `The worktree stays, because it would take along what is nowhere else: ${what}. It is ${path}${on}; once you have what you want of it, "git worktree remove --force" removes it.`
  return { path, ...(branch === undefined ? {} : { branch }), why: why.slice(0, 2000) }
}
