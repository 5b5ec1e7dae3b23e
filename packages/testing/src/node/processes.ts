/**
 * Real processes for tests: started, listened to, killed hard, and gone with the test.
 *
 * Invariants:
 * - T-4 A process started here does not outlive the process that started it, unless it leaves its process group.
 * - T-5 A dead process counts as dead even while nobody has asked for its exit code.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { atEnd } from './at-end.ts'
import { waitFor } from './wait-for.ts'

export interface Exit {
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

export interface StartOptions {
  readonly cwd?: string
  /** The whole environment; the test's own when absent. */
  readonly env?: NodeJS.ProcessEnv
}

export interface Started {
  readonly pid: number
  readonly stdin: Writable
  /** Everything it wrote so far. */
  stdout(): string
  stderr(): string
  /** Its stdout from now on, byte for byte, for protocols on stdio. */
  output(): ReadableStream<Uint8Array>
  readonly exited: Promise<Exit>
  /** Waits for a whole line of stdout that matches. @throws with its output when it ends or `ms` pass first. */
  line(pattern: RegExp, ms?: number): Promise<RegExpExecArray>
  signal(signal: NodeJS.Signals): void
  /** Kills it and all of its process group, and waits for its end. */
  killHard(): Promise<Exit>
}

const running = new Set<number>()

/** Starts a program in a process group of its own. @throws when it cannot be started. */
export async function start(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Started> {
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const pid = await spawned(child, command)
  atEnd(killAll)
  running.add(pid)
  // A program that has ended closes its stdin; writing to it then is no failure of the test.
  child.stdin.on('error', () => undefined)
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const exited = exitOf(child).finally(() => running.delete(pid))
  const whole = () => `it wrote:\n${stdout()}\n${stderr()}`
  return {
    pid,
    stdin: child.stdin,
    stdout,
    stderr,
    output: () => bytesOf(child.stdout),
    exited,
    line: (pattern, ms = 20_000) => matchingLine({ child, stdout, whole }, pattern, ms),
    signal: (signal) => void child.kill(signal),
    killHard() {
      killGroup(pid)
      return exited
    },
  }
}

/** Kills one process, whoever started it. One that has ended before is fine. */
export function killHard(pid: number): void {
  kill(pid)
}

/** Whether a process runs. One that has ended but was not yet waited for does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and another person's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return processState(pid) !== 'Z'
}

/** Waits until a process that may not be our child has ended. */
export async function waitForExit(pid: number, ms = 20_000): Promise<void> {
  await waitFor(() => !alive(pid), `process ${pid} ends`, ms)
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

function spawned(child: Child, command: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('spawn', () => resolve(child.pid ?? 0))
  child.once('error', (error) =>
    reject(new Error(`${command} could not be started`, { cause: error })),
  )
  return promise
}

function exitOf(child: Child): Promise<Exit> {
  const { promise, resolve } = Promise.withResolvers<Exit>()
  // `close` and not `exit`, so that all output is there when a test reads it.
  child.once('close', (code, signal) =>
    resolve({ code: code ?? undefined, signal: signal ?? undefined }),
  )
  return promise
}

function collect(stream: Readable): () => string {
  let text = ''
  const decoder = new TextDecoder()
  stream.on('data', (chunk: Buffer) => {
    text += decoder.decode(chunk, { stream: true })
  })
  return () => text
}

function bytesOf(stream: Readable): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      stream.on('data', (chunk: Buffer) => controller.enqueue(chunk))
      stream.on('end', () => controller.close())
    },
  })
}

interface Watched {
  readonly child: Child
  stdout(): string
  whole(): string
}

async function matchingLine(
  watched: Watched,
  pattern: RegExp,
  ms: number,
): Promise<RegExpExecArray> {
  const look = () => {
    const lines = watched.stdout().split('\n').slice(0, -1)
    const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null)
    if (found !== undefined) return found
    const { exitCode, signalCode } = watched.child
    if (exitCode === null && signalCode === null) return undefined
    if (!watched.child.stdout.readableEnded) return undefined
    throw new Error(
      `it ended (${exitCode ?? signalCode}) without a line like ${pattern}; ${watched.whole()}`,
    )
  }
  try {
    return await waitFor(look, `a line like ${pattern}`, ms)
  } catch (error) {
    throw new Error(`no line like ${pattern}; ${watched.whole()}`, { cause: error })
  }
}

function killAll(): void {
  for (const pid of running) killGroup(pid)
}

function killGroup(pid: number): void {
  kill(-pid)
  kill(pid)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The one letter of a process's state, where the system has `/proc`. */
function processState(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before the state is in brackets and may hold any character.
    return text.slice(text.lastIndexOf(')') + 2).charAt(0)
  } catch {
    return undefined
  }
}
