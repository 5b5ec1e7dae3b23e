/**
 * What a person typed and attached, and has not been accepted yet.
 *
 * Invariants:
 * - V-20 A draft is emptied only by the acceptance of exactly what it holds.
 * - V-21 Sending the same again after no answer uses the same prompt id, so it cannot run twice.
 * - V-22 What was sent without an answer goes again as it is; once it was changed it waits for its person.
 */

export interface Draft {
  readonly text: string
  /** Absent when there are none. */
  readonly files?: readonly DraftFile[] | undefined
  /** What was sent last and is not settled. */
  readonly sent?: Sent | undefined
  /** Why the last sending was refused, for the person to read; typing clears it. */
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
  /** The running turn that it was to take the place of. */
  readonly steers?: number | undefined
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
 * @param steers the running turn that it takes the place of
 */
export function sendDraft(
  draft: Draft,
  newPromptId: string,
  steers?: number,
): Draft & { readonly sent: Sent } {
  const { text, files } = draft
  const keys = files?.map(({ key }) => key)
  const promptId = asSent(draft)?.promptId ?? newPromptId
  const steering = steers === undefined ? {} : { steers }
  const sent = { promptId, text, ...some(keys), ...steering, state: 'under-way' } as const
  return { text, ...some(files), sent }
}

/** What was sent, nobody answered, and is as it was sent: it can go again. */
export function unanswered(draft: Draft): Sent | undefined {
  const sent = asSent(draft)
  return sent?.state === 'unanswered' ? sent : undefined
}

/** What was sent last, unless the draft holds something else by now. */
function asSent({ text, files = [], sent }: Draft): Sent | undefined {
  const keys = files.map(({ key }) => key).join()
  return sent?.text === text && (sent.files ?? []).join() === keys ? sent : undefined
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
export function draftUnanswered(draft: Draft, promptId: string): Draft {
  if (draft.sent?.promptId !== promptId) return draft
  return { ...draft, sent: { ...draft.sent, state: 'unanswered' } }
}

function some<Value>(files: readonly Value[] | undefined): { readonly files?: readonly Value[] } {
  return files === undefined || files.length === 0 ? {} : { files }
}
