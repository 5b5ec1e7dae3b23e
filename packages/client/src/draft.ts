/**
 * What a person typed and attached, and has not been accepted yet.
 *
 * Invariants:
 * - V-20 A draft is emptied only by the acceptance of exactly what it holds.
 * - V-21 Sending the same again after no answer uses the same prompt id, so it cannot run twice.
 */

export interface Draft {
  readonly text: string
  /** Absent when there are none. */
  readonly files?: readonly DraftFile[] | undefined
  /** What was sent last and is not settled. */
  readonly sent?: Sent | undefined
  /** Why the last sending failed, for the person to read; typing clears it. */
  readonly problem?: string | undefined
}
export interface DraftFile {
  /** Of this one file: the same file attached again is another. */
  readonly key: string
  readonly name: string
  /** A media type. */
  readonly type: string
  readonly bytes: number
  /** In base64. */
  readonly data: string
}
interface Sent {
  readonly promptId: string
  readonly text: string
  /** Keys of the files that went with it; absent when there were none. */
  readonly files?: readonly string[] | undefined
  readonly state: 'under-way' | 'unanswered'
}

export const emptyDraft: Draft = { text: '' }

export function typeDraft(draft: Draft, text: string): Draft {
  return { ...draft, text, problem: undefined }
}

export function attachFile(draft: Draft, file: DraftFile): Draft {
  return { ...draft, files: [...(draft.files ?? []), file], problem: undefined }
}

export function detachFile(draft: Draft, key: string): Draft {
  const { files, ...rest } = draft
  return { ...rest, ...some(files?.filter((file) => file.key !== key)) }
}

/**
 * The draft as it is while it is being sent, under `sent.promptId`.
 * @param newPromptId used unless the same was sent before without an answer
 */
export function sendDraft(draft: Draft, newPromptId: string): Draft & { readonly sent: Sent } {
  const { text, files } = draft
  const keys = files?.map(({ key }) => key)
  const again =
    draft.sent !== undefined &&
    draft.sent.text === text &&
    (draft.sent.files ?? []).join() === (keys ?? []).join()
  const promptId = again ? draft.sent.promptId : newPromptId
  const sent = { promptId, text, ...some(keys), state: 'under-way' } as const
  return { text, ...some(files), sent }
}

/** The prompt is on disk. What was typed or attached meanwhile stays. */
export function draftAccepted(draft: Draft, promptId: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  const { text, files = [], sent } = draft
  const others = files.filter(({ key }) => sent.files?.includes(key) !== true)
  return { text: text === sent.text ? '' : text, ...some(others) }
}

/** The server said no: nothing was kept of it, and the next sending is a new prompt. */
export function draftRefused(draft: Draft, promptId: string, problem: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  return { text: draft.text, ...some(draft.files), problem }
}

/** No answer came: the prompt may be on disk. */
export function draftUnanswered(draft: Draft, promptId: string, problem: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  return { ...draft, sent: { ...draft.sent, state: 'unanswered' }, problem }
}

function some<Value>(files: readonly Value[] | undefined): { readonly files?: readonly Value[] } {
  return files === undefined || files.length === 0 ? {} : { files }
}
