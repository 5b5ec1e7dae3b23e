/**
 * The folder an agent works in, made ready step by step: one of the person's own, or a clone or worktree that belongs to the
 * session.
 *
 * Owns: the steps and their order. `checkpoints.ts` brings back what a lost clone or worktree held; `worktree.ts` makes one.
 *
 * Invariants:
 * - R-17 A folder of the person's own is only looked at, but for the setup commands they asked for.
 * - R-145 A folder that is a data folder, or lies in one, is worked in by nobody.
 * - R-18 A clone is stamped as the last step, its setup included; without its stamp it is made again from nothing.
 * - R-102 A command that is given a token writes no files of a work tree: those are written behind it, without.
 * - R-19 No word of a person is ever read by a shell, or as an option, but for their setup commands, which are shell.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  isOwned,
  limits,
  type PreparationStep,
  type ReportOf,
  type Setup,
  type StepBounds,
  type Workspace,
} from '@belay/protocol'
import type { Problem } from '../input.ts'
import { checkDisk } from './disk.ts'
import {
  type Credential,
  git,
  type GitEnd,
  type GitOptions,
  isNetworkFault,
  pinned,
  takesToken,
} from './git.ts'
import { dataFolderRefusal } from './own-files.ts'
import { runSetup } from './setup.ts'
import { readStamp, type Stamp, stampOf, writeStamp } from './stamp.ts'
import { endWorktree, isWorktree } from './worktree-end.ts'
import {
  branchFor,
  clearAttempt,
  makeWorktree,
  readRecord,
  recordFileOf,
  type Origin,
  originAt,
  uncommittedIn,
} from './worktree.ts'

export interface PrepareOptions {
  readonly workspace: Workspace
  readonly setup: Setup
  /** Opens the repository. */
  readonly token: string | undefined
  /** Where a clone goes. */
  readonly cloneFolder: string
  /** Of a folder of the person's own: where it is kept that its setup was done. */
  readonly stampFile: string
  readonly bounds: StepBounds
  readonly diskFreeBytesMin: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends what is under way. */
  readonly signal: AbortSignal
  readonly onStep: (report: ReportOf<'step'>) => void
  /** Puts into a fresh clone what the session's checkpoints hold of a lost one. @returns whether there was something */
  readonly recover: (folder: string) => Promise<boolean>
}

export interface Prepared {
  readonly folder: string
  readonly branch: string | undefined
  readonly workspace: 'kept' | 'cloned' | 'made' | 'restored'
  /** What a person should know of it. */
  readonly notes?: readonly string[]
}

type Repository = Extract<Workspace, { type: 'repository' }>
type Folder = Extract<Workspace, { type: 'folder' }>

/** Tries of a clone: the first and at most two more, after what the network did. */
const cloneTries = 3
/** Progress is told at most this often: each is a report. */
const progressMs = 1000

/** Thrown by a step that failed; the ones behind it are not begun. */
class StepFailed extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

export async function prepareWorkspace(
  options: PrepareOptions,
): Promise<Prepared | { readonly problem: Problem }> {
  try {
    return await prepare(options)
  } catch (error) {
    if (error instanceof StepFailed) return { problem: error.problem }
    const message = `The workspace could not be prepared: ${String(error)}`.slice(0, 2000)
    return { problem: { step: 'workspace', code: 'workspace-failed', message } }
  }
}

async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { workspace, cloneFolder, bounds, diskFreeBytesMin } = options
  const place = isOwned(workspace) || workspace.type !== 'folder' ? cloneFolder : workspace.path
  await step(options, 'disk', async () => {
    const looked = await checkDisk(place, {
      freeBytesMin: diskFreeBytesMin,
      msMax: bounds.workspaceMs,
    })
    if ('problem' in looked) throw new StepFailed(looked.problem)
    return `${looked.free} free`
  })
  if (workspace.type === 'repository') return prepareClone(options, workspace)
  return workspace.worktree === undefined
    ? prepareFolder(options, workspace.path)
    : prepareWorktree(options, workspace)
}

/** Says that a step begins, and that it is done, with a word about it. A failure is told by who catches it. */
async function step(
  { onStep }: PrepareOptions,
  name: PreparationStep,
  run: () => Promise<string | undefined> | string | undefined,
): Promise<void> {
  onStep({ type: 'step', step: name, status: 'started' })
  const detail = (await run())?.slice(0, 2000)
  onStep({
    type: 'step',
    step: name,
    status: 'done',
    ...(detail === undefined ? {} : { detail }),
  })
}

