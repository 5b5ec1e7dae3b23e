/**
 * Runner processes of this machine: started, found again, looked at, ended.
 *
 * Owns: the processes, by the locks of their folders. What their coming and going means is decided by the session.
 *
 * Invariants:
 * - K-4 A runner is told from the lock it holds. A pid is believed only while that lock is held.
 * - K-5 Before a runner is said to be gone, everything its spool still holds has been submitted.
 * - K-6 Of one session, one start, stop or removal is performed at a time, in the order they were decided.
 * - K-46 A worktree is removed with its session only when nothing in it would be lost; what stays is logged.
 * - K-50 What must happen to a runner or its files is tried until it has, with back-off, and the session hears what is in the way.
 * - K-51 Nothing here keeps the loop busy: a spool is read in pieces, and a lock that cannot be looked at is looked at later.
 * - K-7 Starting a generation whose runner is there already, after a restart say, starts nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { sweepMarked } from '@belay/agent/node'
import { backoffDelayMs, type BackoffPolicy, channelBackoff } from '@belay/channel'
import type { Deadlines } from '@belay/protocol'
import {
  agentMarker,
  discardWorktree,
  endWorktree,
  handsMarker,
  isWorktree,
  readLastWords,
  readRecord,
  readSpool,
  recordFileOf,
  type RunnerConfig,
} from '@belay/runner/node'
import { decodeReport, type ReceivedReport, type RefusedEffect } from '@belay/session'
import type { Logger } from 'pino'
import { runnerFolder, workspaceFolder } from './data-folder.ts'
import { endRunner, isHeldBy, ownerOf, type Which } from './runner-end.ts'
import { type SessionHost, stateOf } from './session-host.ts'
import { StartTurns } from './start-turns.ts'
import { runnerToken } from './tokens.ts'

/** How often a runner that nobody parents is looked at while it is lost. */
const probeMs = 250
/** Between the tries of what must happen: somebody may be mending it and looks on. */
const retrying: BackoffPolicy = { ...channelBackoff, capMs: 4000 }
/** What passes by itself: too many processes, files or bytes at this moment. */
const passing = new Set(['EAGAIN', 'EBUSY', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])
/** Of a dead runner's spool, in one commit: small, so that the commits of others come in between. */
const spoolBatchBytes = 128 * 1024
/** How long the exit of a child whose lock is free already is waited for. */
const exitMs = 1000

export interface LauncherOptions {
  readonly host: SessionHost
  readonly dataFolder: string
  readonly secret: Buffer
  readonly version: string
  /** The command line that runs this program, e.g. `[node, main.ts]`. */
  readonly self: readonly [string, ...string[]]
  readonly log: Logger
  readonly deadlines: Deadlines
  readonly diskFreeBytesMin: number
}

interface Exit {
  readonly code: number | undefined
  readonly signal: string | undefined
}

interface Child {
  readonly generation: number
  readonly process: ChildProcess
  readonly exited: Promise<Exit>
}

export class Launcher {
  readonly #options: LauncherOptions
  /** The latest runner of a session that this server started, until its end was dealt with. */
  readonly #children = new Map<string, Child>()
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #turns: StartTurns
  readonly #abort = new AbortController()

