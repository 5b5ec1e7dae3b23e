/**
 * One server: takes the data folder, opens the store, listens, and lets the sessions of the last life go on.
 *
 * Owns: the wiring, and the order of starting and stopping. Each part is a file beside it.
 */
import { createRequire } from 'node:module'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { type FolderLock, lockFolder, lockOwner } from '@belay/actor/node'
import { agentsFileName, detectAgents, readAgentsFile } from '@belay/agent/node'
import { createNodeHost } from '@belay/host/node'
import {
  type Deadlines,
  deadlines as defaultDeadlines,
  type FoundAgent,
  limits,
} from '@belay/protocol'
import { createSessionActor, type SessionEffect } from '@belay/session'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { readSeen, withSeen } from '../agents-seen.ts'
import { createAdmission } from './admission.ts'
import { type Callbacks, createCallbacks } from './callbacks.ts'
import { type DataFolder, openDataFolder, runnerFolder, writeServerAddress } from './data-folder.ts'
import { Folders } from './folders.ts'
import { createHandlers, type HandlerOptions } from './handlers.ts'
import { createHttp } from './http.ts'
import { Launcher } from './launcher.ts'
import { createListener } from './listener.ts'
import { type Retention, startRetention } from './retention.ts'
import { RunnerLinks } from './runner-links.ts'
import { createSeal, type Seal } from './seal.ts'
import { createStreams } from './streams.ts'
import { createTickets } from './tokens.ts'
import { type SessionHost, stateOf } from './session-host.ts'

export interface ServeOptions {
  readonly dataFolder: string
  /** 0 takes any free port. */
  readonly port: number
  /** An address; other than loopback it is the caller's choice to be reachable from outside. */
  readonly host: string
  readonly log: Logger
  /** `elsewhere`: runners are started by somebody else and only dial in here. Default `local`. */
  readonly runners?: 'local' | 'elsewhere'
  /** Deadlines other than the defaults, milliseconds. */
  readonly deadlines?: Partial<Deadlines>
  /** Free space a preparation asks for, bytes. */
  readonly diskFreeBytesMin?: number
  /** Sessions idle for longer are deleted, milliseconds. Default: never. */
  readonly keep?: Retention
  /** How many may be there at once, other than `limits` says. */
  readonly bounds?: Partial<Record<'sessionsKeptMax' | 'viewersOpenMax' | 'socketsOpenMax', number>>
  /** Callbacks may go to addresses of this machine and its networks. */
  readonly allowPrivateCallbacks?: boolean
  /** The store or a transition failed and the process should end: nothing more is accepted. */
  readonly onFatal?: (error: Error) => void
}

export interface RunningServer {
  readonly url: string
  /** Opens the page signed in. */
  readonly link: string
  readonly agents: readonly FoundAgent[]
  /** Stops the server. Runners go on, and the next start finds them. */
  close(): Promise<void>
}

const { version } = createRequire(import.meta.url)('../../package.json')
const main = resolve(import.meta.dirname, '../main.ts')
const pageFolder = resolve(import.meta.dirname, '../../../web/dist')
/** Agents may be installed while the server runs: what was found is looked up again after this. */
const agentsMs = 5000

