/**
 * Runner processes of this machine: started, found again, looked at, ended.
 *
 * Owns: the processes, by the locks of their folders. What their coming and going means is decided by the session.
 *
 * Invariants:
 * - K-4 A runner is told from the lock it holds. A pid is believed only while that lock is held.
 * - K-5 Before a runner is said to be gone, everything its spool still holds has been submitted.
 * - K-6 Of one session, one start, stop or removal is performed at a time, in the order they were decided.
 * - K-7 Starting a generation whose runner is there already, after a restart say, starts nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { lockOwner, type LockOwner } from '@belay/actor/node'
import { sweepMarked } from '@belay/agent/node'
import { limits } from '@belay/protocol'
import { agentMarker, readSpool, runnerLockName, type RunnerConfig } from '@belay/runner/node'
import { decodeReport, type ReceivedReport } from '@belay/session'
import type { Logger } from 'pino'
import { runnerFolder, workspaceFolder } from './data-folder.ts'
import { runnerToken } from './tokens.ts'
import type { SessionHost } from './viewer.ts'

/** How long a runner has to end by itself before it is killed. */
const stopMs = 4000
/** How often a runner that nobody parents is looked at while it is lost. */
const probeMs = 250

export interface Launcher {
  start(session: string, generation: number): void
  stop(session: string, generation: number): void
  probe(session: string, generation: number, final: 'final' | 'first'): void
  removeFiles(session: string): void
  /** Nothing is performed any more. Runners go on. */
  close(): void
}

export interface LauncherOptions {
  readonly host: SessionHost
  readonly dataFolder: string
  readonly secret: Buffer
  readonly version: string
  /** The command line that runs this program, e.g. `[node, main.ts]`. */
  readonly self: readonly [string, ...string[]]
  readonly log: Logger
}

interface Child {
  readonly generation: number
  readonly exited: Promise<{
    readonly code: number | undefined
    readonly signal: string | undefined
  }>
}

export function createLauncher(options: LauncherOptions): Launcher {
  const { host, dataFolder, log } = options
  const children = new Map<string, Child>()
  const lanes = new Map<string, Promise<void>>()
  const abort = new AbortController()

  /** Runs jobs of one session one after the other. */
  function enqueue(session: string, what: string, job: () => Promise<void>): void {
    const lane = (lanes.get(session) ?? Promise.resolve()).then(async () => {
      if (abort.signal.aborted) return
      try {
        await job()
      } catch (error) {
        if (!abort.signal.aborted)
          log.error({ session, what, error: String(error) }, 'could not act on a runner')
      }
    })
    lanes.set(session, lane)
    void lane.then(() => (lanes.get(session) === lane ? lanes.delete(session) : false))
  }

  async function start(session: string, generation: number): Promise<void> {
    const { runner } = host.read(session)
    if (runner.type !== 'starting' || runner.generation !== generation) return
    if (holds(lockOwner(runnerFolder(dataFolder, session)), session, generation)) return
    try {
      const child = await launch(options, { session, generation })
      const exited = new Promise<Awaited<Child['exited']>>((resolve) => {
        child.once('exit', (code, signal) =>
          resolve({ code: code ?? undefined, signal: signal ?? undefined }),
        )
      })
      children.set(session, { generation, exited })
      void exited.then(() =>
        enqueue(session, 'runner-exited', () => settle(session, generation, 'first')),
      )
      log.info({ session, generation, pid: child.pid }, 'runner started')
    } catch (error) {
      const message = `The runner could not be started: ${error instanceof Error ? error.message : String(error)}.`
      await host.submit(session, { type: 'runner-start-failed', generation, message })
    }
  }

  /** Looks whether a runner is there, and says so when it is not. */
  async function settle(
    session: string,
    generation: number,
    kind: 'final' | 'first',
  ): Promise<void> {
    const folder = runnerFolder(dataFolder, session)
    const current = () => {
      const { runner } = host.read(session)
      return runner.type !== 'none' && runner.generation === generation ? runner.type : undefined
    }
    while (holds(lockOwner(folder), session, generation)) {
      if (abort.signal.aborted) return
      if (kind === 'final')
        return void (await host.submit(session, { type: 'runner-silent', generation }))
      if (current() !== 'lost') return
      await sleep(probeMs, undefined, { signal: abort.signal })
    }
    if (current() === undefined) return
    // Its own parent knows how it ended, a moment later than its lock does.
    const child = children.get(session)
    const exit =
      child?.generation === generation
        ? await Promise.race([child.exited, sleep(1000, undefined)])
        : undefined
    await submitSpool(host, folder, { session, generation })
    const { code, signal } = exit ?? { code: undefined, signal: undefined }
    log.info({ session, generation, code, signal }, 'runner is gone')
    await host.submit(session, { type: 'runner-exited', generation, code, signal })
  }

  async function stop(session: string, generation: number): Promise<void> {
    const folder = runnerFolder(dataFolder, session)
    await end(folder, session, generation)
    await sweepMarked(agentMarker(session, folder, generation))
    await host.submit(session, { type: 'runner-stopped', generation })
  }

  async function removeFiles(session: string): Promise<void> {
    for (const folder of [
      runnerFolder(dataFolder, session),
      workspaceFolder(dataFolder, session),
    ]) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    }
    await host.submit(session, { type: 'files-removed' })
  }

  return {
    start: (session, generation) => enqueue(session, 'start', () => start(session, generation)),
    stop: (session, generation) => enqueue(session, 'stop', () => stop(session, generation)),
    probe: (session, generation, kind) =>
      enqueue(session, 'probe', () => settle(session, generation, kind)),
    removeFiles: (session) => enqueue(session, 'remove', () => removeFiles(session)),
    close: () => abort.abort(),
  }
}

function holds(owner: LockOwner | undefined, session: string, generation: number): boolean {
  return owner !== undefined && owner.name === runnerLockName(session, generation)
}

/** Starts a runner in a process session of its own, its config on an inherited pipe: argv and environment can be read by others. */
async function launch(
  options: LauncherOptions,
  { session, generation }: { session: string; generation: number },
): Promise<ChildProcess> {
  const { dataFolder, secret, version, self } = options
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
    const pipe = child.stdio[3] as Writable
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
  { session, generation }: { session: string; generation: number },
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
  for (const { n, json } of readSpool(folder, generation, received)) {
    const report = decodeReport(json)
    // What could not have been taken over the socket is not taken from the disk.
    if (typeof report === 'string') break
    batch.push({ n, json, report })
    bytes += json.length
    if (bytes > limits.frameBytesMax / 2) await flush()
  }
  await flush()
}

/** Ends the runner of this generation or an older one, if it is there, and waits until its lock is free. */
async function end(folder: string, session: string, generation: number): Promise<void> {
  const isOld = (owner: LockOwner | undefined) =>
    owner !== undefined &&
    generationOf(owner, session) !== undefined &&
    (generationOf(owner, session) ?? 0) <= generation
  const killAt = Date.now() + stopMs
  let signalled: NodeJS.Signals | undefined
  for (
    let owner = lockOwner(folder);
    owner !== undefined && isOld(owner);
    owner = lockOwner(folder)
  ) {
    const signal = Date.now() >= killAt ? 'SIGKILL' : 'SIGTERM'
    if (signal !== signalled && owner.pid > 0) kill(owner.pid, signal)
    signalled = signal
    await sleep(20)
  }
}

function generationOf(owner: LockOwner, session: string): number | undefined {
  const prefix = runnerLockName(session, 0).slice(0, -1)
  return owner.name.startsWith(prefix) ? Number(owner.name.slice(prefix.length)) : undefined
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended between the look at its lock and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
