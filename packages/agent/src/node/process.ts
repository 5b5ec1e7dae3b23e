/**
 * One agent process, from its start to the one fact of its end.
 *
 * Owns: the child, its stdio and its end. `acp.ts` owns what is said on stdio.
 *
 * Invariants:
 * - A-7 The end is told once, as one fact, from the child's own exit; a command that could not be started ends with `error`.
 * - A-8 When the end is told, nothing of the agent is alive: no child, no tool, whatever session it put itself in.
 * - A-9 Ending is bounded: end of input, a short grace, then SIGKILL for all.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { limits } from '@belay/protocol'
import { type AgentExit, ownWords } from '../exit.ts'
import type { Fence } from './fence.ts'
import { startGuard } from './guard.ts'
import { Lines } from './lines.ts'
import { killTree, markerEnv, signalQuietly, sweepMarked } from './processes.ts'
import { needlesOf, redact } from '../redact.ts'

export interface AgentCommand {
  readonly command: string
  readonly args: readonly string[]
}

export interface SpawnOptions extends AgentCommand {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Inherited by everything the agent starts, so what outlives it is found again. */
  readonly marker: string
  readonly fence: Fence
  /** Values of its environment and its tools that nobody else may see. */
  readonly secrets?: readonly string[]
  /** Each whole line of stderr, for a log. */
  readonly onStderr?: (line: string) => void
}

export interface AgentProcess {
  /** Absent when it could not be started. */
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  /** Never rejects. */
  readonly exited: Promise<AgentExit>
  /** Ends everything; settles with the exit. Safe to call again. */
  end(): Promise<AgentExit>
  /** Closes its input: most agents end by that. */
  closeInput(): void
  /** Sends SIGTERM to its group. */
  terminate(): void
  /** Sends SIGKILL to everything that can be found at once, without waiting: for a process that is itself about to end. */
  kill(): void
}

/** Agents that obey the end of their input do so within this; two of seven never do in mid-turn. */
const graceMs = 500
/** A killed process that is not gone by then hangs in the kernel; nobody can wait for that. */
const goneMsMax = 5000
/** The exit comes before the last of stderr; whoever inherited the pipe may keep it open for ever. */
const stderrMsMax = 100

export function spawnAgent(options: SpawnOptions): AgentProcess {
  // Before the agent: it must be there whenever we are killed.
  const dismissGuard = startGuard(options.marker, options.fence)
  const child = start(options)
  const stderr = new StderrTail(needlesOf(options.secrets ?? []), options.onStderr)
  child.stderr.on('data', (data: Buffer) => stderr.push(data))
  // Writing to an agent that is gone: its exit says so better than the broken pipe.
  child.stdin.on('error', () => {})
  child.stdout.on('error', () => {})

  const isGone = () =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  function terminate(): void {
    if (child.pid !== undefined && !isGone()) signalQuietly(-child.pid, 'SIGTERM')
  }
  function kill(): void {
    if (child.pid === undefined || isGone()) return
    killTree(child.pid)
  }
  const exited = wholeExit(child, options.fence).then(async (exit): Promise<AgentExit> => {
    // Whatever left the tree, or was being killed by the kernel when the outer process ended, still carries the marker.
    if (child.pid !== undefined) await sweepMarked(options.marker)
    dismissGuard()
    const all = stderr.lines()
    return { ...exit, stderr: ownWords(all, { ...exit, stderr: all }) }
  })
  async function end(): Promise<AgentExit> {
    child.stdin.end()
    const obeyed = await Promise.race([exited, sleep(graceMs, undefined, { ref: false })])
    if (obeyed !== undefined) return obeyed
    kill()
    const gone = await Promise.race([exited, sleep(goneMsMax, undefined, { ref: false })])
    return gone ?? { error: 'it cannot be ended: the system keeps it', stderr: stderr.lines() }
  }
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    end,
    closeInput: () => child.stdin.end(),
    terminate,
    kill,
  }
}

function start({ command, args, cwd, env, marker, fence }: SpawnOptions) {
  const [program = '', ...rest] = [...fence.prefix, command, ...args]
  return spawn(program, rest, {
    cwd,
    env: { ...env, ...markerEnv(marker) },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Its own group and session: a Ctrl-C meant for somebody else never reaches it, and the group can be killed.
    detached: true,
    windowsHide: true,
  })
}

function wholeExit(child: ChildProcess, fence: Fence): Promise<Omit<AgentExit, 'stderr'>> {
  return new Promise((resolve) => {
    // A command that cannot be run gives `error` and never `exit`.
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ error: error.message })
    })
    child.once('exit', (code, signal) => {
      const done = () => resolve(exitOf(code, signal, fence))
      if (child.stderr === null || child.stderr.readableEnded) return done()
      child.stderr.once('end', done)
      setTimeout(done, stderrMsMax).unref()
    })
  })
}

function exitOf(
  code: number | null,
  signal: string | null,
  fence: Fence,
): Omit<AgentExit, 'stderr'> {
  if (signal !== null) return { signal }
  if (code === null) return {}
  // The shell inside a namespace says 128 + n for a signal; nothing else can carry it out.
  const inside = fence.kind === 'pid-namespace' && code > 128 ? signalName(code - 128) : undefined
  return inside === undefined ? { code } : { signal: inside }
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
}

/** Says why a process ends, before a stack of any depth follows it. */
const fatalWords = 'heap out of memory'

/** The last lines of stderr, bounded and without colours; the first of them is the fatal one when that was longer ago. */
class StderrTail {
  readonly #kept: string[] = []
  #fatal: string | undefined
  readonly #lines = new Lines(64 * 1024)
  readonly #needles: readonly string[]
  readonly #onLine: ((line: string) => void) | undefined

  constructor(needles: readonly string[], onLine: ((line: string) => void) | undefined) {
    this.#needles = needles
    this.#onLine = onLine
  }
  push(data: Buffer): void {
    for (const line of this.#lines.push(data)) this.#keep(line ?? '… [a line too long to keep]')
  }
  lines(): readonly string[] {
    const rest = this.#lines.rest()
    const last = [...this.#kept, ...(rest === '' ? [] : [this.#clean(rest)])].slice(
      -limits.stderrLinesMax,
    )
    if (this.#fatal === undefined || last.includes(this.#fatal)) return last
    return [this.#fatal, ...last.slice(-limits.stderrLinesMax + 1)]
  }
  #keep(raw: string): void {
    const line = this.#clean(raw)
    if (line.includes(fatalWords)) this.#fatal = line
    this.#kept.push(line)
    if (this.#kept.length > limits.stderrLinesMax) this.#kept.shift()
    this.#onLine?.(line)
  }
  /** Cut last: half a secret would be found no more. */
  #clean(raw: string): string {
    const plain = redact(stripVTControlCharacters(raw).trimEnd(), this.#needles)
    return plain.slice(0, limits.stderrLineCharsMax)
  }
}