async function prepareFolder(options: PrepareOptions, folder: string): Promise<Prepared> {
  const { workspace, setup, stampFile } = options
  await step(options, 'workspace', () => {
    const message = folderFault(folder)
    if (message !== undefined)
      throw new StepFailed({ step: 'workspace', code: 'workspace-failed', message })
    return folder
  })
  const wanted = stampOf(workspace, setup)
  const stamp = readStamp(stampFile)
  if (setup.length > 0 && !same(stamp, wanted)) {
    await setUp(options, folder)
    writeStamp(stampFile, wanted)
  }
  return { folder, branch: await branchOf(folder, options), workspace: 'kept' }
}

function folderFault(path: string): string | undefined {
  const refusal = dataFolderRefusal(path)
  if (refusal !== undefined) return refusal
  try {
    if (!statSync(path).isDirectory()) return `${path} is not a folder.`
    accessSync(path, constants.R_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return missing
      ? `There is no folder ${path} on this machine.`
      : `The folder ${path} cannot be read.`
  }
}

async function prepareWorktree(options: PrepareOptions, asked: Folder): Promise<Prepared> {
  const { cloneFolder, setup, stampFile, recover } = options
  const wanted = stampOf(asked, setup)
  const stamp = readStamp(stampFile)
  const kept = stamp?.workspace === wanted.workspace && holdsSomething(cloneFolder)
  let origin: Origin | undefined
  await step(options, 'workspace', async () => {
    if (kept) return 'as it was left'
    origin = await originOf(asked.path, options)
    await clearPlace(options, stamp !== undefined)
    mkdirSync(dirname(cloneFolder), { recursive: true, mode: 0o700 })
    await rm(stampFile, { force: true })
    return origin.top
  })
  let made: Made | undefined
  if (origin !== undefined) made = await stepWorktree(options, asked, origin)
  const restored = made !== undefined && stamp !== undefined && (await recover(cloneFolder))
  const folder = join(cloneFolder, readRecord(recordOf(options))?.prefix ?? '')
  mkdirSync(folder, { recursive: true })
  if (setup.length > 0 && !(kept && same(stamp, wanted))) await setUp(options, folder)
  if (!same(stamp, wanted) || !kept) writeStamp(stampFile, wanted)
  const branch = await branchOf(cloneFolder, options)
  const workspace = kept ? 'kept' : restored ? 'restored' : 'made'
  return { folder, branch, workspace, ...(made === undefined ? {} : { notes: made.notes }) }
}

interface Made {
  readonly notes: readonly string[]
}

/** Makes the worktree, and says what of the person's work it does not hold. */
async function stepWorktree(
  options: PrepareOptions,
  { worktree, path }: Folder,
  origin: Origin,
): Promise<Made> {
  const { cloneFolder, env, signal, bounds, onStep } = options
  const bound = { env, signal, msMax: bounds.branchMs }
  const named = worktree === true ? undefined : worktree?.branch
  const branch = named ?? branchFor('', basename(cloneFolder))
  const notes: string[] = []
  await step(options, 'worktree', async () => {
    const fault = await makeWorktree({
      ...bound,
      path: cloneFolder,
      origin,
      branch,
      recordFile: recordOf(options),
      onWait: (said) =>
        onStep({
          type: 'step',
          step: 'worktree',
          status: 'progress',
          detail: `Another git is at work in ${origin.top} and is waited for: ${said}`.slice(
            0,
            2000,
          ),
        }),
    })
    if (fault !== undefined)
      throw new StepFailed({ step: 'worktree', code: 'worktree-failed', message: sentence(fault) })
    const uncommitted = await uncommittedIn(origin.top, bound)
    if (uncommitted !== 0) notes.push(uncommittedNote(origin.top, uncommitted))
    if (existsSync(join(cloneFolder, '.gitmodules')))
      notes.push(`The submodules of ${path} are not checked out in the worktree.`)
    const from = `${origin.branch ?? 'the commit'} at ${origin.base.slice(0, 10)}`
    return [`${branch}, from ${from}.`, ...notes].join(' ')
  })
  return { notes }
}

function uncommittedNote(top: string, count: number | undefined): string {
  const what =
    count === undefined
      ? 'What is not committed'
      : count === 1
        ? 'The uncommitted change'
        : `The ${count} uncommitted changes`
  return `${what} in ${top} ${count === 1 || count === undefined ? 'is' : 'are'} not in the worktree, which begins from the last commit.`
}

/** The repository of the folder that was asked for. @throws what keeps a worktree from being made of it */
async function originOf(path: string, options: PrepareOptions): Promise<Origin> {
  const { env, signal, bounds } = options
  const fault = folderFault(path)
  const found = fault ?? (await originAt(path, { env, signal, msMax: bounds.workspaceMs }))
  if (typeof found !== 'string') return found
  throw new StepFailed({
    step: 'workspace',
    code: 'workspace-failed',
    message: found.slice(0, 2000),
  })
}

/**
 * Clears the session's own place for another workspace.
 * @param complete what is there was once whole, and an agent may have worked in it
 * @throws when it holds what is nowhere else
 */
async function clearPlace(options: PrepareOptions, complete: boolean): Promise<void> {
  const { cloneFolder, env, signal, bounds } = options
  const record = readRecord(recordOf(options))
  if (record !== undefined && !complete) await clearAttempt(cloneFolder, record)
  else if (record !== undefined || isWorktree(cloneFolder)) {
    const left = await endWorktree(cloneFolder, record, { env, signal, msMax: bounds.branchMs })
    if (left !== undefined)
      throw new StepFailed({
        step: 'workspace',
        code: 'workspace-failed',
        message: `The session cannot move to another place yet. ${left.why}`.slice(0, 2000),
      })
  }
  await rm(recordOf(options), { force: true })
  await rm(cloneFolder, { recursive: true, force: true, maxRetries: 3 })
}

function recordOf({ stampFile }: PrepareOptions): string {
  return recordFileOf(dirname(stampFile))
}

/** Whatever is in it: what an agent has worked in is never made again over that. */
function holdsSomething(path: string): boolean {
  return existsSync(path) && readdirSync(path).length > 0
}

async function prepareClone(options: PrepareOptions, repository: Repository): Promise<Prepared> {
  const { cloneFolder, setup, recover } = options
  const wanted = stampOf(repository, setup)
  const stampFile = join(cloneFolder, '.git', 'belay-complete')
  const stamp = readStamp(stampFile)
  const kept = stamp?.workspace === wanted.workspace
  await step(options, 'workspace', async () => {
    if (kept) return 'as it was left'
    // What another attempt left is nothing to build on.
    await clearPlace(options, existsSync(options.stampFile))
    mkdirSync(dirname(cloneFolder), { recursive: true, mode: 0o700 })
    return undefined
  })
  let restored = false
  if (!kept) {
    await step(options, 'clone', async () => {
      await clone(options, repository)
      return undefined
    })
    await step(options, 'branch', async () => {
      await checkOut(options, repository)
      restored = await recover(cloneFolder)
      return branchOf(cloneFolder, options)
    })
  }
  if (setup.length > 0 && !same(stamp, wanted)) await setUp(options, cloneFolder)
  if (!same(stamp, wanted)) writeStamp(stampFile, wanted)
  const branch = await branchOf(cloneFolder, options)
  return {
    folder: cloneFolder,
    branch,
    workspace: kept ? 'kept' : restored ? 'restored' : 'cloned',
  }
}

function same(stamp: Stamp | undefined, wanted: Stamp): boolean {
  return stamp?.workspace === wanted.workspace && stamp.setup === wanted.setup
}

async function setUp(options: PrepareOptions, folder: string): Promise<void> {
  const { setup, env, signal, bounds, onStep } = options
  const problem = await runSetup({ setup, folder, env, signal, setupMs: bounds.setupMs, onStep })
  if (problem !== undefined) throw new StepFailed(problem)
}

/** The repository as it is there, tried again when only the way failed. */
async function clone(options: PrepareOptions, repository: Repository): Promise<void> {
  const { cloneFolder, onStep } = options
  const until = performance.now() + options.bounds.cloneMs
  for (let attempt = 1; ; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
    const end = await cloneOnce(options, repository, until - performance.now())
    if (end.fault === undefined) return
    const again = attempt < cloneTries && isNetworkFault(end) && performance.now() < until
    if (!again) throw cloneFailed(end, attempt)
    onStep({
      type: 'step',
      step: 'clone',
      status: 'progress',
      detail: `Try ${attempt + 1} of ${cloneTries}, because: ${end.fault}`.slice(0, 2000),
    })
    // oxlint-disable-next-line no-await-in-loop
    await rm(cloneFolder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The token is for what comes over the network alone: files are written behind it, without, as they may run filters. */
async function cloneOnce(
  options: PrepareOptions,
  repository: Repository,
  msMax: number,
): Promise<GitEnd> {
  const { cloneFolder } = options
  const { url, branch, ref, shallow } = repository
  const depth = shallow === true ? ['--depth', '1'] : []
  // A name such as `refs/pull/12/head` is no branch and no tag: it is fetched by itself.
  const named = branch ?? ref?.replace(/^refs\/(?:heads|tags)\//, '')
  const full = named?.startsWith('refs/') === true ? named : undefined
  const what = full === undefined && named !== undefined ? ['--branch', named] : []
  const credential = credentialOf(repository, options.token)
  const pin = takesToken(credential) ? pinned(url) : { name: url, settings: [] }
  const until = performance.now() + msMax
  const left = () => ({ msMax: Math.max(1, until - performance.now()) })
  const far = () => ({ ...left(), credential, settings: pin.settings })
  const cloned = await gitStep(
    options,
    ['clone', '--progress', '--no-checkout', ...depth, ...what, '--', pin.name, cloneFolder],
    far(),
  )
  if (cloned.fault !== undefined) return cloned
  const here = ['-C', cloneFolder]
  const origin = await gitStep(options, [...here, 'config', 'remote.origin.url', url], left())
  if (origin.fault !== undefined) return origin
  if (full === undefined) return writeFiles(options, left)
  const fetched = await gitStep(
    options,
    [...here, 'fetch', '--progress', ...depth, '--', pin.name, `+${full}:refs/belay/start`],
    far(),
  )
  if (fetched.fault !== undefined) return fetched
  return writeFiles(options, left, ['--detach', 'refs/belay/start'])
}

function cloneFailed({ fault, lines }: GitEnd, tries: number): StepFailed {
  const after = tries === 1 ? '' : ` after ${tries} tries`
  const message = sentence(`The repository could not be cloned${after}: ${fault ?? ''}`)
  return new StepFailed({ step: 'clone', code: 'clone-failed', message, stderr: [...lines] })
}

/** What git says ends with no full stop. */
function sentence(text: string): string {
  return `${text.slice(0, 1999).replace(/[.\s]+$/, '')}.`
}

async function checkOut(options: PrepareOptions, { workBranch }: Repository): Promise<void> {
  if (workBranch === undefined) return
  const { cloneFolder, env, signal, bounds } = options
  const { fault, lines } = await git(
    ['-C', cloneFolder, 'checkout', '--quiet', '--no-track', '-b', workBranch],
    { env, signal, msMax: bounds.branchMs },
  )
  if (fault === undefined) return
  const message = sentence(`The branch ${workBranch} could not be made: ${fault}`)
  throw new StepFailed({ step: 'branch', code: 'branch-failed', message, stderr: [...lines] })
}

/** The files of what was cloned. What Git LFS cannot fetch without the token stays a pointer, and that is said. */
async function writeFiles(
  options: PrepareOptions,
  left: () => { readonly msMax: number },
  what: readonly string[] = [],
): Promise<GitEnd> {
  const { cloneFolder, onStep } = options
  const here = ['-C', cloneFolder]
  const head = await gitStep(
    options,
    [...here, 'rev-parse', '--quiet', '--verify', what.at(-1) ?? 'HEAD'],
    left(),
  )
  // A repository without a commit has no files.
  if (head.end.type === 'exited' && head.end.code === 1) return { ...head, fault: undefined }
  const args = [...here, 'checkout', '--quiet', '--force', ...what]
  const written = await gitStep(options, args, left())
  if (written.fault === undefined || !written.lines.some((line) => /smudge filter lfs/.test(line)))
    return written
  onStep({
    type: 'step',
    step: 'clone',
    status: 'progress',
    detail: 'Git LFS could not fetch its files, so pointers stand in their place.',
  })
  return gitStep(options, args, { ...left(), variables: { GIT_LFS_SKIP_SMUDGE: '1' } })
}

type StepMeans = Pick<GitOptions, 'msMax' | 'credential' | 'settings' | 'variables'>

/** Git for a clone, its progress told. */
function gitStep(
  { env, signal, onStep }: PrepareOptions,
  args: readonly string[],
  means: StepMeans,
): Promise<GitEnd> {
  let toldAt = Number.NEGATIVE_INFINITY
  return git(args, {
    env,
    signal,
    ...means,
    onProgress(line) {
      const now = performance.now()
      if (now - toldAt < progressMs) return
      toldAt = now
      onStep({ type: 'step', step: 'clone', status: 'progress', detail: line })
    },
  })
}

/** What opens the repository of a workspace. */
export function credentialOf(
  workspace: Workspace,
  token: string | undefined,
): Credential | undefined {
  return workspace.type === 'folder' || token === undefined
    ? undefined
    : { url: workspace.url, token, user: workspace.user }
}

/** The branch of a folder; `undefined` when it has none, or is no repository. */
async function branchOf(folder: string, options: PrepareOptions): Promise<string | undefined> {
  const { env, signal, bounds } = options
  const { fault, output } = await git(
    ['-C', folder, 'symbolic-ref', '--short', '--quiet', 'HEAD'],
    { env, signal, msMax: bounds.workspaceMs, outputBytesMax: limits.branchCharsMax },
  )
  return fault === undefined ? output.trim() || undefined : undefined
}
