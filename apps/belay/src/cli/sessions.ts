/** Finding a session by the beginning of its id. */
import { limits, type SessionSummary } from '@belay/protocol'
import { ApiError, type Client } from '@belay/client/webapi'
import { CliError, exitCodes } from './exit-codes.ts'
import { connect, type PlaceOptions } from './place.ts'
import type { World } from './world.ts'

/**
 * A client of the running server, and the session on it that is meant.
 * @param given an id, or a beginning that only one session has
 * @throws CliError when no server runs, or when it has no such session or several
 */
export async function connectTo(
  world: World,
  given: string,
  options: PlaceOptions,
): Promise<{ readonly client: Client; readonly id: string }> {
  const client = await connect(world, options)
  return { client, id: await findSession(client, given) }
}

async function findSession(client: Client, given: string): Promise<string> {
  try {
    return (await client.call('getSession', { id: given })).id
  } catch (error) {
    const begin = error instanceof ApiError && /not-found|bad-request/.test(error.problem.code)
    if (!begin) throw error
  }
  const matches = (await allSessions(client)).filter(({ id }) => id.startsWith(given))
  const [first, ...others] = matches
  if (first === undefined) {
    throw new CliError(exitCodes.usage, `No session begins with "${given}": see "belay ls".`)
  }
  if (others.length === 0) return first.id
  const ids = matches.map(({ id }) => id).join(', ')
  throw new CliError(exitCodes.usage, `More than one session begins with "${given}": ${ids}.`)
}

/** Every session, the newest first. */
export async function allSessions(client: Client): Promise<readonly SessionSummary[]> {
  const all: SessionSummary[] = []
  let before: string | undefined
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await client.call('listSessions', { limit: limits.pageSessionsMax, before })
    all.push(...page.sessions)
    before = page.next
  } while (before !== undefined)
  return all
}
