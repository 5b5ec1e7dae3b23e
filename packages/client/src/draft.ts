/**
 * What a person typed and has not been accepted yet.
 *
 * Invariants:
 * - V-20 A draft is emptied only by the acceptance of exactly the text it holds.
 * - V-21 Sending the same text again after no answer uses the same prompt id, so it cannot run twice.
 */

export interface Draft {
  readonly text: string
  /** The text that was sent last and is not settled. */
  readonly sent?: Sent | undefined
  /** Why the last sending failed, for the person to read; typing clears it. */
  readonly problem?: string | undefined
}
interface Sent {
  readonly promptId: string
  readonly text: string
  readonly state: 'under-way' | 'unanswered'
}

export const emptyDraft: Draft = { text: '' }

export function typeDraft(draft: Draft, text: string): Draft {
  return { ...draft, text, problem: undefined }
}

/**
 * The draft as it is while its text is being sent, under `sent.promptId`.
 * @param newPromptId used unless the same text was sent before without an answer
 */
export function sendDraft(draft: Draft, newPromptId: string): Draft & { readonly sent: Sent } {
  const again = draft.sent !== undefined && draft.sent.text === draft.text
  const promptId = again ? draft.sent.promptId : newPromptId
  return { text: draft.text, sent: { promptId, text: draft.text, state: 'under-way' } }
}

/** The prompt is on disk. What was typed meanwhile stays. */
export function draftAccepted(draft: Draft, promptId: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  return draft.text === draft.sent.text ? emptyDraft : { text: draft.text }
}

/** The server said no: nothing was kept of it, and the next sending is a new prompt. */
export function draftRefused(draft: Draft, promptId: string, problem: string): Draft {
  return draft.sent?.promptId === promptId ? { text: draft.text, problem } : draft
}

/** No answer came: the prompt may be on disk. */
export function draftUnanswered(draft: Draft, promptId: string, problem: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  return { text: draft.text, sent: { ...draft.sent, state: 'unanswered' }, problem }
}
