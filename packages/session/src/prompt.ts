/**
 * Prompts before their turn: accepted once, kept in order, changed or taken back only while they wait.
 *
 * - S-4 A prompt is accepted when its transition is committed; the same id with the same text returns the first
 *   answer, with another text it is refused.
 * - S-91 What is attached to a prompt is kept by the commit that accepts it; state, log and commands only name it.
 * - S-36 A steering prompt stops the running turn and is the next, before all that wait.
 * - S-37 The queue keeps its order, and changes it only as it was asked to.
 * - S-5 At most `queuedPromptsMax` prompts wait; one more is refused and nothing of it is kept.
 */
import { limits, type PromptState } from '@belay/protocol'
import { type Change, log, refuse, set } from './change.ts'
import type { PromptText, SessionInput, SessionReply } from './input.ts'
import { beginPreparation } from './preparation.ts'
import { findPrompt, keepAttachments, keepPrompt, type PromptRow } from './row.ts'
import type { QueuedPrompt } from './state.ts'
import { interrupt } from './turn.ts'

type Edit = Extract<SessionInput, { type: 'prompt-edited' }>

/** A prompt, behind those that wait. */
export function submitPrompt(change: Change, prompt: PromptText): SessionReply {
  return submit(change, prompt, () => acceptPrompt(change, prompt))
}

/** A prompt that is the next, and stops the running turn. Sent once more it stops nothing: it may be its own turn by then. */
export function steerPrompt(change: Change, prompt: PromptText): SessionReply {
  return submit(change, prompt, () => {
    const row = acceptNext(change, prompt)
    const { turn } = change.state
    if (turn.type === 'active') interrupt(change, turn.turn)
    return row
  })
}

function submit(change: Change, prompt: PromptText, accept: () => PromptRow): SessionReply {
  const before = findPrompt(change, prompt.promptId)
  if (before !== undefined) {
    return before.digest === prompt.digest
      ? answer(change, prompt.promptId, before)
      : refuse('prompt-conflict', `Prompt ${prompt.promptId} was sent before with another text.`)
  }
  const full = refuseFull(change)
  if (full !== undefined) return full
  return answer(change, prompt.promptId, accept())
}

export function refuseFull(change: Change): SessionReply | undefined {
  const count = change.state.queue.length
  if (count < limits.queuedPromptsMax) return undefined
  return refuse(
    'queue-full',
    `${count} prompts wait already, and ${limits.queuedPromptsMax} may.`,
    limits.queuedPromptsMax,
  )
}

/** Puts a new prompt at the end of the queue. */
export function acceptPrompt(change: Change, prompt: PromptText): PromptRow {
  const queued = queuedPrompt(change, prompt)
  set(change, 'queue', [...change.state.queue, queued])
  return accepted(change, queued, undefined)
}

/** Puts a new prompt before all others. */
export function acceptNext(change: Change, prompt: PromptText): PromptRow {
  const queued = queuedPrompt(change, prompt)
  set(change, 'queue', [queued, ...change.state.queue])
  return accepted(change, queued, 1)
}

function queuedPrompt(change: Change, prompt: PromptText): QueuedPrompt {
  const { promptId, text, digest } = prompt
  return { promptId, digest, text, ...keepAttachments(change, prompt.attachments), at: change.now }
}

function accepted(change: Change, queued: QueuedPrompt, position: number | undefined): PromptRow {
  const { promptId, text, digest, attachments } = queued
  const row: PromptRow = { digest, state: 'queued' }
  keepPrompt(change, promptId, row)
  log(change, {
    type: 'prompt-accepted',
    promptId,
    text,
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
    ...(position === undefined ? {} : { position }),
  })
  // A new prompt always moves the session on: also out of a failed preparation.
  if (change.state.lifecycle.type === 'attention') beginPreparation(change)
  return row
}

export function editPrompt(change: Change, input: Edit): SessionReply {
  const { promptId, text, position } = input
  const found = waiting(change, promptId)
  if ('type' in found) return found
  if (text !== undefined) changeText(change, promptId, text)
  if (position !== undefined) movePrompt(change, promptId, position)
  return answer(change, promptId, found)
}

function changeText(change: Change, promptId: string, text: string): void {
  const { queue } = change.state
  set(
    change,
    'queue',
    queue.map((prompt) => (prompt.promptId === promptId ? { ...prompt, text } : prompt)),
  )
  log(change, { type: 'prompt-edited', promptId, text })
}

/** Takes a prompt out of the line and lets it in again before the one that then has its place. */
function movePrompt(change: Change, promptId: string, wanted: number): void {
  const { queue } = change.state
  const position = Math.min(wanted, queue.length)
  const from = queue.findIndex((prompt) => prompt.promptId === promptId)
  if (from === position - 1) return
  const moved = queue[from]
  if (moved === undefined) return
  set(change, 'queue', queue.toSpliced(from, 1).toSpliced(position - 1, 0, moved))
  log(change, { type: 'prompt-moved', promptId, position })
}

export function cancelPrompt(change: Change, promptId: string): SessionReply {
  const found = waiting(change, promptId)
  return 'type' in found ? found : answer(change, promptId, takeBack(change, found, { promptId }))
}

/** A prompt that waited for so long that it would come as a surprise. */
export function expirePrompt(change: Change, promptId: string): void {
  const queued = change.state.queue.find((prompt) => prompt.promptId === promptId)
  if (queued === undefined) return
  const row: PromptRow = { digest: queued.digest, state: 'queued' }
  takeBack(change, row, { promptId, by: 'It waited for too long.' })
}

function takeBack(
  change: Change,
  found: PromptRow,
  said: { readonly promptId: string; readonly by?: string },
): PromptRow {
  const row: PromptRow = { ...found, state: 'cancelled' }
  set(
    change,
    'queue',
    change.state.queue.filter((prompt) => prompt.promptId !== said.promptId),
  )
  keepPrompt(change, said.promptId, row)
  log(change, { type: 'prompt-cancelled', ...said })
  return row
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
