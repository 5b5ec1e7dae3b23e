/** Where the server is and how to be let in: from the data folder, the environment or the command line. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { backoffDelayMs, channelBackoff } from '@belay/channel'
import { serverAwayWords } from '@belay/client'
import { type Client, createClient, ServerAway } from '@belay/client/webapi'
import { CliError, exitCodes } from './exit-codes.ts'
import { tellingSilence } from './silence.ts'
import type { World } from './world.ts'

export interface PlaceOptions {
  readonly data?: string
  readonly url?: string
  readonly token?: string
}

export function dataFolderOf(world: World, { data }: PlaceOptions): string {
  return resolve(world.cwd, data ?? world.env['BELAY_DATA'] ?? join(homedir(), '.belay'))
}

/** How often a server that takes connections is asked whether it is there: half a minute is no moment any more. */
const asksMax = 3

/**
 * A client of the running server; one that stands still is waited for.
 * @throws CliError in one sentence that says how to start one
 */
export async function connect(world: World, options: PlaceOptions): Promise<Client> {
  const client = tellingSilence(world, clientOf(world, options))
  for (let asks = 1; ; asks++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each follows the silence of the one before
      await client.call('health', {})
      return client
    } catch (error) {
      if (!(error instanceof ServerAway)) throw error
      if (!error.isSilent) throw notRunning(world, options)
      if (asks === asksMax) throw standsStill(client.address(''))
    }
  }
}

function clientOf(world: World, options: PlaceOptions): Client {
  const folder = dataFolderOf(world, options)
  const fixed = options.url ?? world.env['BELAY_URL']
  let url = fixed ?? readAddress(folder)
  if (url === undefined) throw notRunning(world, options)
  const token = options.token ?? world.env['BELAY_TOKEN'] ?? readText(join(folder, 'token'))
  const known = url
  return createClient({
    // A server that was restarted may be at another address; until it is up the old one stands.
    url: () => {
      url = fixed ?? readAddress(folder) ?? url ?? known
      return url
    },
    token: token ?? '',
  })
}

/** Whoever took the connection and says nothing is there, and is not to be started beside. */
function standsStill(url: string): CliError {
  return new CliError(
    exitCodes.away,
    `${serverAwayWords(`The Belay server at ${url}`)} It is there, and stands still or has too much to do: try again in a moment.`,
  )
}

function notRunning(world: World, options: PlaceOptions): CliError {
  const folder = dataFolderOf(world, options)
  const url = options.url ?? world.env['BELAY_URL']
  if (url !== undefined)
    return new CliError(
      exitCodes.away,
      `${serverAwayWords(`The Belay server at ${url}`)} Start it, or give another address with --url.`,
    )
  // One that was stopped takes its address with it; one that was killed leaves it.
  const sentence =
    readAddress(folder) === undefined
      ? `No Belay server is running on ${folder}: start one with "belay up".`
      : `${serverAwayWords(`The Belay server of ${folder}`)} Start it with "belay up".`
  return new CliError(exitCodes.away, sentence)
}

function readAddress(folder: string): string | undefined {
  const text = readText(join(folder, 'server.json'))
  const address: unknown = text === undefined ? undefined : JSON.parse(text)
  return typeof address === 'object' && address !== null && 'url' in address
    ? String(address.url)
    : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** How long a request that may be repeated is repeated while the server is away. */
const insistMs = 30_000

/** Repeats a request until it is answered: only for requests that carry their own ids. @throws what ended it */
export async function insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + insistMs
  for (let attempt = 1; ; attempt++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try follows the failure of the one before
      return await ask()
    } catch (error) {
      const wait = backoffDelayMs(channelBackoff, attempt, Math.random())
      if (!(error instanceof ServerAway) || Date.now() + wait > until) throw error
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((done) => setTimeout(done, wait))
    }
  }
}
