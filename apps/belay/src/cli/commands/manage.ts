/** The small commands about one session: `stop`, `rm`, `retry`. Each says in one line what was done. */
import { CliError, exitCodes } from '../exit-codes.ts'
import { oneLine } from '../paint.ts'
import { insist, type PlaceOptions } from '../place.ts'
import { connectTo } from '../sessions.ts'
import { type PlaceToWork, workspaceOf } from './run.ts'
import type { World } from '../world.ts'

export interface ManageOptions extends PlaceOptions {
  readonly json?: boolean
}

export async function stop(world: World, given: string, options: ManageOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const answer = await client.call('interrupt', { id })
  const sentence =
    answer.turn === undefined ? 'Nothing was running.' : `Turn ${answer.turn} is being stopped.`
  return say(world, options, { session: id, ...answer }, sentence)
}

export interface RetryOptions extends ManageOptions, PlaceToWork {
  readonly agent?: string
  readonly setup?: readonly string[]
}

export async function retry(world: World, given: string, options: RetryOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const { agent, setup, dir, repo, worktree } = options
  const place = [dir, repo, worktree].every((option) => option === undefined)
    ? undefined
    : workspaceOf(world, options)
  const session = await client.call('retry', {
    id,
    ...(agent === undefined ? {} : { agent: { name: agent } }),
    ...(setup === undefined ? {} : { setup: setup.filter((line) => line !== '') }),
    ...(place === undefined ? {} : { workspace: place }),
  })
  const sentence = `The session prepares itself again. Watch it with "belay attach ${id}".`
  return say(world, options, session, sentence)
}

export interface LoginOptions extends ManageOptions {
  readonly by?: string
}

/** Has the agent of a session sign in, by a way that it named and its protocol carries out. */
export async function loginAgent(
  world: World,
  given: string,
  options: LoginOptions,
): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const { problem } = await client.call('getSession', { id })
  const ways = problem?.signIn ?? []
  const named = ways.map((way) => `"${way.id}" (${way.name})`).join(', ')
  if (ways.length === 0)
    throw new CliError(
      exitCodes.failed,
      problem?.code === 'sign-in-needed'
        ? `${problem.message} Belay cannot sign in for you there.`
        : `The agent of session ${id} does not wait for a sign-in.`,
    )
  const signIn = options.by ?? (ways.length === 1 ? ways[0]?.id : undefined)
  if (signIn === undefined || !ways.some((way) => way.id === signIn))
    throw new CliError(exitCodes.usage, `Say how, with --by: the agent offers ${named}.`)
  const session = await client.call('retry', { id, signIn })
  const sentence = `The agent signs in by "${signIn}"; it may open a browser on the machine of the server. Watch it with "belay attach ${id}".`
  return say(world, options, session, sentence)
}

export async function restartAgent(
  world: World,
  given: string,
  options: ManageOptions,
): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const session = await client.call('restartAgent', { id })
  return say(world, options, session, 'The agent is started again; its conversation is restored.')
}

export interface RemoveOptions extends ManageOptions {
  readonly yes?: boolean
  readonly discard?: boolean
}

export async function remove(world: World, given: string, options: RemoveOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const { title } = await client.call('getSession', { id })
  if (options.yes !== true) await confirm(world, id, title)
  const how = options.discard === true ? ({ discard: 'true' } as const) : {}
  const { left } = await insist(() => client.call('deleteSession', { id, ...how }))
  const answer = { session: id, deleted: true, ...(left === undefined ? {} : { left }) }
  const stays = left === undefined ? '' : ` ${oneLine(left.why)}`
  return say(world, options, answer, `Session ${id} is deleted.${stays}`)
}

async function confirm(world: World, id: string, title: string): Promise<void> {
  if (!world.canAsk) {
    throw new CliError(exitCodes.usage, `Deleting ${id} is for good: say --yes to do it.`)
  }
  const question = `Delete ${id} (${title}) for good, its log and its clone or worktree? [y/N] `
  const answer = await world.ask(question, new AbortController().signal)
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) {
    throw new CliError(exitCodes.usage, 'Nothing was deleted.')
  }
}

/** One object for programs, one sentence for people. */
export function say(
  world: World,
  { json }: ManageOptions,
  answer: object,
  sentence: string,
): number {
  world.out.write(`${json === true ? JSON.stringify(answer) : sentence}\n`)
  return exitCodes.completed
}
