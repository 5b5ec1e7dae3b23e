/** `belay queue`: the prompts that wait for their turn. A prompt is named by its place or by its id. */
import type { Client } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import { CliError, exitCodes } from '../exit-codes.ts'
import { oneLine } from '../paint.ts'
import { connectTo } from '../sessions.ts'
import type { World } from '../world.ts'
import { type ManageOptions, say } from './manage.ts'

export interface QueueOptions extends ManageOptions {
  readonly move?: string
  readonly to?: string
  readonly cancel?: string
  /** The prompt and its new text. */
  readonly edit?: readonly string[]
}

export async function queue(world: World, given: string, options: QueueOptions): Promise<number> {
  const { client, id } = await connectTo(world, given, options)
  await change(client, id, options)
  const view = await client.call('getSession', { id })
  const lines = view.queue.map(
    ({ promptId, text }, index) => `${index + 1}  ${promptId}  ${oneLine(text).slice(0, 80)}`,
  )
  const said = lines.length === 0 ? 'No prompt waits.' : lines.join('\n')
  return say(world, options, { session: id, queue: view.queue }, said)
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
