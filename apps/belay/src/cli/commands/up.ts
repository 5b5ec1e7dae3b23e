/** `belay up`: the server, until Ctrl-C. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { type Deadlines, deadlines as defaults } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import type { Retention } from '../../server/retention.ts'
import { dataFolderOf, type PlaceOptions } from '../place.ts'
import type { World } from '../world.ts'
import { agentsLine } from './agents.ts'

export interface UpOptions extends PlaceOptions {
  readonly port: string
  readonly host: string
  readonly deadline?: readonly string[]
  readonly open?: boolean
  readonly json?: boolean
  readonly keepSessions?: string
  readonly keepEvents?: string
  readonly keepEventDays?: string
  readonly minDisk?: string
  readonly allowPrivateCallbacks?: boolean
}

export async function up(world: World, options: UpOptions): Promise<number> {
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CliError(
      exitCodes.usage,
      `--port takes a number from 0 to 65535; got "${options.port}".`,
    )
  }
  const deadlines = deadlinesOf(options.deadline ?? [])
  const keep = keepOf(options)
  const diskFreeBytesMin = options.minDisk === undefined ? undefined : mibOf(options.minDisk)
  const dataFolder = dataFolderOf(world, options)
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  // Loaded here, because no other command needs the server's code.
  const [{ serve }, { guardServer, openServerLog }] = await Promise.all([
    import('../../server/serve.ts'),
    import('../../server/server-log.ts'),
  ])
  const stopped = Promise.withResolvers<number>()
  // Before the link is said: whoever reads it may stop the server at once.
  const stopListening = world.onInterrupt(() => stopped.resolve(exitCodes.completed))
  const fatal = Promise.withResolvers<number>()
  const unguard = guardServer(dataFolder)
  const server = await openServerLog(dataFolder)
    .then((log) =>
      serve({
        dataFolder,
        port,
        host: options.host,
        log,
        deadlines,
        allowPrivateCallbacks: options.allowPrivateCallbacks === true,
        keep,
        ...(diskFreeBytesMin === undefined ? {} : { diskFreeBytesMin }),
        onFatal: (error) => {
          world.err.write(`The server stopped: ${error.message}\n`)
          fatal.resolve(exitCodes.failed)
        },
      }),
    )
    .catch((error: unknown) => {
      unguard()
      throw new CliError(exitCodes.failed, whyNotUp(error, options))
    })
  if (options.json === true) {
    const { url, link, agents } = server
    world.out.write(`${JSON.stringify({ url, link, agents })}\n`)
  } else world.out.write(`Belay is up: ${server.link}\n${agentsLine(server.agents)}\n`)
  if (options.open === true) openInBrowser(server.link)
  // Node writes it at its end, which a killed server does not have; the next start wants it.
  flushCompileCache()
  const code = await Promise.race([stopped.promise, fatal.promise])
  stopListening()
  unguard()
  if (code !== exitCodes.completed) return code
  await server.close()
  world.err.write('\nThe server is stopped. Agents at work go on; "belay up" takes them back.\n')
  return code
}

/** What the system says of an address, in words; what the server says is in words already. */
function whyNotUp(error: unknown, { port, host }: UpOptions): string {
  if (!(error instanceof Error)) return String(error)
  // Files are refused with the same codes as addresses, and their own sentence names them.
  const isOfAddress = 'syscall' in error && error.syscall !== 'open'
  switch (isOfAddress && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another program: choose another with --port, 0 for any free one.`
    case 'EACCES':
      return `Port ${port} of ${host} is not for this user: choose one above 1023 with --port.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address "${host}" to listen on: choose another with --host.`
    default:
      return error.message
  }
}

/** @throws CliError when one is not `name=milliseconds` of the table */
export function deadlinesOf(given: readonly string[]): Partial<Deadlines> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', value] = text.split('=')
      const ms = Number(value)
      if (Object.hasOwn(defaults, name) && Number.isSafeInteger(ms) && ms > 0) return [name, ms]
      throw new CliError(
        exitCodes.usage,
        `--deadline takes <name>=<milliseconds>, and a name of ${Object.keys(defaults).join(', ')}; got "${text}".`,
      )
    }),
  )
}

/** @throws CliError when it is no size */
function mibOf(given: string): number {
  const mib = Number(given)
  if (/^\d+$/.test(given) && Number.isSafeInteger(mib)) return mib * 1024 * 1024
  throw new CliError(exitCodes.usage, `--min-disk takes a number of MiB; got "${given}".`)
}

const dayMs = 24 * 60 * 60_000

/** @throws CliError when one of them is no number of its kind */
function keepOf({
  keepSessions,
  keepEvents,
  keepEventDays,
}: Pick<UpOptions, 'keepSessions' | 'keepEvents' | 'keepEventDays'>): Retention {
  return {
    sessionsMs: keepSessions === undefined ? undefined : daysOf('--keep-sessions', keepSessions),
    events: keepEvents === undefined ? undefined : countOf(keepEvents),
    eventsMs: keepEventDays === undefined ? undefined : daysOf('--keep-event-days', keepEventDays),
  }
}

function countOf(given: string): number {
  const count = Number(given)
  if (/^\d+$/.test(given) && Number.isSafeInteger(count) && count > 0) return count
  throw new CliError(
    exitCodes.usage,
    `--keep-events takes a number of events above nothing; got "${given}".`,
  )
}

function daysOf(option: string, given: string): number {
  const days = Number(given)
  if (given.trim() === '' || !(days > 0) || !Number.isFinite(days)) {
    throw new CliError(
      exitCodes.usage,
      `${option} takes a number of days above nothing; got "${given}".`,
    )
  }
  return Math.ceil(days * dayMs)
}

function openInBrowser(link: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', link]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', link]
        : ['xdg-open', link]
  const child = spawn(command, args, { detached: true, stdio: 'ignore' })
  // No browser to open: the link is on the screen.
  child.on('error', () => undefined)
  child.unref()
}