/** @throws when another server has the folder, the store cannot be read, or the address is taken */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const dataFolder = resolve(options.dataFolder)
  // First of all: two servers that make the secrets of a new folder at once would each know only its own.
  const lock = takeFolder(dataFolder)
  try {
    const server = await serveFolder(openDataFolder(dataFolder), options)
    const closed = onlyOnce(async () => {
      await server.close()
      lock.release()
    })
    return { ...server, close: closed }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The agents of this machine, looked at again after a moment, and what is wrong in the file of them. */
function knowAgents(dataFolder: string) {
  const agentsFile = join(dataFolder, agentsFileName)
  const surroundings = { env: process.env, cwd: process.cwd(), agentsFile }
  const agents = cached(agentsMs, () => {
    const seen = readSeen(dataFolder)
    return detectAgents(surroundings).map((agent) => withSeen(agent, seen))
  })
  return { agents, agentProblems: () => readAgentsFile(surroundings).problems }
}

async function serveFolder(
  { path: dataFolder, token, secret }: DataFolder,
  options: ServeOptions,
): Promise<RunningServer> {
  const { log, bounds } = options
  const deadlines: Deadlines = { ...defaultDeadlines, ...options.deadlines }
  const tickets = createTickets()
  const known = knowAgents(dataFolder)
  const made: { parts?: Parts } = {}
  const host = makeHost(options, { dataFolder, deadlines, made })
  const parts = makeParts(options, { host, dataFolder, secret, deadlines })
  made.parts = parts
  const admission = createAdmission({ token, tickets, clock, names: [options.host, hostname()] })
  const streams = createStreams({ host, refuse: admission.refuseStream, ...bounds })
  const startedAt = clock()
  const proofs = (id: string) => ({
    serverSince: startedAt,
    linkHeardAt: parts.links.heardAt(id),
    runner: lockOwner(runnerFolder(dataFolder, id)),
  })
  const parted = { host, tickets, clock, version, deadlines, ...parts, proofs }
  const handlers = createHandlers({
    ...parted,
    ...known,
    ...bounds,
    started: startedWith(options, startedAt),
  })
  const http = createHttp({ handlers, version, authorize: admission.authorize, pageFolder, log })
  const listener = createListener({
    http: getRequestListener(http.fetch),
    streams,
    links: parts.links,
    foreign: admission.refuseForeign,
    ...bounds,
    log,
  })
  let stopRetention: () => void = nothing
  /** Viewers are told first; what was accepted is committed last. */
  async function close(): Promise<void> {
    listener.refuse()
    stopRetention()
    streams.close()
    parts.links.close()
    parts.launcher?.close()
    parts.callbacks.close()
    await listener.close()
    host.stop()
  }
  try {
    const url = await listener.open(options.host, options.port)
    parts.folders?.begin()
    host.start()
    recover(host)
    writeServerAddress(dataFolder, { url, pid: process.pid, startedAt, version })
    stopRetention = startRetention({ host, clock, log, keep: options.keep ?? {} })
    log.info({ url, dataFolder }, 'server is up')
    return { url, link: `${url}/#token=${token}`, agents: known.agents(), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The host of all sessions. Effects need what needs the host, so they are performed only once that is there. */
function makeHost(
  { log, onFatal }: ServeOptions,
  means: {
    readonly dataFolder: string
    readonly deadlines: Deadlines
    readonly made: { readonly parts?: Parts }
  },
): SessionHost {
  const { dataFolder, deadlines, made } = means
  return createNodeHost({
    actor: createSessionActor(deadlines),
    folder: dataFolder,
    perform: (session, effect) => perform(made.parts, session, effect),
    onActorStopped: (session, error) =>
      log.fatal({ session, error: error.stack }, 'a session was stopped by a broken invariant'),
    onRefusal: (refusal) =>
      refusal === undefined
        ? log.info('the store takes everything again')
        : log.error({ error: String(refusal.cause) }, `${refusal.message} It is tried again.`),
    onStop: (error) => {
      log.fatal({ error: error.stack }, 'the store failed; nothing more is accepted')
      onFatal?.(error)
    },
  })
}

function startedWith(options: ServeOptions, since: number): HandlerOptions['started'] {
  const { keep = {}, diskFreeBytesMin = limits.diskFreeBytesMin } = options
  return {
    since,
    minDiskBytes: diskFreeBytesMin,
    allowPrivateCallbacks: options.allowPrivateCallbacks === true,
    ...(keep.sessionsMs === undefined ? {} : { keepSessionsMs: keep.sessionsMs }),
    ...(keep.events === undefined ? {} : { keepEvents: keep.events }),
    ...(keep.eventsMs === undefined ? {} : { keepEventsMs: keep.eventsMs }),
  }
}

function clock(): number {
  return Date.now()
}

function nothing(): void {}

function takeFolder(dataFolder: string): FolderLock {
  const lock = lockFolder(dataFolder, { pid: process.pid, since: Date.now(), name: 'server' })
  if ('release' in lock) return lock
  const who =
    lock.heldBy === undefined ? 'another server' : `another server (process ${lock.heldBy.pid})`
  throw new Error(
    `The data folder ${dataFolder} is served by ${who}: stop that one, or choose another folder with --data.`,
  )
}

/** What performs effects. */
interface Parts {
  readonly seal: Seal
  readonly links: RunnerLinks
  readonly launcher: Launcher | undefined
  /** Absent where runners, and so their folders, are elsewhere. */
  readonly folders: Folders | undefined
  readonly callbacks: Callbacks
}

interface Base {
  readonly host: SessionHost
  readonly dataFolder: string
  readonly secret: Buffer
  readonly deadlines: Deadlines
}

function makeParts(options: ServeOptions, base: Base): Parts {
  const { host, dataFolder, secret, deadlines } = base
  const { log, runners, allowPrivateCallbacks } = options
  const { diskFreeBytesMin = limits.diskFreeBytesMin } = options
  const seal = createSeal(secret)
  const self = [process.execPath, main] as const
  return {
    seal,
    links: new RunnerLinks({ host, secret, seal, clock, log }),
    launcher:
      runners === 'elsewhere'
        ? undefined
        : new Launcher({
            host,
            dataFolder,
            secret,
            version,
            self,
            log,
            deadlines,
            diskFreeBytesMin,
          }),
    folders: runners === 'elsewhere' ? undefined : new Folders({ host, dataFolder, log }),
    callbacks: createCallbacks({
      host,
      seal,
      clock,
      log,
      allowPrivate: allowPrivateCallbacks === true,
    }),
  }
}

function perform(parts: Parts | undefined, session: string, effect: SessionEffect): void {
  const { links, launcher, folders, callbacks } = parts ?? {}
  switch (effect.type) {
    case 'send':
      return links?.send(session, effect.generation, effect.n, effect.command)
    case 'start-runner':
      folders?.settle(session)
      return launcher?.start(session, effect.generation)
    case 'stop-runner':
      links?.release(session, effect.generation)
      return launcher?.stop(session, effect.generation)
    case 'probe-runner':
      return launcher?.probe(session, effect.generation, effect.final ? 'final' : 'first')
    case 'remove-files':
      folders?.gone(session)
      return launcher?.removeFiles(session, effect.discard === true ? 'discard' : 'keep')
    case 'deliver-callback':
      return callbacks?.deliver(session, effect)
  }
}

/** After a start no socket is there: each session hears so once, before any alarm, and the runners that live dial in. */
function recover(host: SessionHost): void {
  // Whoever has a runner has a deadline (S-3): those that sleep are not looked at, however many they are.
  for (const id of host.alarmed()) {
    const runner = stateOf(host, id)?.runner
    if (runner === undefined || runner.type === 'none') continue
    // One that cannot take it is stopped, and the host has said so.
    host.submit(id, { type: 'server-started' }).catch(() => undefined)
  }
}

function cached<Value>(ms: number, make: () => Value): () => Value {
  let made: { value: Value; at: number } | undefined
  return () => {
    if (made === undefined || Date.now() - made.at > ms) made = { value: make(), at: Date.now() }
    return made.value
  }
}

/** One call, whoever asks and how often. */
function onlyOnce<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}
