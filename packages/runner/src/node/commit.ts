/**
 * The finish of a turn: what it changed, committed to the branch the folder is on and, where asked for, pushed.
 *
 * Owns: the order, and what a person is told. `commit-ground.ts` says where, `commit-stage.ts` what, `push.ts` pushes.
 *
 * - R-38 Whatever goes wrong here is a warning on a finished turn.
 * - R-108 After a commit the person's own index stands on it for the files that were committed, and what they had staged
 *   is still staged.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Finish, type FinishResult, limits } from '@belay/protocol'
import { shown } from '../tree/name.ts'
import {
  entriesOf,
  type Entries,
  type Entry,
  indexInfo,
  merged,
  sameEntry,
} from './commit-entries.ts'
import type { Changed } from './commit-changes.ts'
import { type Ground, groundOf, must, type Run, runner, Uncommitted } from './commit-ground.ts'
import { type Left, stage } from './commit-stage.ts'
import { type Credential, isLocked } from './git.ts'
import { pushCommit } from './push.ts'

export interface CommitOptions {
  readonly folder: string
  readonly finish: Finish
  /** The prompt. */
  readonly text: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credential: Credential | undefined
  readonly signal: AbortSignal
  readonly msMax: number
  /** What the turns changed. Absent: everything below the folder that differs from the last commit. */
  readonly changed?: readonly Changed[] | undefined
  /** The address of the settings. Without one it is pushed to the folder's own remote, as a person would. */
  readonly url?: string | undefined
  /** A folder to make our own files in. Default: the system's for what is temporary. */
  readonly scratch?: string | undefined
}

/** @returns `undefined` when there was nothing to commit. It never throws. */
export async function commitTurn(options: CommitOptions): Promise<FinishResult | undefined> {
  const { scratch: parent = tmpdir() } = options
  let scratch: string | undefined
  try {
    // Not what is above it: the folder of a session that was deleted is not brought back.
    if (!existsSync(parent)) await mkdir(parent, { mode: 0o700 })
    scratch = await mkdtemp(join(parent, 'commit-'))
    return await commitIn(options, scratch)
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error)
    return { warning: sentence('Nothing was committed', options.signal.aborted ? stopped : fault) }
  } finally {
    // What stays of it is in a folder of ours and goes with that.
    if (scratch !== undefined)
      await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

const stopped = 'a person stopped it.'

/** @throws Uncommitted */
async function commitIn(
  options: CommitOptions,
  scratch: string,
): Promise<FinishResult | undefined> {
  const { folder, finish, signal, changed } = options
  const run = runner(options, performance.now() + options.msMax)
  const ground = await groundOf(run, folder)
  const staging = { run, ground, scratch }
  const staged = await stage(staging, changed)
  const notes = leftWords(staged.left)
  if (staged.names.length === 0)
    return notes.length === 0
      ? undefined
      : { warning: sentence('Nothing was committed', notes.join(' ')) }
  const { commit, cut } = await commitIndex(options, { run, ground, index: staged.index })
  // It is made: from here on a stop may not leave the person's index behind.
  const sure = runner(
    { env: options.env, signal: new AbortController().signal },
    performance.now() + (signal.aborted ? hurriedMsMax : afterMsMax),
  )
  const syncing = { run: sure, ground, scratch, commit }
  notes.push(...(await syncIndex(syncing).catch((error: unknown) => [unsynced(error)])))
  if (cut)
    notes.push(
      `The commit was made, and what was to follow it was ended: ${signal.aborted ? stopped : 'it took too long.'}`,
    )
  const done = { commit, branch: ground.branch }
  if (finish.push !== true || cut) return { ...done, ...warningOf(notes) }
  const fault = await pushed(options, { run, ground, scratch, commit })
  if (fault === undefined) return { ...done, pushed: true, ...warningOf(notes) }
  const what = sentence('The commit was made and not pushed', signal.aborted ? stopped : fault)
  return { ...done, pushed: false, ...warningOf([what, ...notes]) }
}

/** What the person's index is brought onto the commit within; less while a person waits for the end of the turn. */
const afterMsMax = 30_000
const hurriedMsMax = 4000

interface Making {
  readonly run: Run
  readonly ground: Ground
  readonly index: string
}

/** @returns the commit, and whether git was ended when it had made it already. @throws Uncommitted */
async function commitIndex(
  options: CommitOptions,
  { run, ground, index }: Making,
): Promise<{ readonly commit: string; readonly cut: boolean }> {
  const here = ['-C', ground.top]
  const author = await authorArgs(run, ground.top)
  const message = options.finish.message ?? subjectOf(options.text)
  const still = await run([...here, 'rev-parse', '--verify', '--quiet', 'HEAD'])
  if ((still.output.trim() || undefined) !== ground.head)
    throw new Uncommitted('somebody else committed at the same moment.')
  const made = await run([...here, ...author, 'commit', '--quiet', '-m', message], {
    variables: { GIT_INDEX_FILE: index },
  })
  const sure = { signal: new AbortController().signal }
  const head = await run([...here, 'rev-parse', '--verify', '--quiet', 'HEAD'], sure)
  const commit = head.output.trim()
  if (made.fault === undefined) return { commit, cut: false }
  // What follows a commit (a hook, say) can fail or be ended, and the commit is there all the same.
  const tree = await run([...here, 'rev-parse', '--verify', '--quiet', 'HEAD^{tree}'], sure)
  const ours = await run([...here, 'write-tree'], { ...sure, variables: { GIT_INDEX_FILE: index } })
  const isMade = commit !== (ground.head ?? '') && tree.output === ours.output
  if (!isMade) throw new Uncommitted(made.fault)
  return { commit, cut: true }
}

interface Syncing {
  readonly run: Run
  readonly ground: Ground
  readonly scratch: string
  readonly commit: string
}

/** @returns what a person should know. @throws Uncommitted */
async function syncIndex(syncing: Syncing): Promise<string[]> {
  const { run, ground } = syncing
  const here = ['-C', ground.top]
  const { edits, staged } = await indexEdits(syncing)
  if (edits.size > 0) {
    const args = [...here, 'update-index', '-z', '--index-info']
    for (let tries = 1; ; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
      const end = await run(args, { input: indexInfo(edits, ground.base) })
      if (end.fault === undefined) break
      if (!isLocked(end) || tries === lockTries) throw new Uncommitted(end.fault)
      // oxlint-disable-next-line no-await-in-loop
      await sleep(lockWaitMs)
    }
    // Files that differ make it fail, and say nothing new.
    await run([...here, 'update-index', '-q', '--refresh'])
  }
  return staged.length === 0
    ? []
    : [`${listed(staged)}: what you have staged was left as it is, without what was committed.`]
}

/** Another command of a person holds the index for moments. */
const lockTries = 20
const lockWaitMs = 100

async function indexEdits({ run, ground, scratch, commit }: Syncing) {
  const { top, base } = ground
  const list = async (args: readonly string[]) => (await must(run(['-C', top, ...args]))).bytes
  const present = entriesOf(await list(['ls-files', '--stage', '-z']))
  const { before, after } = committed(
    await list(['diff-tree', '-r', '-z', '--no-renames', base, commit]),
  )
  const edits = new Map<string, Entry | undefined>()
  const staged: string[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const sides = { onto: present.get(name), before: before.get(name), after: after.get(name) }
    if (sameEntry(sides.onto, sides.after)) continue
    if (sameEntry(sides.onto, sides.before)) edits.set(name, sides.after)
    else {
      // oxlint-disable-next-line no-await-in-loop -- few files are staged and committed
      const both = await merged({ run, top, scratch }, sides)
      if (both === undefined) staged.push(name)
      else edits.set(name, both)
    }
  }
  return { edits, staged }
}

/** @param raw `:<mode> <mode> <blob> <blob> <status>\0<name>\0`, with zeros for what is not there */
function committed(raw: Buffer): { readonly before: Entries; readonly after: Entries } {
  const before = new Map<string, Entry>()
  const after = new Map<string, Entry>()
  const parts = raw.toString('latin1').split('\0')
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [oldMode = '', mode = '', oldBlob = '', blob = ''] = (parts[index] ?? '')
      .slice(1)
      .split(' ')
    const name = parts[index + 1] ?? ''
    if (oldMode !== '000000') before.set(name, { mode: oldMode, blob: oldBlob })
    if (mode !== '000000') after.set(name, { mode, blob })
  }
  return { before, after }
}

