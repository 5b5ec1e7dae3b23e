/**
 * What a person is typing for one session, kept in this browser, and the sending of it.
 *
 * Owns: storage and the request. The rule of when a draft is emptied is the client's (`draft.ts`).
 *
 * Invariants:
 * - W-12 Every key typed is stored before the next; a reload or a crash loses none.
 * - W-13 A prompt that was sent without an answer is known again by its id when the log shows it, also after a reload.
 */
import {
  type Draft,
  draftAccepted,
  draftRefused,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  typeDraft,
} from '@belay/client'
import { ApiError, type Client } from '@belay/client/webapi'
import { Live } from './live.ts'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'

/** Where drafts are kept: `localStorage`, or a `Map` with its methods. */
export interface Shelf {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export class DraftBox {
  readonly draft: Live<Draft>
  readonly #session: string
  readonly #shelf: Shelf

  constructor(session: string, shelf: Shelf) {
    this.#session = session
    this.#shelf = shelf
    this.draft = new Live(readDraft(shelf.getItem(keyOf(session))))
  }

  readonly type = (text: string): void => {
    this.#keep(typeDraft(this.draft.value, text))
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

  send(client: Client): Promise<void> {
    return this.#send(client, {})
  }

  /** Sends it as the next, and stops what runs. */
  steer(client: Client): Promise<void> {
    return this.#send(client, { steer: true })
  }

  async #send(client: Client, how: { readonly steer?: true }): Promise<void> {
    const sending = sendDraft(this.draft.value, newId('p'))
    const { promptId, text } = sending.sent
    this.#keep(sending)
    try {
      await client.call('prompt', { id: this.#session, promptId, text, ...how })
      this.accepted(promptId)
    } catch (error) {
      const { message, action } = problemOf(error)
      const words = `${message} ${action}`
      const now = this.draft.value
      this.#keep(
        error instanceof ApiError
          ? draftRefused(now, promptId, words)
          : draftUnanswered(now, promptId, `Not sent yet. ${words}`),
      )
    }
  }

  #keep(draft: Draft): void {
    this.draft.setNow(draft)
    if (draft.text === '' && draft.sent === undefined) this.#shelf.removeItem(keyOf(this.#session))
    else
      this.#shelf.setItem(
        keyOf(this.#session),
        JSON.stringify({ text: draft.text, sent: draft.sent }),
      )
  }
}

function keyOf(session: string): string {
  return `belay.draft.${session}`
}

/** What was stored, by this version or another one. Nobody hears of an answer that came after a reload: it is open. */
export function readDraft(stored: string | null): Draft {
  if (stored === null) return emptyDraft
  try {
    const { text, sent } = JSON.parse(stored)
    if (typeof text !== 'string') return emptyDraft
    if (typeof sent?.promptId !== 'string' || typeof sent?.text !== 'string') return { text }
    return { text, sent: { promptId: sent.promptId, text: sent.text, state: 'unanswered' } }
  } catch {
    return emptyDraft
  }
}
