/** What turns changed: `belay diff` shows it, `belay restore` puts the workspace back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type Client } from '@belay/client/webapi'
import type { RouteAnswer } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { changesNotes, fileLine } from '../lines.ts'
import { harmless, type Paint, painter } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface DiffOptions extends ManageOptions {
  readonly turn?: string
}
export interface RestoreOptions extends ManageOptions {
  readonly turn?: string
  readonly to?: string
  readonly undo?: boolean
}

export async function diff(world: World, given: string, options: DiffOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const turn = options.turn === undefined ? await lastTurn(client, id) : turnOf(options.turn)
  const changes = await changesWhenKnown(client, { id, turn })
  const paint = painter(world.out.color)
  const notes = changesNotes(paint, changes)
  const more = changes.more === undefined ? [] : [`  … and ${changes.more} files more`]
  const lines =
    changes.files.length === 0
      ? changes.problem === undefined
        ? [...notes, `Turn ${turn} changed nothing.`]
        : notes
      : [
          ...notes,
          ...changes.files.map((file) => fileLine(paint, file)),
          ...more,
          '',
          ...patchLines(paint, changes.patch),
        ]
  return say(world, options, changes, lines.join('\n'))
}

/** Longer than a session waits before it says that it is not known. */
const dueMsMax = 60_000
const dueAskMs = 100

/** Right after a turn it is still being looked at: that is waited for. */
async function changesWhenKnown(
  client: Client,
  wanted: { readonly id: string; readonly turn: number },
): Promise<RouteAnswer<'turnChanges'>> {
  const until = performance.now() + dueMsMax
  for (;;) {
    try {
      return await client.call('turnChanges', wanted)
    } catch (error) {
      const isDue = error instanceof ApiError && error.problem.code === 'not-ready'
      if (!isDue || performance.now() > until) throw error
    }
    await sleep(dueAskMs)
  }
}

export async function restore(
  world: World,
  given: string,
  options: RestoreOptions,
): Promise<number> {
  const { undo, turn: asked, to = 'before' } = options
  if (to !== 'before' && to !== 'after')
    throw new CliError(exitCodes.usage, `--to takes before or after; got "${to}".`)
  if ((asked === undefined) === (undo === undefined))
    throw new CliError(exitCodes.usage, 'Say --turn N, or --undo for the last restore.')
  const wanted = asked === undefined ? undefined : turnOf(asked)
  const { client, id } = await connectTo(world, given, options)
  const turn = wanted ?? (await lastTurn(client, id))
  const answer = await client.call('restore', { id, turn, to: undo === true ? 'undo' : to })
  const when = undo === true ? 'before it was put back' : `${to} turn ${turn}`
  const sentence = `The workspace is being put back to how it was ${when}. What it holds now is kept.`
  return say(world, options, { session: id, ...answer }, sentence)
}

async function lastTurn(client: Client, id: string): Promise<number> {
  const { lastTurn: last } = await client.call('getSession', { id })
  if (last === undefined) throw new CliError(exitCodes.failed, 'The session has had no turn yet.')
  return last.turn
}

function turnOf(text: string): number {
  const turn = Number(text)
  if (Number.isSafeInteger(turn) && turn > 0) return turn
  throw new CliError(exitCodes.usage, `--turn takes the number of a turn; got "${text}".`)
}

function patchLines(paint: Paint, patch: string): readonly string[] {
  return harmless(patch)
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (line.startsWith('diff ') || line.startsWith('@@')) return paint('cyan', line)
      if (line.startsWith('+++') || line.startsWith('---')) return paint('dim', line)
      if (line.startsWith('+')) return paint('green', line)
      return line.startsWith('-') ? paint('red', line) : line
    })
}
