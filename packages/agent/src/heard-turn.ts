/**
 * What an ACP agent says in a turn, with what it is known to get wrong set right. Pure.
 *
 * Owns: the order of the corrections. `quirks.ts` knows the agents and their signs, `retold.ts` what is said again.
 *
 * Invariants:
 * - A-62 A turn whose model failed for good is a failed one, whatever stop reason the agent gives; its words about it
 *   are the reason, and no part of the answer.
 * - A-108 Words by which an agent says that it asks its model again are a sign and no part of the answer.
 * - A-106 A turn that the agent calls done, in which it said and did nothing, is no finished one.
 * - A-63 A turn that we asked the agent to stop, and that ends as if it were done, was stopped.
 */
import { z } from 'zod'
import type { AgentSigns } from './quirks.ts'
import { isBeside, Retold } from './retold.ts'
import type { AgentUpdate } from './translate.ts'

export interface HeardEnd {
  /** To be told before the end. */
  readonly updates: readonly AgentUpdate[]
  readonly stopReason?: string | undefined
  /** Why a turn that the agent calls done is a failed one. */
  readonly failure?: string
  /** It calls the turn done, and there was nothing in it. */
  readonly empty?: true
}

/** Characters of an agent's words about its failure that a reason can hold. */
const reasonCharsMax = 4000

const wordsOfSchema = z.object({
  sessionUpdate: z.literal('agent_message_chunk'),
  content: z.object({ type: z.literal('text'), text: z.string() }),
})
/** What follows a sign of failure, and is of no message of the answer. */
const plainSchema = wordsOfSchema.extend({ messageId: messageIdOf(/^try-/) })
/** A sign that is in words itself. */
const anyWordsSchema = wordsOfSchema.extend({ messageId: messageIdOf(/^/) })

function messageIdOf(pattern: RegExp) {
  return z.union([z.null(), z.string().regex(pattern)]).optional()
}

export class HeardTurn {
  readonly #signs: AgentSigns
  readonly #retold = new Retold()
  #cancelled = false
  #failed = false
  #acted = false
  #message = 1
  /** Since the last sign of a new try: whether anything came, and whether the agent said that it tries no more. */
  #saidSince = true
  #gaveUp = false
  /** What it says about the failure; held back until the end shows what it was. */
  #reasons: { readonly update: AgentUpdate; readonly text: string }[] = []

  constructor(signs: AgentSigns) {
    this.#signs = signs
  }

  /** A prompt is sent: what was before it says nothing of it. */
  begin(): void {
    this.#cancelled = false
    this.#failed = false
    this.#acted = false
    this.#saidSince = true
    this.#gaveUp = false
    this.#retold.forget()
  }

  /** The agent is asked to stop. */
  cancel(): void {
    this.#cancelled = true
  }

  /** It did something that is no update: it asked a person. */
  act(): void {
    this.#acted = true
  }

  /** Whether it said or did anything in the turn. */
  get acted(): boolean {
    return this.#acted
  }

  /** @returns what is to be told of it now, in order */
  hear(update: AgentUpdate): readonly AgentUpdate[] {
    const { sayings, withoutIds } = this.#signs
    const meant = sayings?.(update) ?? (withoutIds === true ? this.#numbered(update) : update)
    if (isDeed(meant)) [this.#acted, this.#saidSince] = [true, true]
    return this.#hear(meant)
  }

  #hear(update: AgentUpdate): readonly AgentUpdate[] {
    const { isRetry, isAside, modelFailed } = this.#signs
    if (isAside?.(update) === true) return [update]
    if (isRetry?.(update) === true) {
      this.#message += 1
      this.#saidSince = false
      this.#retold.retry()
      return [update]
    }
    if (update.sessionUpdate === 'retry-over') this.#gaveUp = true
    const failed = modelFailed?.(update)
    if (failed !== undefined) {
      this.#failed = failed
      // The sign may be the words about it.
      if (failed) return this.#isReason(update, anyWordsSchema) ? [] : [update]
      return [...this.left(), update]
    }
    if (this.#isReason(update)) return []
    const heard = isRetry === undefined ? [update] : this.#retold.hear(update)
    // It goes on: what it said was no reason for an end.
    return isBeside(update) ? heard : [...this.left(), ...heard]
  }

  /** Words of an agent that names no messages: all between two tries are one. */
  #numbered(update: AgentUpdate): AgentUpdate {
    const isWords = /^agent_(?:message|thought)_chunk$/.test(update.sessionUpdate)
    if (!isWords || update['messageId'] !== undefined) return update
    return { ...update, messageId: `try-${this.#message}` }
  }

  /**
   * @param stopReason of the agent's answer to the prompt; `undefined` when it answered with a failure of its own
   * @param words of that failure
   */
  end(stopReason: string | undefined, words = ''): HeardEnd {
    const isDone = stopReason === 'end_turn'
    const died = this.#failed || (this.#gaveUp && !this.#saidSince)
    const [isStopped, isFailed] = [isDone && this.#cancelled, isDone && died]
    // What the agent says of its failure both in words and in its answer is told once.
    this.#reasons = this.#reasons.filter(({ text }) => !words.includes(text.trim()))
    const isEmpty = isDone && !isStopped && !this.#acted
    this.begin()
    if (!isFailed || isStopped)
      return {
        updates: this.left(),
        stopReason: isStopped ? 'cancelled' : stopReason,
        ...(isEmpty ? { empty: true } : {}),
      }
    const reason = this.#reasons
      .map(({ text }) => text)
      .join('')
      .trim()
    this.#reasons = []
    return { updates: [], failure: reason === '' ? 'The model of the agent failed.' : reason }
  }

  /** @returns what was held back and is not the reason of a failure */
  left(): readonly AgentUpdate[] {
    const left = this.#reasons.map(({ update }) => update)
    this.#reasons = []
    return left
  }

  #isReason(update: AgentUpdate, schema: typeof plainSchema = plainSchema): boolean {
    const words = this.#failed ? schema.safeParse(update).data?.content.text : undefined
    if (words === undefined) return false
    const chars = this.#reasons.reduce((sum, { text }) => sum + text.length, words.length)
    if (chars > reasonCharsMax) return false
    this.#reasons.push({ update, text: words })
    return true
  }
}

const emptySchema = z.object({
  sessionUpdate: z.enum(['agent_message_chunk', 'agent_thought_chunk']),
  content: z.object({ type: z.literal('text'), text: z.string().regex(/^\s*$/) }),
})

/** Whether there is something in it that a person could read: a word, a thought, a tool, a plan, or what is not known yet. */
function isDeed(update: AgentUpdate): boolean {
  if (isBeside(update) || update.sessionUpdate === 'user_message_chunk') return false
  return !emptySchema.safeParse(update).success
}
