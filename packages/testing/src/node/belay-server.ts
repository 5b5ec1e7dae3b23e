/**
 * A whole Belay server as a person starts it: a process of its own, killed and started again on the same data folder.
 *
 * Owns: the process and its folder. What a killed server leaves running (its runners) is ended with the test.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockOwner } from '@belay/actor/node'
import { agentPids } from './agent-pids.ts'
import { type Exit, killHard, start, type Started, waitForExit } from './processes.ts'
import { waitFor } from './wait-for.ts'

/** The one executable, run as `npm start` runs it. */
export const belayMain = resolve(import.meta.dirname, '../../../../apps/belay/src/main.ts')

export interface BelayServer {
  readonly url: string
  readonly token: string
  readonly pid: number
  /** `kill -9`. */
  kill(): Promise<Exit>
  /** Ctrl-C. */
  interrupt(): Promise<Exit>
}

export interface BelayOptions {
  readonly dataFolder: string
  /** 0 takes any free port; a restart at the same address names the old one. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** More of the command line of `belay up`. */
  readonly args?: readonly string[]
}

/** Starts a server and waits until it answers. */
export async function startBelay({
  dataFolder,
  port = 0,
  env,
  args: more = [],
}: BelayOptions): Promise<BelayServer> {
  const args = [belayMain, 'up', '--port', String(port), '--data', dataFolder, ...more]
  const started = await start(process.execPath, args, { env: { ...process.env, ...env } })
  const [, url] = await started.line(/(http:\/\/\S+)\/#token=/)
  return {
    url: url ?? '',
    token: readFileSync(join(dataFolder, 'token'), 'utf8').trim(),
    pid: started.pid,
    kill: () => killServer(started),
    interrupt() {
      started.signal('SIGINT')
      return started.exited
    },
  }
}

/** A command, as a person runs it. @param env more of its environment, which may name the server */
export async function runBelay(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: Exit['code']; readonly stdout: string; readonly stderr: string }> {
  const run = await start(process.execPath, [belayMain, ...args], {
    env: { ...process.env, ...env },
  })
  const { code } = await run.exited
  return { code, stdout: run.stdout(), stderr: run.stderr() }
}

/** The server alone, not its process group: runners have left it, and only that is to be shown. */
function killServer(server: Started): Promise<Exit> {
  killHard(server.pid)
  return server.exited
}

/** Who runs a session now, by the lock of its folder. */
export function runnerPid(dataFolder: string, session: string): number | undefined {
  const folder = join(dataFolder, 'runners', session)
  // The server may be looking at the same moment.
  for (let looks = 0; looks < 1000; looks += 1) {
    const owner = lockOwner(folder)
    if (owner !== 'unknown') return owner?.pid
  }
  throw new Error(`who holds ${folder} cannot be seen`)
}

/** The same of a session that somebody has to run. @throws when nobody does */
export function runnerOf(dataFolder: string, session: string): number {
  const pid = runnerPid(dataFolder, session)
  if (pid === undefined) throw new Error(`nobody runs ${session}`)
  return pid
}

/** `kill -9` of every process of a session's agent. @throws when nobody runs it */
export function killAgentOf(dataFolder: string, session: string): void {
  for (const pid of agentPids(runnerOf(dataFolder, session))) killHard(pid)
}

/** The process that works in the folder of a session's runner, also before its lock tells of it. */
export function bornRunner(dataFolder: string, session: string): number | undefined {
  const folder = join(dataFolder, 'runners', session)
  const pid = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const isRunner = readFileSync(`/proc/${name}/cmdline`, 'utf8').endsWith('\0runner\0')
      return isRunner && readlinkSync(`/proc/${name}/cwd`) === folder
    } catch {
      return false // It ended while we looked.
    }
  })
  return pid === undefined ? undefined : Number(pid)
}

/** Ends every runner that a data folder still has. To be called when its server is gone. */
export async function endRunners(dataFolder: string): Promise<void> {
  const folder = join(dataFolder, 'runners')
  if (!existsSync(folder)) return
  for (const session of readdirSync(folder)) {
    const pid = runnerPid(dataFolder, session) ?? bornRunner(dataFolder, session)
    if (pid === undefined || pid === 0) continue
    killHard(pid)
    await waitForExit(pid)
    await waitFor(
      () => runnerPid(dataFolder, session) === undefined,
      `the runner of ${session} is gone`,
      5000,
    )
  }
}
