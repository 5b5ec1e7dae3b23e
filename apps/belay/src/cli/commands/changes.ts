/** What turns changed: `belay diff`. `restore.ts` takes it back. */
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

export async function diff(world: World, given: string, options: DiffOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  const turn = options.turn === undefined ? await lastTurn(client, id) : turnOf(options.turn)
  const changes = await changesWhenKnown(client, { id, turn })
  const paint = painter(world.out.color)
  return say(world, options, changes, changeLines(paint, changes).join('\n'))
}

/** Longer than a session waits before it says that it is not known. */
const dueMsMax = 60_000
const dueAskMs = 100

/** Right after a turn it is still being looked at: that is waited for. */
async function changesWhenKnown(
  client: Client,
  wanted: { readonly id: string; readonly turn: number },
): Promise<Changes> {
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

type Changes = RouteAnswer<'turnChanges'>

function changeLines(paint: Paint, changes: Changes): readonly string[] {
  const { turn, files, more, patch, problem } = changes
  const notes = changesNotes(paint, changes)
  // With a sentence beside it, not even an empty list says that nothing changed.
  if (files.length === 0)
    return problem === undefined && notes.length === 0 ? [`Turn ${turn} changed nothing.`] : notes
  const listed = files.map((file) => fileLine(paint, file))
  const rest = more === undefined ? [] : [`  … and ${more} files more`]
  return [...notes, ...listed, ...rest, '', ...patchLines(paint, patch)]
}

export async function lastTurn(client: Client, id: string): Promise<number> {
  const { lastTurn: last } = await client.call('getSession', { id })
  if (last === undefined) throw new CliError(exitCodes.failed, 'The session has had no turn yet.')
  return last.turn
}

/** @throws CliError when it is no number of a turn */
export function turnOf(text: string): number {
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
