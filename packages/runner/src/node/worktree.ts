/**
 * A worktree of the person's repository, made for one session: another folder of the same repository, on a branch of its own.
 *
 * Owns: making it, and what an attempt that was cut leaves behind. How it ends is `worktree-end.ts`; when it is made,
 * `workspace.ts`.
 *
 * Invariants:
 * - R-140 It is of the whole repository that the folder belongs to, from the commit that folder is on; no hook is run.
 * - R-141 What is to be made is written down before it is begun, so an attempt after a cut one knows what is its own: nothing
 *   else of the person's repository is cleared away, and never a worktree of theirs.
 * - R-142 A lock of somebody else's git is waited for within the bound.
 */
import { existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@belay/protocol'
import { git, type GitEnd, isLocked } from './git.ts'

/** What a worktree was made of, kept beside the runner's files from before it is there. */
export interface WorktreeRecord {
  /** The Git folder of the person's repository, shared by all its worktrees. */
  readonly common: string
  /** Where the person's own working tree is. */
  readonly top: string
  /** The folder that was asked for, seen from there; empty for the top itself. */
  readonly prefix: string
  readonly branch: string
  /** The branch was not there before. */
  readonly created: boolean
  /** The commit it was made from. */
  readonly base: string
}

export interface GitBound {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly msMax: number
}

/** Where a worktree begins: a repository that can have one, as somebody stands in it. */
export interface Origin {
  readonly common: string
  readonly top: string
  readonly prefix: string
  /** Absent: on no branch. */
  readonly branch: string | undefined
  readonly base: string
}

/** How often a lock of another git is tried again. */
const lockPollMs = 200
/** The most that looking for uncommitted work may take: it is only for a word about it. */
const statusMsMax = 5000

/** Git in a repository of the person's: none of its hooks, and no helper of it, is run for us. */
export function quietGit(args: readonly string[], bound: GitBound): Promise<GitEnd> {
  const off = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'gc.auto=0']
  return git([...off.flatMap((setting) => ['-c', setting]), ...args], {
    ...bound,
    msMax: Math.max(1, bound.msMax),
    variables: { GIT_OPTIONAL_LOCKS: '0' },
  })
}

/** The same, tried again while another git holds a lock it needs. @param onWait told once, with what git says */
export async function patientGit(
  args: readonly string[],
  bound: GitBound,
  onWait?: (fault: string) => void,
): Promise<GitEnd> {
  const until = performance.now() + bound.msMax
  let waited: GitEnd | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
    const end = await quietGit(args, { ...bound, msMax: until - performance.now() })
    // Which lock it was says more than that the time was over.
    if (end.end.type === 'late') return waited ?? end
    if (end.fault === undefined || !isLocked(end) || bound.signal.aborted) return end
    if (performance.now() + lockPollMs > until) return end
    if (waited === undefined) onWait?.(sayingOf(end))
    waited = end
    // oxlint-disable-next-line no-await-in-loop
    await sleep(lockPollMs)
  }
}

/** @returns where a worktree of the folder begins, or why none can be made of it, in a sentence */
export async function originAt(folder: string, bound: GitBound): Promise<Origin | string> {
  const ask = (...args: readonly string[]) => quietGit(['-C', folder, ...args], bound)
  const inside = await ask('rev-parse', '--is-inside-work-tree')
  if (inside.end.type === 'exited' && inside.fault !== undefined)
    return /not a git repository/i.test(inside.fault)
      ? `${folder} is in no Git repository, so it has no worktree: run "git init" and commit there, or work in the folder itself.`
      : `Git does not take ${folder} as a repository: ${inside.fault}`
  if (inside.fault !== undefined) return `Git does not answer in ${folder}: ${inside.fault}`
  if (inside.output.trim() !== 'true')
    return `${folder} is a bare repository, or inside one: clone it, with --repo, instead of a worktree.`
  const [top, common, prefix, commit, on] = await Promise.all([
    ask('rev-parse', '--show-toplevel'),
    ask('rev-parse', '--path-format=absolute', '--git-common-dir'),
    ask('rev-parse', '--show-prefix'),
    ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}'),
    ask('symbolic-ref', '--short', '--quiet', 'HEAD'),
  ])
  const fault = top.fault ?? common.fault ?? prefix.fault
  if (fault !== undefined) return `Git does not say which repository ${folder} is of: ${fault}`
  if (commit.fault !== undefined)
    return `The repository of ${folder} has no commit yet, so there is nothing to make a worktree of: commit something first, or work in the folder itself.`
  const base = commit.output.trim()
  const sub = lineOf(prefix).replace(/\/$/, '')
  if (sub !== '' && (await ask('cat-file', '-e', `${base}:${sub}`)).fault !== undefined)
    return `${folder} is not in the last commit of its repository, so it would be missing in a worktree: commit it first, or work in the folder itself.`
  return {
    top: lineOf(top),
    common: lineOf(common),
    prefix: sub,
    branch: on.fault === undefined ? lineOf(on) : undefined,
    base,
  }
}

/** A path as git prints it: it may hold spaces, and ends with one line feed. */
function lineOf({ output }: GitEnd): string {
  return output.replace(/\n$/, '')
}

export interface MakeOptions extends GitBound {
  /** Where it goes. */
  readonly path: string
  readonly origin: Origin
  readonly branch: string
  readonly recordFile: string
  readonly onWait: (fault: string) => void
}

