/**
 * Prompts before their turn: accepted once, kept in order, changed or taken back only while they wait.
 *
 * - S-4 A prompt is accepted when its transition is committed; the same id with the same text returns the first
 *   answer, with another text it is refused.
 * - S-5 At most `queuedPromptsMax` prompts wait; one more is refused and nothing of it is kept.
 */
import { limits, type PromptState } from '@belay/protocol'
import { type Change, log, refuse, set } from './change.ts'
import type { PromptText, SessionReply } from './input.ts'
import { beginPreparation } from './preparation.ts'
import { findPrompt, keepPrompt, type PromptRow } from './row.ts'

export function submitPrompt(change: Change, prompt: PromptText): SessionReply {
  const before = findPrompt(change, prompt.promptId)
  if (before !== undefined) {
    return before.digest === prompt.digest
      ? answer(change, prompt.promptId, before)
      : refuse('prompt-conflict', `Prompt ${prompt.promptId} was sent before with another text.`)
  }
  const ahead = change.state.queue.length
  if (ahead >= limits.queuedPromptsMax) {
    return refuse(
      'queue-full',
      `${ahead} prompts wait already, and ${limits.queuedPromptsMax} may.`,
      limits.queuedPromptsMax,
    )
  }
  const row = acceptPrompt(change, prompt)
  // A new prompt always moves the session on: also out of a failed preparation.
  if (change.state.lifecycle.type === 'attention') beginPreparation(change)
  return answer(change, prompt.promptId, row)
}

/** Puts a new prompt at the end of the queue. */
export function acceptPrompt(change: Change, prompt: PromptText): PromptRow {
  const { promptId, text, digest } = prompt
  const row: PromptRow = { digest, state: 'queued' }
  set(change, 'queue', [...change.state.queue, { promptId, digest, text, at: change.now }])
  keepPrompt(change, promptId, row)
  log(change, { type: 'prompt-accepted', promptId, text })
  return row
}

export function editPrompt(change: Change, promptId: string, text: string): SessionReply {
  const found = waiting(change, promptId)
  if ('type' in found) return found
  set(
    change,
    'queue',
    change.state.queue.map((prompt) =>
      prompt.promptId === promptId ? { ...prompt, text } : prompt,
    ),
  )
  log(change, { type: 'prompt-edited', promptId, text })
  return answer(change, promptId, found)
}

export function cancelPrompt(change: Change, promptId: string): SessionReply {
  const found = waiting(change, promptId)
  if ('type' in found) return found
  const row: PromptRow = { ...found, state: 'cancelled' }
  set(
    change,
    'queue',
    change.state.queue.filter((prompt) => prompt.promptId !== promptId),
  )
  keepPrompt(change, promptId, row)
  log(change, { type: 'prompt-cancelled', promptId })
  return answer(change, promptId, row)
}

export function lookUpPrompt(change: Change, promptId: string): SessionReply {
  const row = findPrompt(change, promptId)
  return row === undefined ? notFound(promptId) : answer(change, promptId, row)
}

/** The row of a prompt that still waits, or why it cannot be changed. */
function waiting(change: Change, promptId: string): PromptRow | SessionReply {
  const row = findPrompt(change, promptId)
  if (row === undefined) return notFound(promptId)
  if (row.state === 'queued') return row
  return refuse('prompt-started', `Prompt ${promptId} does not wait any more: it is ${row.state}.`)
}

function notFound(promptId: string): SessionReply {
  return refuse('prompt-not-found', `This session has no prompt ${promptId}.`)
}

function answer(change: Change, promptId: string, row: PromptRow): SessionReply {
  const prompt: PromptState = {
    session: change.id,
    promptId,
    state: row.state,
    ...(row.turn === undefined ? {} : { turn: row.turn }),
    ...(row.ending === undefined ? {} : { ending: row.ending }),
  }
  return { type: 'prompt', prompt }
}
