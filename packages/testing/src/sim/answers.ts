/**
 * What callers were answered, held against what they were answered before.
 *
 * Owns: the accepted prompts and the deleted sessions, as far as any caller may rely on them.
 */
import type { SessionReply } from '@belay/session'
import type { Request } from './api.ts'
import type { Stage } from './stage.ts'

export interface Call {
  readonly request: Request
  /** The number of answers that had come when it was made. */
  readonly after: number
}

interface Known {
  readonly rank: number
  readonly answer: number
}

const ranks: Readonly<Record<string, number>> = { queued: 0, started: 1, ended: 2, cancelled: 2 }

export class Answers {
  readonly #stage: Stage
  #count = 0
  /** By prompt: its session. */
  readonly accepted = new Map<string, string>()
  readonly #states = new Map<string, Known>()
  readonly #created = new Map<string, number>()
  readonly #deleted = new Map<string, number>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** The answer says that the session is gone. */
  isDeleted(session: string): boolean {
    return this.#deleted.has(session)
  }

  isCreated(session: string): boolean {
    return this.#created.has(session)
  }

  begin(request: Request): Call {
    return { request, after: this.#count }
  }

  take(call: Call, reply: SessionReply): void {
    this.#count += 1
    const { session, asked } = call.request
    const wrong = this.#holdAgainst(call, reply)
    if (wrong !== undefined) {
      const words = `${asked.type} was answered ${JSON.stringify(reply)}`
      this.#stage.violate('answers', `${session}: ${words}: ${wrong}`)
    }
    if (asked.type === 'delete' && reply.type === 'done') this.#deleted.set(session, this.#count)
    if (reply.type === 'created') {
      this.#created.set(session, this.#count)
      if (reply.promptId !== undefined) this.accepted.set(reply.promptId, session)
    }
    if (reply.type === 'resolved' && reply.action !== 'discard')
      this.accepted.set(reply.promptId, session)
    if (reply.type === 'prompt') {
      const { promptId, state } = reply.prompt
      this.accepted.set(promptId, session)
      this.#states.set(promptId, { rank: ranks[state] ?? 0, answer: this.#count })
    }
  }

  /** @returns what is wrong with the answer */
  #holdAgainst({ request, after }: Call, reply: SessionReply): string | undefined {
    const { session, asked } = request
    const refusal = reply.type === 'refused' ? reply.refusal.code : undefined
    const deleted = this.#deleted.get(session) ?? Infinity
    if (deleted <= after && refusal !== 'session-deleted' && asked.type !== 'delete')
      return 'it was deleted before'
    const created = this.#created.get(session) ?? Infinity
    if (created <= after && refusal === 'session-not-found') return 'it was created before'
    if (asked.type === 'interrupt' && reply.type === 'interrupting')
      return asked.turn !== undefined && reply.turn !== asked.turn
        ? 'another turn was asked for'
        : undefined
    if (reply.type !== 'prompt') return undefined
    const { promptId, state } = reply.prompt
    if (asked.type === 'prompt-submitted' && asked.prompt.promptId !== promptId)
      return 'another prompt was sent'
    const known = this.#states.get(promptId)
    const back = known !== undefined && known.answer <= after && (ranks[state] ?? 0) < known.rank
    return back ? 'it had come further before' : undefined
  }
}
