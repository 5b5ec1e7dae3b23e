/** `belay run`: a new session, its first prompt, and its turn to the end. */
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Finish, Place, Workspace, WorkspaceBody } from '@belay/protocol'
import { attachmentsOf } from '../attachments.ts'
import { CliError, exitCodes } from '../exit-codes.ts'
import { newId } from '../new-id.ts'
import { oneLine, painter } from '../paint.ts'
import { ApiError, type Client } from '@belay/client/webapi'
import { answeringOf } from '../permissions.ts'
import { connect, insist, type PlaceOptions } from '../place.ts'
import { untilPromptEnds, watch } from '../watch.ts'
import type { World } from '../world.ts'
import { type AgentOptions, type ChosenAgent, chooseAgent } from './agents.ts'

export interface WatchingOptions extends PlaceOptions {
  readonly json?: boolean
  readonly sse?: boolean
  readonly yes?: boolean
  readonly reject?: boolean
}
export interface RunOptions extends WatchingOptions, AgentOptions {
  readonly dir?: string
  readonly repo?: string
  readonly branch?: string
  readonly ref?: string
  readonly workBranch?: string
  readonly shallow?: boolean
  readonly worktree?: string | true
  readonly setup?: readonly string[]
  readonly commit?: boolean
  readonly push?: boolean
  readonly goOn?: boolean
  readonly title?: string
  readonly file?: readonly string[]
}

export async function run(world: World, given: string, options: RunOptions): Promise<number> {
  const workspace = workspaceOf(world, options)
  const text = await promptText(world, given)
  const files = attachmentsOf(world, options.file)
  const client = await connect(world, options)
  const { agents } = await client.call('agents', {})
  const agent = chooseAgent(world, options, agents)
  if (options.json !== true) await sayWhoIsThere(world, client, workspace)
  const session = newId()
  const promptId = newId()
  const body = {
    id: session,
    agent: agent.choice,
    workspace,
    setup: options.setup === undefined ? undefined : [...options.setup],
    finish: finishOf(workspace, options),
    ...(options.goOn === true ? { goOn: true as const } : {}),
    title: options.title,
    prompt: { promptId, text, ...files },
  }
  await insist(() => client.call('createSession', body))
  if (options.json !== true) announce(world, { session, agent, workspace, asked: options.agent })
  return watch({
    world,
    client,
    session,
    after: 0,
    json: options.json === true,
    sse: options.sse === true,
    answering: answeringOf(world, options),
    until: untilPromptEnds({ world, session }, promptId),
  })
}

/** Says who works in a folder already, before another does. It does not ask: a script goes on as it did. */
async function sayWhoIsThere(world: World, client: Client, workspace: WorkspaceBody) {
  if (workspace.type !== 'folder' || workspace.worktree !== undefined) return
  const place = await placeOf(client, workspace.path)
  const [first] = place?.sessions ?? []
  if (place === undefined || first === undefined) return
  const { sessions, git } = place
  const paint = painter(world.err.color)
  const who = `“${oneLine(first.title)}” (${first.id})`
  const others =
    sessions.length === 1
      ? `Session ${who} works`
      : `${who} and ${sessions.length - 1} more sessions work`
  const way = git === undefined ? '' : ' Give --worktree to work in one of its own.'
  world.err.write(
    `${paint('yellow', 'SHARED FOLDER')}: ${others} in this folder too: each may change files while the other works on them.${way}\n`,
  )
}

/** @returns `undefined` when the server does not say: whatever keeps it from that, the session itself will meet or not */
async function placeOf(client: Client, path: string): Promise<Place | undefined> {
  try {
    return await client.call('place', { path })
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

/** "-" reads the prompt from stdin. */
export async function promptText(world: World, given: string): Promise<string> {
  const text = given === '-' ? await world.readInput() : given
  if (text.trim() === '') throw new CliError(exitCodes.usage, 'The prompt is empty.')
  return text
}

function finishOf(workspace: Workspace, { commit, push }: RunOptions): Finish | undefined {
  if (commit !== true && push !== true) return undefined
  return {
    commit: true,
    ...(push === true ? { push } : {}),
    // Who asks for it on a folder means that folder.
    ...(workspace.type === 'folder' ? { folder: true } : {}),
  }
}

export interface PlaceToWork {
  readonly dir?: string | undefined
  readonly repo?: string | undefined
  readonly branch?: string | undefined
  readonly ref?: string | undefined
  readonly workBranch?: string | undefined
  readonly shallow?: boolean | undefined
  readonly worktree?: string | true | undefined
}

export function workspaceOf(world: World, asked: PlaceToWork): WorkspaceBody {
  const { dir, repo } = asked
  if (repo === undefined) {
    const other = [asked.branch, asked.ref, asked.workBranch, asked.shallow]
    if (other.some((option) => option !== undefined))
      throw new CliError(
        exitCodes.usage,
        'A branch is checked out of a --repo; a --dir is used as it is.',
      )
    const path = resolve(world.cwd, dir ?? '.')
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) throw new CliError(exitCodes.usage, `There is no folder ${path}.`)
    if (!stats.isDirectory()) throw new CliError(exitCodes.usage, `${path} is not a folder.`)
    const { worktree } = asked
    if (worktree === undefined) return { type: 'folder', path }
    return { type: 'folder', path, worktree: worktree === true ? true : { branch: worktree } }
  }
  if (asked.worktree !== undefined)
    throw new CliError(
      exitCodes.usage,
      'A --worktree is of a folder; a --repo is cloned, which is the session’s own already.',
    )
  if (dir !== undefined) throw new CliError(exitCodes.usage, 'Give --dir or --repo, not both.')
  const sign = repo.lastIndexOf('#')
  const address = sign < 0 ? repo : repo.slice(0, sign)
  const branch = asked.branch ?? (sign < 0 ? undefined : repo.slice(sign + 1))
  // A repository on this machine is seen from here, not from where the server was started.
  const local = resolve(world.cwd, address)
  const url = existsSync(local) ? local : address
  const { ref, workBranch, shallow } = asked
  // In the environment and not on the command line, which others can read.
  const token = world.env['BELAY_GIT_TOKEN']
  const user = world.env['BELAY_GIT_USER']
  return { type: 'repository', url, branch, ref, workBranch, shallow, user, token }
}

interface Announced {
  readonly session: string
  readonly agent: ChosenAgent
  readonly workspace: Workspace
  /** The agent that was asked for by its name. */
  readonly asked: string | undefined
}

function announce(world: World, { session, agent, workspace, asked }: Announced): void {
  const paint = painter(world.err.color)
  const place = workspace.type === 'folder' ? workspace.path : workspace.url
  world.err.write(
    paint('dim', `Session ${session} · ${oneLine(agent.title)} · ${oneLine(place)}\n`),
  )
  if (!agent.demo) return
  const why =
    asked === undefined
      ? 'no agent is ready on this machine, so a scripted one shows what a session is. "belay doctor" says what is missing.'
      : 'this agent is a script that shows what a session is.'
  world.err.write(`${paint('yellow', 'DEMO')}: ${why}\n`)
}
