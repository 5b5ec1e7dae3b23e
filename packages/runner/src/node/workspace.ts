/**
 * The folder an agent works in: one of the person's own, or a clone that belongs to the session.
 *
 * Invariants:
 * - R-17 A folder of the person's own is only looked at.
 * - R-18 A clone is stamped as the last step; without its stamp it is made again from nothing.
 * - R-19 No word of a person is ever read by a shell, or as an option.
 */
import { spawn } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { limits, type ReportOf, type Workspace } from '@belay/protocol'
import type { Problem } from '../input.ts'

export interface PrepareOptions {
  readonly workspace: Workspace
  /** Where a clone goes. */
  readonly cloneFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends a clone under way. */
  readonly signal: AbortSignal
  readonly onStep: (report: ReportOf<'step'>) => void
}

export interface Prepared {
  readonly folder: string
  readonly branch: string | undefined
}

const cloneMsMax = 6 * 60_000
/** Progress is told at most this often: each is a report. */
const progressMs = 1000

export async function prepareWorkspace(
  options: PrepareOptions,
): Promise<Prepared | { readonly problem: Problem }> {
  const { workspace, onStep } = options
  if (workspace.type === 'repository') return prepareClone(options, workspace)
  onStep({
    type: 'step',
    step: 'workspace',
    status: 'started',
    detail: workspace.path.slice(0, 2000),
  })
  const message = folderFault(workspace.path)
  if (message !== undefined)
    return { problem: { step: 'workspace', code: 'workspace-failed', message } }
  onStep({ type: 'step', step: 'workspace', status: 'done' })
  return { folder: workspace.path, branch: await branchOf(workspace.path, options) }
}

function folderFault(path: string): string | undefined {
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

type Repository = Extract<Workspace, { type: 'repository' }>

async function prepareClone(
  options: PrepareOptions,
  { url, branch }: Repository,
): Promise<Prepared | { readonly problem: Problem }> {
  const { cloneFolder, onStep } = options
  const stamp = join(cloneFolder, '.git', 'belay-complete')
  if (!existsSync(stamp)) {
    onStep({ type: 'step', step: 'clone', status: 'started' })
    rmSync(cloneFolder, { recursive: true, force: true })
    mkdirSync(dirname(cloneFolder), { recursive: true, mode: 0o700 })
    const onBranch = branch === undefined ? [] : ['--branch', branch]
    const clone = await git(['clone', '--progress', ...onBranch, '--', url, cloneFolder], options)
    if (clone.fault !== undefined) {
      const step = clone.lines.some((line) => /Remote branch .* not found/.test(line))
        ? 'branch'
        : 'clone'
      const message = `The repository could not be cloned: ${clone.fault}`.slice(0, 2000)
      return { problem: { step, code: 'clone-failed', message, stderr: [...clone.lines] } }
    }
    writeFileSync(stamp, '')
    onStep({ type: 'step', step: 'clone', status: 'done' })
  }
  onStep({ type: 'step', step: 'branch', status: 'started' })
  const present = await branchOf(cloneFolder, options)
  onStep({
    type: 'step',
    step: 'branch',
    status: 'done',
    ...(present === undefined ? {} : { detail: present }),
  })
  return { folder: cloneFolder, branch: present }
}

/** The branch of a folder; `undefined` when it has none, or is no repository. */
async function branchOf(folder: string, options: PrepareOptions): Promise<string | undefined> {
  if (!existsSync(join(folder, '.git'))) return undefined
  const { fault, output } = await git(
    ['-C', folder, 'symbolic-ref', '--short', '--quiet', 'HEAD'],
    options,
  )
  return fault === undefined ? output.trim() || undefined : undefined
}

interface GitEnd {
  /** One sentence; absent when it went well. */
  readonly fault: string | undefined
  readonly output: string
  /** The last lines of stderr that are no progress. */
  readonly lines: readonly string[]
}

function git(args: readonly string[], { env, signal, onStep }: PrepareOptions): Promise<GitEnd> {
  const child = spawn('git', args, {
    // Whoever asks for a password gets an error instead of waiting for ever.
    env: { GIT_SSH_COMMAND: 'ssh -oBatchMode=yes', ...env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const end = () => {
    // The whole group: a transfer is done by a helper of git, not by git itself.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  const late = setTimeout(end, cloneMsMax)
  signal.addEventListener('abort', end)
  const heard = new Progress(onStep)
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    if (output.length < 4096) output += data.toString('utf8')
  })
  child.stderr.on('data', (data: Buffer) => heard.push(data.toString('utf8')))
  return new Promise((resolve) => {
    const done = (fault: string | undefined) => {
      clearTimeout(late)
      signal.removeEventListener('abort', end)
      resolve({ fault, output, lines: heard.last() })
    }
    child.once('error', (error) => done(`git could not be started: ${error.message}`))
    child.once('close', (code, killed) => {
      if (code === 0) return done(undefined)
      if (killed === null) return done(heard.last().at(-1) ?? `git ended with exit code ${code}.`)
      done(
        signal.aborted ? 'it was stopped.' : `it took longer than ${cloneMsMax / 60_000} minutes.`,
      )
    })
  })
}

/** Git rewrites its progress with carriage returns; what ends with a newline is a message. */
class Progress {
  readonly #onStep: PrepareOptions['onStep']
  #lines: string[] = []
  #rest = ''
  #toldAt = 0

  constructor(onStep: PrepareOptions['onStep']) {
    this.#onStep = onStep
  }
  push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]/)
    this.#rest = parts.pop()?.slice(-4096) ?? ''
    for (const part of parts) this.#take(stripVTControlCharacters(part).trim())
  }
  last(): readonly string[] {
    return [...this.#lines, this.#rest.trim()]
      .filter((line) => line !== '')
      .slice(-limits.stderrLinesMax)
  }
  #take(line: string): void {
    if (line === '') return
    const percent = /\d+%/.test(line)
    if (!percent)
      this.#lines = [...this.#lines, line.slice(0, limits.stderrLineCharsMax)].slice(
        -limits.stderrLinesMax,
      )
    const now = performance.now()
    if (percent && now - this.#toldAt < progressMs) return
    if (percent) this.#toldAt = now
    if (percent)
      this.#onStep({ type: 'step', step: 'clone', status: 'started', detail: line.slice(0, 200) })
  }
}
