/**
 * What a person is typing for one session, kept in this browser, and the sending of it.
 *
 * Owns: storage and the request. The rule of when a draft is emptied is the client's (`draft.ts`).
 *
 * Invariants:
 * - W-12 Every key typed is stored before the next; a reload or a crash loses none.
 * - W-69 Tabs agree: what is typed in one is in the others, the newest wins.
 * - W-13 A prompt that was sent without an answer is known again by its id when the log shows it, also after a reload.
 * - W-121 One that the server did not answer goes by itself, under the same id, when the line is back.
 */
import {
  attachFile,
  detachFile,
  type Draft,
  type DraftFile,
  draftAccepted,
  draftRefused,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  typeDraft,
  unanswered,
} from '@belay/client'
import { ApiError, type Client } from '@belay/client/webapi'
import { z } from 'zod'
import { Live } from './live.ts'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'
import { keepOn, type Shelf } from './shelf.ts'

export class DraftBox {
  readonly draft: Live<Draft>
  /** Whether a reload would find all of it. */
  readonly kept = new Live(true)
  readonly #session: string
  readonly #shelf: Shelf
  /** What the browser had no room for. */
  readonly #unkept = new Set<string>()

  constructor(session: string, shelf: Shelf) {
    this.#session = session
    this.#shelf = shelf
    this.draft = new Live(this.#stored())
  }

  readonly type = (text: string): void => {
    this.#keep(typeDraft(this.draft.value, text))
  }

  readonly attach = (file: DraftFile): void => {
    this.#keep(attachFile(this.draft.value, file))
  }

  readonly detach = (key: string): void => {
    this.#keep(detachFile(this.draft.value, key))
  }

  /** Follows what another tab does with the same draft. @returns what ends it */
  readonly follow = (): (() => void) => {
    const onStorage = (event: StorageEvent): void => {
      if (event.key === keyOf(this.#session) || event.key === filesKeyOf(this.#session))
        this.draft.setNow(this.#stored())
    }
    addEventListener('storage', onStorage)
    return () => removeEventListener('storage', onStorage)
  }

  /** Adds to what is there, never replaces it. */
  readonly add = (text: string): void => {
    const before = this.draft.value.text
    this.type(before.trim() === '' ? text : `${before}\n\n${text}`)
  }

  /** The log has this prompt. */
  readonly accepted = (promptId: string): void => {
    const after = draftAccepted(this.draft.value, promptId)
    if (after !== this.draft.value) this.#keep(after)
  }

  /** @param steers the running turn that it is to take the place of */
  async send(client: Client, steers?: number): Promise<void> {
    const sending = sendDraft(this.draft.value, newId('p'), steers)
    const { promptId, text } = sending.sent
    const attachments = sending.files?.map(({ name, type, data }) => ({ name, type, data }))
    const attached = attachments === undefined ? {} : { attachments }
    this.#keep(sending)
    try {
      await client.call('prompt', {
        id: this.#session,
        promptId,
        text,
        ...attached,
        ...(steers === undefined ? {} : { steer: true }),
      })
      this.accepted(promptId)
    } catch (error) {
      const { message, action } = problemOf(error)
      const now = this.draft.value
      this.#keep(
        error instanceof ApiError
          ? draftRefused(now, promptId, `${message} ${action}`)
          : draftUnanswered(now, promptId),
      )
    }
  }

  /**
   * Sends again what nobody answered, as it is.
   * @param turn the one that runs: another one than was to be stopped is let run
   */
  sendAgain(client: Client, turn: number | undefined): Promise<void> {
    const steers = unanswered(this.draft.value)?.steers
    return this.send(client, steers === turn ? steers : undefined)
  }

  #keep(draft: Draft): void {
    const before = this.draft.value
    this.draft.setNow(draft)
    const { text, sent, files } = draft
    const empty = text === '' && sent === undefined
    this.#store(keyOf(this.#session), empty ? undefined : { text, sent })
    // They are large and seldom change: a key that is typed does not write them.
    if (files !== before.files) this.#store(filesKeyOf(this.#session), files)
    const kept = this.#unkept.size === 0
    if (kept !== this.kept.value) this.kept.setNow(kept)
  }

  #store(key: string, value: unknown): void {
    const kept = value !== undefined && keepOn(this.#shelf, key, JSON.stringify(value))
    // Without room this page still has it, and an older state would be a wrong one.
    if (!kept) this.#shelf.removeItem(key)
    if (kept || value === undefined) this.#unkept.delete(key)
    else this.#unkept.add(key)
  }

  #stored(): Draft {
    const files = readFiles(this.#shelf.getItem(filesKeyOf(this.#session)))
    const draft = readDraft(this.#shelf.getItem(keyOf(this.#session)))
    return files.length === 0 ? draft : { ...draft, files }
  }
}

function keyOf(session: string): string {
  return `belay.draft.${session}`
}
function filesKeyOf(session: string): string {
  return `belay.draft-files.${session}`
}

const filesSchema = z.array(
  z.object({
    key: z.string(),
    name: z.string(),
    type: z.string(),
    bytes: z.number(),
    data: z.string(),
  }),
)

function readFiles(stored: string | null): readonly DraftFile[] {
  if (stored === null) return []
  try {
    return filesSchema.safeParse(JSON.parse(stored)).data ?? []
  } catch {
    return []
  }
}

/** What was stored, by this version or another one. Nobody hears of an answer that came after a reload: it is open. */
export function readDraft(stored: string | null): Draft {
  if (stored === null) return emptyDraft
  try {
    const { text, sent } = JSON.parse(stored)
    if (typeof text !== 'string') return emptyDraft
    if (typeof sent?.promptId !== 'string' || typeof sent?.text !== 'string') return { text }
    const files = z.array(z.string()).safeParse(sent.files).data
    const steers = z.int().safeParse(sent.steers).data
    const { promptId } = sent
    return {
      text,
      sent: {
        promptId,
        text: sent.text,
        ...(files === undefined ? {} : { files }),
        ...(steers === undefined ? {} : { steers }),
        state: 'unanswered',
      },
    }
  } catch {
    return emptyDraft
  }
}
