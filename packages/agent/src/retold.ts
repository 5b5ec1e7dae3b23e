/**
 * Words an agent says again, because a try of its own to ask its model failed in the middle of an answer. Pure.
 *
 * Only an agent's own sign of a new try makes words a repetition (`quirks.ts`), never that they are alike: a model may say the
 * same twice and mean it. After the sign the next message is held back while it says, from its first character, what the
 * one before it said.
 *
 * Invariants:
 * - A-60 What is said again after a sign is told once; what is new is told as more of the same message, and a message
 *   that says something else is told whole, as one of its own.
 * - A-61 Without a sign nothing is held back. Nor is what has no message id, nor what follows the next step of the work.
 */
import { z } from 'zod'
import type { AgentUpdate } from './translate.ts'

/** Characters of a message that are remembered, and so held back at most. A longer one is not looked for again. */
const rememberedCharsMax = 256 * 1024

const wordsSchema = z.looseObject({
  sessionUpdate: z.enum(['agent_message_chunk', 'agent_thought_chunk']),
  messageId: z.string().min(1),
  content: z.looseObject({ type: z.literal('text'), text: z.string().min(1) }),
})
type Words = z.infer<typeof wordsSchema>

/** What an agent says beside its work and its words. */
const beside = new Set([
  'session_info_update',
  'usage_update',
  'available_commands_update',
  'config_option_update',
  'current_mode_update',
  'retry',
  'retry-over',
])

/** The latest message of one kind. */
interface Message {
  readonly id: string
  /** As the agent calls it by now. */
  readonly alias: string
  readonly text: string
  /** The next message may say it again. */
  readonly awaited: boolean
  /** The message that says it again, as far as it came. */
  readonly again?: { readonly id: string; readonly text: string }
}

export class Retold {
  #messages: { [Kind in Words['sessionUpdate']]?: Message } = {}

  /** A new turn, or a next step of the work: what was said before is not said again. */
  forget(): void {
    this.#messages = {}
  }

  /** The agent said that it asks its model again: what the answer said so far may come once more. */
  retry(): void {
    for (const kind of wordsSchema.shape.sessionUpdate.options) {
      const message = this.#messages[kind]
      if (message === undefined) continue
      const { again: _, ...rest } = message
      this.#messages[kind] = { ...rest, awaited: true }
    }
  }

  /** @returns what is to be told of it now: at most one update */
  hear(update: AgentUpdate): readonly AgentUpdate[] {
    const words = wordsSchema.safeParse(update).data
    if (words !== undefined) return this.#say(words)
    if (isNextStep(update)) this.forget()
    return [update]
  }

  #say(words: Words): readonly AgentUpdate[] {
    const { sessionUpdate: kind, messageId: id } = words
    const { text } = words.content
    const before = this.#messages[kind]
    if (before?.awaited === true && id !== before.alias) {
      // An answer thinks before it speaks: thoughts that did not come again by now are not awaited any more.
      if (kind === 'agent_message_chunk' && this.#messages.agent_thought_chunk?.awaited === true)
        delete this.#messages.agent_thought_chunk
      return this.#sayAgain(words, { ...before, awaited: false, again: { id, text: '' } })
    }
    if (before?.again?.id === id) return this.#sayAgain(words, before)
    if (before !== undefined && id === before.alias) {
      this.#remember(kind, { ...before, text: before.text + text })
      return [{ ...words, messageId: before.id }]
    }
    this.#remember(kind, { id, alias: id, text, awaited: false })
    return [words]
  }

  #sayAgain(words: Words, before: Message): readonly AgentUpdate[] {
    const { sessionUpdate: kind, messageId: id, content } = words
    const again = (before.again?.text ?? '') + content.text
    if (before.text.startsWith(again)) {
      this.#messages[kind] = { ...before, again: { id, text: again } }
      return []
    }
    if (again.startsWith(before.text)) {
      const fresh = again.slice(before.text.length)
      this.#remember(kind, { id: before.id, alias: id, text: again, awaited: false })
      return [{ ...words, messageId: before.id, content: { ...content, text: fresh } }]
    }
    this.#remember(kind, { id, alias: id, text: again, awaited: false })
    // Thoughts are told without their ids: only a paragraph parts one from the other.
    const text = kind === 'agent_thought_chunk' ? `\n\n${again}` : again
    return [{ ...words, content: { ...content, text } }]
  }

  #remember(kind: Words['sessionUpdate'], message: Message): void {
    if (message.text.length <= rememberedCharsMax) this.#messages[kind] = message
    else delete this.#messages[kind]
  }
}

/** Whether an update says nothing of how far the agent has come. */
export function isBeside({ sessionUpdate }: AgentUpdate): boolean {
  return beside.has(sessionUpdate)
}

function isNextStep(update: AgentUpdate): boolean {
  const isWords = /^agent_(?:message|thought)_chunk$/.test(update.sessionUpdate)
  return !isWords && !isBeside(update) && !isUnbegunTool(update)
}

/** A call that a try had begun to write, and that the next one writes anew. */
function isUnbegunTool({ sessionUpdate, status }: AgentUpdate): boolean {
  const isTool = sessionUpdate === 'tool_call' || sessionUpdate === 'tool_call_update'
  return isTool && (status === undefined || status === null || status === 'pending')
}
