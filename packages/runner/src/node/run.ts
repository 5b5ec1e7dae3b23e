/**
 * The runner process: takes its folder, ends what a dead one left, and works until its session has no more use for it.
 *
 * Invariants:
 * - R-20 Two runners never work in one folder; the lock says so, not a pid.
 * - R-21 A generation runs once: started again, it refuses, so no command is ever executed twice.
 * - R-150 A fault of ours ends the runner at once, its agent with it, with the reason in its log and its last words.
 * - R-22 A runner outlives its server; it ends by a command, a dismissal or a signal, and its agent ends before it.
 */
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FolderLock, lockFolder } from '@belay/actor/node'
import { sweepMarked } from '@belay/agent/node'
import { type RunnerConfig, runnerConfigSchema } from './config.ts'
import { Driver } from './driver.ts'
import { reserveLastWords } from './last-words.ts'
import { type Link, startLink } from './link.ts'
import { openLog } from './log-file.ts'
import { agentMarker, markerScope, runnerLockName } from './name.ts'
import { programsEnded } from './program.ts'
import { Reserve } from './reserve.ts'
import { createSpool, type Spool } from './spool.ts'

/** From `sysexits.h`, for those who start runners. */
export const exitCodes = {
  done: 0,
  /** A fault in the runner itself. */
  fault: 70,
  /** Another runner holds the folder. */
  folderTaken: 75,
  /** This generation has run before. */
  generationSpent: 76,
  /** The session was deleted before the runner began. */
  folderGone: 66,
} as const

const lockMsMax = 10_000
const lockPollMs = 100
/** Shorter than a server waits before it kills; what is not acknowledged by then is read from the disk. */
const lastAckMsMax = 2500
const lastAckPollMs = 20
/** How often a runner looks whether its folder and its workspace are still there: one look is some microseconds. */
const folderCheckMs = 2000
const workspaceLost = 'its workspace was removed; the next prompt prepares it again'

/** Reads the configuration from file descriptor 3, so that no secret is in arguments or environment. */
export async function runRunnerFromFd3(): Promise<never> {
  const config = runnerConfigSchema.parse(JSON.parse(readFileSync(3, 'utf8')))
  closeSync(3)
  process.exit(await runRunner(config))
}

/** @returns the exit code, one of `exitCodes` */
export async function runRunner(config: RunnerConfig): Promise<number> {
  const log = openLog(join(config.runnerFolder, 'runner.log'))
  const name = runnerLockName(config.session, config.generation)
  log(`${name} begins, pid ${process.pid}, version ${config.version}`)
  // The terminal or the server that started it may go: a runner stays.
  process.on('SIGHUP', () => log('SIGHUP ignored'))
  const lock = await takeFolder(config.runnerFolder, name)
  if (lock === 'gone') {
    log('its folder was removed before it began')
    return exitCodes.folderGone
  }
  if (lock === undefined) {
    log('another runner holds the folder')
    return exitCodes.folderTaken
  }
  const swept = await sweepMarked(markerScope(config.session, config.runnerFolder))
  if (swept > 0) log(`ended ${swept} processes that a dead runner left`)
  const spool = createSpool(config.runnerFolder, config.generation)
  if (spool === undefined) {
    log('this generation has run before')
    return exitCodes.generationSpent
  }
  const marker = agentMarker(config.session, config.runnerFolder, config.generation)
  const reserve = new Reserve(config.runnerFolder)
  reserve.take()
  const lastWords = reserveLastWords(config.runnerFolder, config.generation)
  await work(config, { spool, reserve, log, marker, lastWords })
  // Whoever holds the folder next may rely on nothing of ours working in it.
  await programsEnded()
  lock.release()
  log('runner ends')
  return exitCodes.done
}

interface Means {
  readonly spool: Spool
  readonly reserve: Reserve
  readonly marker: string
  /** Written into room that was taken before. */
  readonly lastWords: (words: string) => void
  readonly log: (line: string) => void
}

/** Settles when nothing is left to do and what was spooled is handed over, or cannot be. */
async function work(config: RunnerConfig, means: Means): Promise<void> {
  const { spool, reserve, marker, log, lastWords } = means
  const finished = Promise.withResolvers<void>()
  const dismissal = new AbortController()
  const close = (reason: string) => driver.feed({ type: 'close-asked', reason })
  let link: Link | undefined
  /** Loud, and the agent with it: nobody would be left to speak for it. */
  function fail(error: unknown): void {
    log(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    lastWords(error instanceof Error ? error.message : String(error))
    driver.kill()
    process.exit(exitCodes.fault)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  const driver = new Driver({
    config,
    spool,
    reserve,
    marker,
    log,
    env: agentEnv(),
    onSpooled: (urgency) => (urgency === 'now' ? link?.nudge() : link?.nudgeLater()),
    onFinished: () => finished.resolve(),
    onFault: (error) => fail(error),
  })
  link = startLink({
    ...config,
    spool,
    log,
    onCommand(command) {
      // An agent in a folder that was removed would work on nothing.
      if (command.type === 'prompt' && driver.isWorkspaceLost) close(workspaceLost)
      driver.feed({ type: 'command', command })
    },
    onHint: ({ promptId }) => driver.feed({ type: 'prompt-coming', promptId }),
    onAcked: () => driver.acked(),
    onDismissed: (why) => {
      // Nobody will ever acknowledge what is left.
      dismissal.abort()
      close(why)
    },
  })
  process.on('SIGTERM', () => close('it was asked to end (SIGTERM)'))
  process.on('SIGINT', () => close('it was asked to end (SIGINT)'))
  const watching = setInterval(() => {
    if (!existsSync(config.runnerFolder)) close('its folder was removed')
    else if (driver.isWorkspaceLost) close(workspaceLost)
  }, folderCheckMs)
  await finished.promise
  clearInterval(watching)
  const until = performance.now() + lastAckMsMax
  while (!dismissal.signal.aborted && spool.acked < spool.last && performance.now() < until)
    await sleep(lastAckPollMs)
  link.close()
}

/** @returns `undefined` when another runner holds it */
async function takeFolder(folder: string, name: string): Promise<FolderLock | 'gone' | undefined> {
  const until = performance.now() + lockMsMax
  for (;;) {
    // Whoever starts runners makes their folder: taking the lock would bring the folder of a deleted session back.
    if (!existsSync(folder)) return 'gone'
    const lock = lockFolder(folder, { pid: process.pid, since: Date.now(), name })
    if (!('heldBy' in lock)) return lock
    // The same generation started twice: the first one works, and waiting for its end would be pointless.
    if (lock.heldBy?.name === name || performance.now() > until) return undefined
    await sleep(lockPollMs)
  }
}

/** What an agent may see of our environment: everything that is not Belay's own. */
function agentEnv(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BELAY_')),
  )
}