interface Pushing {
  readonly run: Run
  readonly ground: Ground
  readonly scratch: string
  readonly commit: string
}

/** @returns what went wrong */
async function pushed(
  { credential, url = credential?.url }: CommitOptions,
  { run, ground: { top, branch }, scratch, commit }: Pushing,
): Promise<string | undefined> {
  const to = `${commit}:refs/heads/${branch}`
  // A folder of the person's own: their remote, settings, hooks and keys, and no token of ours.
  if (url === undefined) return (await run(['-C', top, 'push', '--quiet', 'origin', to])).fault
  try {
    return (await pushCommit(run, { top, commit, branch, url, credential, scratch })).fault
  } catch (error) {
    if (error instanceof Uncommitted) return error.message
    throw error
  }
}

/** Whoever has set no name commits as Belay. */
async function authorArgs(run: Run, top: string): Promise<readonly string[]> {
  const { fault } = await run(['-C', top, 'config', 'user.email'])
  return fault === undefined ? [] : ['-c', 'user.name=Belay', '-c', 'user.email=belay@localhost']
}

function leftWords({ lines, inner, link }: Left): string[] {
  return [
    ...about(lines, 'holds uncommitted work of yours on the same lines; it was not committed.'),
    ...about(inner, 'lies in a repository of its own; it was not committed.'),
    ...about(link, 'lies behind a link; it was not committed.'),
  ]
}

function about(names: readonly string[], what: string): readonly string[] {
  return names.length === 0 ? [] : [`${listed(names)} ${what}`]
}

const namesTold = 5

function listed(names: readonly string[]): string {
  const first = names
    .slice(0, namesTold)
    .map((name) => shown(name).path)
    .join(', ')
  return names.length > namesTold ? `${first} and ${names.length - namesTold} more` : first
}

function unsynced(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error)
  return `The commit was made, but your index was not brought onto it, so "git status" shows its files as staged; "git reset" mends that: ${why}`
}

function warningOf(notes: readonly string[]): Pick<FinishResult, 'warning'> {
  return notes.length === 0 ? {} : { warning: notes.join(' ').slice(0, 2000) }
}

function sentence(what: string, fault: string): string {
  return `${what}: ${fault}`.slice(0, 2000)
}

const subjectCharsMax = 72

function subjectOf(text: string): string {
  const line = text.trim().split('\n')[0] ?? ''
  const subject = line.length > subjectCharsMax ? `${line.slice(0, subjectCharsMax - 1)}…` : line
  return (subject || 'Changes of a turn').slice(0, limits.commitCharsMax)
}
