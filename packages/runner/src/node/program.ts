/**
 * Programs that a runner runs besides the agent: git, and a person's setup commands. Each has a bound and a way to stop it.
 *
 * Invariants:
 * - R-31 What is started here ends at its bound or its stop, with its whole process group.
 */
import { type ChildProcess, spawn } from 'node:child_process'

export interface ProgramOptions {
  readonly cwd?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends it. */
  readonly signal: AbortSignal
  readonly msMax: number
  /** The command is a line of shell. */
  readonly shell?: true
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

export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const { cwd, env, signal, msMax, shell, onOutput, onError } = options
  if (signal.aborted) return Promise.resolve({ type: 'stopped' })
  const child = spawn(command, [...args], {
    cwd,
    env,
    shell: shell ?? false,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: what it starts ends with it.
    detached: true,
  })
  child.stdout.on('data', (data: Buffer) => onOutput?.(data))
  child.stderr.on('data', (data: Buffer) => onError?.(data))
  return new Promise((resolve) => {
    let why: 'late' | 'stopped' | undefined
    const end = (reason: 'late' | 'stopped') => {
      why ??= reason
      killGroup(child)
    }
    const stop = () => end('stopped')
    const timer = setTimeout(() => end('late'), msMax)
    signal.addEventListener('abort', stop)
    const done = (outcome: ProgramEnd) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve(outcome)
    }
    child.once('error', (error) => done({ type: 'not-started', message: error.message }))
    let outcome: ProgramEnd | undefined
    child.once('exit', (code, killer) => {
      const ended: ProgramEnd =
        why !== undefined
          ? { type: why }
          : code === null
            ? { type: 'killed', signal: killer ?? 'unknown' }
            : { type: 'exited', code }
      outcome = ended
      // Something it left in the background may hold its output open for as long as it likes.
      setTimeout(() => done(ended), outputMsMax)
    })
    child.once('close', () => {
      if (outcome !== undefined) done(outcome)
    })
  })
}

/** The whole group: a transfer is done by a helper of git, not by git itself. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it is gone already.
  }
}
