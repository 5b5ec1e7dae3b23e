/** `belay queue`: the prompts that wait for their turn. A prompt is named by its place or by its id. */
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { oneLine } from '../paint.ts'
import { insist } from '../place.ts'
import { connectTo } from '../sessions.ts'
import { howToGoOn } from '../undecided.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface QueueOptions extends ManageOptions {
  readonly move?: string
  readonly to?: string
  readonly cancel?: string
  /** The prompt and its new text. */
  readonly edit?: readonly string[]
  /** Let the prompts run that wait for a decision. */
  readonly goOn?: boolean
}

export async function queue(world: World, given: string, options: QueueOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  if (options.goOn === true) await goOn(client, id)
  else await change(client, id, options)
  const view = await client.call('getSession', { id })
  const lines = view.queue.map(
    ({ promptId, text }, index) => `${index + 1}  ${promptId}  ${oneLine(text).slice(0, 80)}`,
  )
  if (view.held !== undefined) lines.push(howToGoOn(view))
  const said = lines.length === 0 ? 'No prompt waits.' : lines.join('\n')
  return say(world, options, { session: id, queue: view.queue }, said)
}

/** The prompts that wait for a decision now; those that a later failure holds are asked about anew. */
async function goOn(client: Client, id: string): Promise<void> {
  const { undecided } = await client.call('getSession', { id })
  const turn = undecided?.turns.findLast(({ holds }) => holds === true)?.turn
  if (turn === undefined)
    throw new CliError(exitCodes.usage, 'No prompt waits for a decision: they run by themselves.')
  await insist(() => client.call('resumeQueue', { id, turn }))
}

async function change(client: Client, id: string, options: QueueOptions): Promise<void> {
  const { move, to, cancel, edit } = options
  const named = move ?? cancel ?? edit?.[0]
  if (named === undefined) return
  const promptId = promptOf(await client.call('getSession', { id }), named)
  if (cancel !== undefined) await client.call('cancelPrompt', { id, promptId })
  else if (edit !== undefined) {
    const text = edit.slice(1).join(' ')
    if (text === '') throw new CliError(exitCodes.usage, 'Say the new text: --edit PROMPT "text".')
    await client.call('editPrompt', { id, promptId, text })
  } else {
    if (!/^[1-9]\d{0,3}$/.test(to ?? '')) {
      throw new CliError(
        exitCodes.usage,
        'Say where it is to go: --move PROMPT --to PLACE; 1 is next.',
      )
    }
    await client.call('editPrompt', { id, promptId, position: Number(to) })
  }
}

/** @param named a place from 1, or an id or its beginning */
function promptOf({ queue: waiting }: SessionView, named: string): string {
  const exact = waiting.find(({ promptId }) => promptId === named)
  const begun = waiting.filter(({ promptId }) => promptId.startsWith(named))
  const placed = /^\d{1,2}$/.test(named) ? waiting[Number(named) - 1] : undefined
  const found = exact ?? placed ?? (begun.length === 1 ? begun[0] : undefined)
  if (found === undefined) {
    throw new CliError(
      exitCodes.usage,
      `No one prompt that waits is "${named}": see "belay queue".`,
    )
  }
  return found.promptId
}
