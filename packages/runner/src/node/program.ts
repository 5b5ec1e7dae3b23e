/**
 * Programs that a runner runs besides the agent: git, and a person's setup commands. Each has a bound and a way to stop it.
 *
 * Invariants:
 * - R-31 What is started here ends at its bound or its stop, with its whole process group.
 * - R-100 It is asked first and killed after a grace: git takes its locks away when it is asked.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

export interface ProgramOptions {
  readonly cwd?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends it. */
  readonly signal: AbortSignal
  readonly msMax: number
  /** From being asked to end until it is killed. Default: `graceMsMax`. */
  readonly graceMs?: number
  /** The command is a line of shell. */
  readonly shell?: true
  /** What it reads on its stdin, or who writes that while it runs. Without it there is nothing to read. */
  readonly input?: Uint8Array | ((stdin: Writable) => void)
  /** What it and everything it starts can read on file descriptor 3: it is in no argument, variable or file. */
  readonly handed?: string
  readonly onOutput?: (data: Buffer) => void
  readonly onError?: (data: Buffer) => void
}

export type ProgramEnd =
  | { readonly type: 'exited'; readonly code: number }
  /** By a signal that was not ours. */
  | { readonly type: 'killed'; readonly signal: string }
  | { readonly type: 'late' }
  | { readonly type: 'stopped' }
  | { readonly type: 'not-started'; readonly message: string }

/** How long output is waited for once its program has ended. */
const outputMsMax = 1000
/** What git needs to take a lock away are milliseconds, and a busy disk makes seconds of them. */
const graceMsMax = 2000
const groupPollMs = 20

/** Whatever runs now, each until it and its group are gone. */
const running = new Set<Promise<ProgramEnd>>()

export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  if (options.signal.aborted) return Promise.resolve({ type: 'stopped' })
  const child = started(command, args, options)
  if (child instanceof Error)
    return Promise.resolve({ type: 'not-started', message: child.message })
  const end = untilEnd(child, options)
  running.add(end)
  void end.finally(() => running.delete(end))
  return end
}

/** Settles when nothing that was started here runs any more: who ends before that leaves what does not obey. */
export async function programsEnded(): Promise<void> {
  await Promise.all(running)
}

/** Some of what keeps a program from being started is thrown, and some is told by the child that is none. */
function started(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): ChildProcess | Error {
  try {
    return start(command, args, options)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function start(command: string, args: readonly string[], options: ProgramOptions): ChildProcess {
  const { cwd, env, shell, input, handed, onOutput, onError } = options
  const child = spawn(command, [...args], {
    cwd,
    env,
    shell: shell ?? false,
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...(handed === undefined ? [] : (['pipe'] as const)),
    ],
    // A group of its own: what it starts ends with it.
    detached: true,
  })
  // An event says why; with no descriptor left it has no streams either.
  if (child.pid === undefined) return child
  child.stdout?.on('data', (data: Buffer) => onOutput?.(data))
  child.stderr?.on('data', (data: Buffer) => onError?.(data))
  if (input !== undefined && child.stdin !== null) {
    // One that ends without reading everything says so by its end.
    child.stdin.on('error', () => undefined)
    if (typeof input === 'function') input(child.stdin)
    else child.stdin.end(input)
  }
  const third = child.stdio[3]
  if (handed !== undefined && third instanceof Socket) {
    // Mostly not all of it is needed. Only who reads hears that the other end is closed.
    third.on('error', () => undefined)
    third.resume()
    third.end(handed)
  }
  return child
}

async function untilEnd(child: ChildProcess, options: ProgramOptions): Promise<ProgramEnd> {
  const { signal, msMax, graceMs = graceMsMax } = options
  const state: { why?: 'late' | 'stopped'; killAt?: number } = {}
  const end = (reason: 'late' | 'stopped') => {
    if (state.why !== undefined) return
    state.why = reason
    state.killAt = performance.now() + graceMs
    signalGroup(child, 'SIGTERM')
    killer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  }
  const stop = () => end('stopped')
  let killer: NodeJS.Timeout | undefined
  const timer = setTimeout(() => end('late'), msMax)
  signal.addEventListener('abort', stop)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const exit = await exitOf(child)
  const outcome: ProgramEnd = state.why === undefined ? exit : { type: state.why }
  if (exit.type !== 'not-started') {
    // Something it left in the background may hold its output open for as long as it likes.
    if (state.why === undefined) await within(closed, outputMsMax)
    if (state.killAt !== undefined) {
      await groupGone(child, state.killAt)
      signalGroup(child, 'SIGKILL')
      await within(closed, outputMsMax)
    }
  }
  clearTimeout(timer)
  clearTimeout(killer)
  signal.removeEventListener('abort', stop)
  return outcome
}

function exitOf(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ type: 'not-started', message: error.message }))
    child.once('exit', (code, killer) =>
      resolve(
        code === null ? { type: 'killed', signal: killer ?? 'unknown' } : { type: 'exited', code },
      ),
    )
  })
}

async function within(what: Promise<void>, ms: number): Promise<void> {
  const late = new AbortController()
  const over = sleep(ms, undefined, { signal: late.signal }).then(oneTurn, () => undefined)
  await Promise.race([what, over])
  late.abort()
}

/** Whoever held up this process held up the reading too: what has come by now is read in one turn of its loop. */
async function oneTurn(): Promise<void> {
  await nextTurn()
  await nextTurn()
}

/** Its first process may be gone long before the others have tidied up. */
async function groupGone(child: ChildProcess, until: number): Promise<void> {
  while (performance.now() < until && signalGroup(child, 0)) {
    // oxlint-disable-next-line no-await-in-loop -- the system tells nobody when a group is empty
    await sleep(groupPollMs)
  }
}

/** The whole group: a transfer is done by a helper of git, not by git itself. @returns whether there is one */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch {
    // All of it is gone already.
    return false
  }
}
