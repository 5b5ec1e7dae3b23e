/** What every dialect's request says: who spoke, and which tools the agent offers. Decides which answer is next. */
import { fitting } from './filler.ts'
import { answersOf, type Directive, directivesOf } from './directives.ts'

export interface Message {
  readonly role: 'user' | 'assistant' | 'tool'
  readonly text: string
}

export interface Tool {
  readonly name: string
  /** The JSON Schema of its arguments. */
  readonly schema: unknown
}

export interface Conversation {
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  /** The JSON Schema that the answer is to fit, when the agent asks for JSON on the side. */
  readonly answerSchema?: unknown
}

/** @returns what the model does now: the last prompt with directives picks the script, tool results pick the answer. */
export function nextAnswer(conversation: Conversation): readonly Directive[] {
  const { messages, tools } = conversation
  // Agents ask for titles and summaries on the side, without tools; such a call must not play the script.
  if (tools.length === 0) {
    const { answerSchema: schema } = conversation
    const text = schema === undefined ? 'A title' : JSON.stringify(fitting(schema))
    return [{ type: 'say', text }]
  }
  const at = messages.findLastIndex((message) => isPrompt(message))
  const script = directivesOf(messages[at]?.text ?? '')
  if (script.length === 0) return [{ type: 'say', text: `Heard ${messages.length} messages.` }]
  const results = messages.slice(at + 1).filter((message) => message.role === 'tool').length
  const answer = (answersOf(script)[results] ?? []).map((directive) =>
    directive.type === 'recall' ? recalled(directive.word, messages.slice(0, at)) : directive,
  )
  return answer.length > 0 ? answer : [{ type: 'say', text: 'Done.' }]
}

/** Whether the model was shown a word before: what an agent that lost its conversation cannot do. */
function recalled(word: string, before: readonly Message[]): Directive {
  const known = before.some(({ text }) => text.includes(word))
  return { type: 'say', text: `${known ? 'recalled' : 'forgot'} ${word}` }
}

/** Agents put their own context into the user's messages too: in tags, or under a heading of its own. */
function isPrompt(message: Message): boolean {
  if (message.role !== 'user') return false
  const own = message.text.replaceAll(/<([\w-]+)>[\s\S]*?<\/\1>/g, '').trim()
  return own !== '' && !own.startsWith('#')
}