  constructor(options: LauncherOptions) {
    this.#options = options
    this.#turns = new StartTurns({
      isStarting: (session) => stateOf(options.host, session)?.runner.type === 'starting',
      signal: this.#abort.signal,
    })
  }

  start(session: string, generation: number): void {
    this.#enqueue(session, 'start-runner', () => this.#start({ session, generation }))
  }

  stop(session: string, generation: number): void {
    this.#enqueue(session, 'stop-runner', () => this.#stop({ session, generation }))
  }

  /** Looks whether a lost runner is there. `final`: its grace is over, and an answer is needed either way. */
  probe(session: string, generation: number, kind: 'final' | 'first'): void {
    this.#enqueue(session, 'probe-runner', () => this.#settle({ session, generation }, kind))
  }

  /** @param how what is done with a worktree that holds what is nowhere else */
  removeFiles(session: string, how: 'keep' | 'discard'): void {
    this.#enqueue(session, 'remove-files', () => this.#removeFiles(session, how))
  }

  /** Nothing is performed any more. Runners go on. */
  close(): void {
    this.#abort.abort()
  }

  /** Runs the jobs of one session one after the other. */
  #enqueue(session: string, what: RefusedEffect, job: () => Promise<void>): void {
    const lane = (this.#lanes.get(session) ?? Promise.resolve())
      // Starting a process keeps this one busy for milliseconds; whoever asked for the session is answered first.
      .then(() => nextTurn())
      .then(() => this.#untilDone(session, what, job))
      .finally(() => {
        if (this.#lanes.get(session) === lane) this.#lanes.delete(session)
      })
    this.#lanes.set(session, lane)
  }

  /** Tries until it is done, or this server ends: the next one begins with what its outbox holds. Never rejects. */
  async #untilDone(session: string, what: RefusedEffect, job: () => Promise<void>): Promise<void> {
    const { signal } = this.#abort
    let said = ''
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
        return await job()
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        const { host, log } = this.#options
        if (message !== said) {
          log.error({ session, what, attempt, error: message }, 'could not act on a runner yet')
          // One that cannot hear it is stopped, and the host has said so.
          host.submit(session, { type: 'effect-refused', what, message }).catch(() => undefined)
        }
        said = message
        const ms = backoffDelayMs(retrying, attempt, Math.random())
        // oxlint-disable-next-line no-await-in-loop
        await sleep(ms, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #start(which: Which): Promise<void> {
    const { session, generation } = which
    const { host, dataFolder } = this.#options
    const runner = stateOf(host, session)?.runner
    if (runner?.type !== 'starting' || runner.generation !== generation) return
    const folder = runnerFolder(dataFolder, session)
    if (isHeldBy(await ownerOf(folder, this.#abort.signal), which)) return
    try {
      await this.#turns.take(session, () => this.#launch(which))
    } catch (error) {
      if (this.#abort.signal.aborted || isPassing(error)) throw error
      const why = error instanceof Error ? error.message : String(error)
      const message = `Belay’s process beside the agent could not be started: ${why}.`
      await host.submit(session, { type: 'runner-start-failed', generation, message })
    }
  }

  async #launch(which: Which): Promise<void> {
    const { session, generation } = which
    const child = await launch(this.#options, which)
    const exited = exitOf(child)
    this.#children.set(session, { generation, process: child, exited })
    void exited.then(() => this.probe(session, generation, 'first'))
    this.#options.log.info({ session, generation, pid: child.pid }, 'runner started')
  }

  /** Looks whether a runner is there, for as long as it is lost, and says so when it is not. */
  async #settle(which: Which, kind: 'final' | 'first'): Promise<void> {
    const { session, generation } = which
    const { host, dataFolder, log } = this.#options
    const folder = runnerFolder(dataFolder, session)
    const { signal } = this.#abort
    while (isHeldBy(await ownerOf(folder, signal), which)) {
      if (kind === 'final') {
        await host.submit(session, { type: 'runner-silent', generation })
        return
      }
      if (this.#standing(which) !== 'lost') return
      await sleep(probeMs, undefined, { signal })
    }
    const exit = await this.#exit(which)
    if (this.#standing(which) === undefined) return
    await submitSpool(host, folder, which)
    log.info({ session, generation, ...exit }, 'runner is gone')
    const fault = readLastWords(folder, generation)
    await host.submit(session, { type: 'runner-exited', generation, ...exit, fault })
  }

  /** What the session thinks of this runner; `undefined` when it has no say any more. */
  #standing({ session, generation }: Which): string | undefined {
    const runner = stateOf(this.#options.host, session)?.runner
    if (runner === undefined || runner.type === 'none') return undefined
    return runner.generation === generation ? runner.type : undefined
  }

  /** How a runner ended: its own parent knows, a moment later than its lock does. */
  async #exit({ session, generation }: Which): Promise<Exit> {
    const unknown: Exit = { code: undefined, signal: undefined }
    const child = this.#children.get(session)
    if (child?.generation !== generation) return unknown
    const exit = await Promise.race([child.exited, sleep(exitMs, unknown)])
    this.#children.delete(session)
    return exit
  }

  async #stop(which: Which): Promise<void> {
    const { session, generation } = which
    const folder = runnerFolder(this.#options.dataFolder, session)
    const child = this.#children.get(session)
    const own = child !== undefined && child.generation <= generation ? child.process : undefined
    await endRunner(folder, which, own, this.#abort.signal)
    await sweepMarked(
      agentMarker(session, folder, generation),
      handsMarker(session, folder, generation),
    )
    await this.#options.host.submit(session, { type: 'runner-stopped', generation })
  }

  async #removeWorktree(session: string, how: 'keep' | 'discard'): Promise<void> {
    const { dataFolder, log } = this.#options
    const path = workspaceFolder(dataFolder, session)
    const record = readRecord(recordFileOf(runnerFolder(dataFolder, session)))
    const bound = { env: process.env, signal: this.#abort.signal, msMax: worktreeMsMax }
    if (how === 'discard') return discardWorktree(path, record, bound)
    const left = await endWorktree(path, record, bound)
    if (left !== undefined) log.warn({ session, ...left }, 'a worktree of a deleted session stays')
    // Of one that was cut while it was made an empty folder may be left.
    else await rmdir(path).catch(() => undefined)
  }

  async #removeFiles(session: string, how: 'keep' | 'discard'): Promise<void> {
    const { host, dataFolder } = this.#options
    const runner = runnerFolder(dataFolder, session)
    const workspace = workspaceFolder(dataFolder, session)
    const removed = [runner]
    if (existsSync(recordFileOf(runner)) || isWorktree(workspace)) {
      // The runner's folder says what the worktree is of, so it goes last.
      await this.#removeWorktree(session, how)
      // What was begun is begun again by the next server: the effect stays until its outcome is in.
      if (this.#abort.signal.aborted) return
    } else removed.push(workspace)
    for (const folder of removed)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    await host.submit(session, { type: 'files-removed' })
  }
}

/** The most that taking a worktree away may take. */
const worktreeMsMax = 60_000

/** Whether the system may do it a moment later. Everything else is for a person to mend. */
function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && passing.has(String(error.code))
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? undefined, signal: signal ?? undefined }),
    )
  })
}