/** Makes the worktree. What an attempt before left must be cleared. @returns what is wrong, in a sentence */
export async function makeWorktree(options: MakeOptions): Promise<string | undefined> {
  const { path, origin, branch, recordFile, onWait } = options
  const { common, top, prefix, base } = origin
  const ref = `refs/heads/${branch}`
  const exists = (await inRepository(common, ['show-ref', '--verify', '--quiet', ref], options))
    .fault
  const there = exists === undefined
  const elsewhere = there ? await checkedOutAt(common, ref, options) : undefined
  if (elsewhere !== undefined)
    return `The branch ${branch} is checked out in ${elsewhere}, and a branch can be in one worktree at a time: choose another branch, or check out another one there.`
  const before = readRecord(recordFile)
  const own = before?.created === true && before.branch === branch && before.common === common
  const record = { common, top, prefix, branch, created: own || !there, base }
  writeRecord(recordFile, record)
  const args = there ? ['--', path, branch] : ['--no-track', '-b', branch, '--', path, base]
  const made = await patientGit(
    [...gitDir(common), 'worktree', 'add', '--quiet', ...args],
    options,
    onWait,
  )
  if (made.fault === undefined) return undefined
  return `The worktree could not be made: ${sayingOf(made)}`
}

/** What git says went wrong. After a lock it goes on with advice, which is not the fault. */
export function sayingOf({ fault, lines }: GitEnd): string {
  return lines.find((line) => /^(fatal|error): /.test(line)) ?? fault ?? ''
}

function inRepository(common: string, args: readonly string[], bound: GitBound): Promise<GitEnd> {
  return quietGit([...gitDir(common), ...args], bound)
}

/** The repository itself, whatever became of the person's folder in it. */
export function gitDir(common: string): readonly string[] {
  return [`--git-dir=${common}`]
}

/** @returns the working tree that has a branch checked out */
export async function checkedOutAt(
  common: string,
  ref: string,
  bound: GitBound,
): Promise<string | undefined> {
  const list = ['worktree', 'list', '--porcelain']
  const { output, fault } = await inRepository(common, list, bound)
  if (fault !== undefined) return `a place that Git does not tell (${fault})`
  const holder = output.split('\n\n').find((entry) => entry.split('\n').includes(`branch ${ref}`))
  return holder?.split('\n')[0]?.replace(/^worktree /, '')
}

/** How much of the person's work is in no commit, and so in no worktree. `undefined`: it could not be looked at. */
export async function uncommittedIn(top: string, bound: GitBound): Promise<number | undefined> {
  const msMax = Math.min(statusMsMax, bound.msMax)
  const args = ['-C', top, 'status', '--porcelain', '-z', '--no-renames']
  const { fault, output, cut } = await quietGit(args, { ...bound, msMax })
  if (fault !== undefined || cut) return undefined
  return output.split('\0').filter((entry) => entry !== '').length
}

/** Removes what an attempt that was cut left: of the folder, of its registration, of its branch's lock. */
export async function clearAttempt(path: string, record: WorktreeRecord): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
  for (const admin of await registrationsOf(path, record.common))
    await rm(admin, { recursive: true, force: true, maxRetries: 3 })
  // Git removes it when it is empty, and so do we; one with worktrees of the person's in it stays.
  await rmdir(join(record.common, 'worktrees')).catch(() => undefined)
  if (record.created)
    await rm(join(record.common, 'refs', 'heads', `${record.branch}.lock`), { force: true })
}

/** Where the repository keeps what it knows of a worktree: by the folder it names, as names are given again and again. */
export async function registrationsOf(path: string, common: string): Promise<readonly string[]> {
  const folder = join(common, 'worktrees')
  const names = await readdir(folder).catch(() => [])
  const wanted = join(realPathOf(dirname(path)), basename(path), '.git')
  const found: string[] = []
  for (const name of names) {
    const admin = join(folder, name)
    // oxlint-disable-next-line no-await-in-loop -- a handful of small files
    const text = await readFile(join(admin, 'gitdir'), 'utf8').catch(() => undefined)
    if (text === undefined) {
      // Git names it after the folder, and was cut before it wrote where that is.
      if (name === basename(path)) found.push(admin)
      continue
    }
    const told = resolve(admin, text.replace(/\n$/, ''))
    if (join(realPathOf(dirname(dirname(told))), basename(dirname(told)), '.git') === wanted)
      found.push(admin)
  }
  return found
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

export function recordFileOf(runnerFolder: string): string {
  return join(runnerFolder, 'worktree.json')
}

/** @returns `undefined` when there is none that can be read */
export function readRecord(path: string): WorktreeRecord | undefined {
  if (!existsSync(path)) return undefined
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function writeRecord(path: string, record: WorktreeRecord): void {
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

function isRecord(value: unknown): value is WorktreeRecord {
  if (typeof value !== 'object' || value === null) return false
  const fields = Object.entries(value)
  const has = (name: string, type: string) =>
    fields.some(([key, field]) => key === name && typeof field === type)
  return (
    ['common', 'top', 'prefix', 'branch', 'base'].every((name) => has(name, 'string')) &&
    has('created', 'boolean')
  )
}

/** The branch of a session that was named none: readable, and nobody else's. */
export function branchFor(title: string, session: string): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, slugCharsMax)
    .replace(/^-+|-+$/g, '')
  const id = session.length > idCharsMax ? session.slice(-idCharsMax) : session
  return `belay/${words === '' ? '' : `${words}-`}${id}`.slice(0, limits.branchCharsMax)
}

const slugCharsMax = 40
const idCharsMax = 10