/** Starts a runner in a process session of its own, its config on an inherited pipe: argv and environment can be read by others. */
async function launch(
  options: LauncherOptions,
  { session, generation }: Which,
): Promise<ChildProcess> {
  const { dataFolder, secret, version, self, deadlines, diskFreeBytesMin } = options
  const folder = runnerFolder(dataFolder, session)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const config: RunnerConfig = {
    session,
    generation,
    token: runnerToken(secret, { session, generation }),
    dataFolder,
    runnerFolder: folder,
    workspaceFolder: workspaceFolder(dataFolder, session),
    version,
    demoCommand: [...self, 'demo-agent'],
    bounds: { ...deadlines },
    diskFreeBytesMin,
  }
  const output = openSync(join(folder, 'runner.log'), 'a', 0o600)
  try {
    const [command, ...args] = self
    const child = spawn(command, [...args, 'runner'], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', output, output, 'pipe'],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    const pipe = child.stdio[3]
    if (!(pipe instanceof Writable)) throw new Error('it has no pipe for its configuration')
    pipe.on('error', () => undefined) // It died before reading: its exit says so.
    pipe.end(JSON.stringify(config))
    child.unref()
    return child
  } finally {
    closeSync(output)
  }
}

/** Submits what a dead runner wrote down and could not send, as though its socket had brought it. */
async function submitSpool(
  host: SessionHost,
  folder: string,
  { session, generation }: Which,
): Promise<void> {
  if (!existsSync(folder)) return
  const { received } = host.read(session).head
  let batch: ReceivedReport[] = []
  let bytes = 0
  const flush = async () => {
    if (batch.length > 0)
      await host.submit(session, {
        type: 'runner-frame',
        generation,
        acked: undefined,
        reports: batch,
      })
    batch = []
    bytes = 0
  }
  for await (const { n, json } of readSpool(folder, generation, received)) {
    const report = decodeReport(json)
    // What could not have been taken over the socket is not taken from the disk.
    if (typeof report === 'string') break
    batch.push({ n, json, report })
    bytes += json.length
    if (bytes > spoolBatchBytes) await flush()
  }
  await flush()
}
