/** What every dialect's request says: who spoke, and which tools the agent offers. Decides which answer is next. */
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
}

/** @returns what the model does now: the last prompt with directives picks the script, tool results pick the answer. */
export function nextAnswer(conversation: Conversation): readonly Directive[] {
  const { messages, tools } = conversation
  // Agents ask for titles and summaries on the side, without tools; such a call must not play the script.
  if (tools.length === 0) return [{ type: 'say', text: 'A title' }]
  const at = messages.findLastIndex((message) => isPrompt(message))
  const script = directivesOf(messages[at]?.text ?? '')
  if (script.length === 0) return [{ type: 'say', text: `Heard ${messages.length} messages.` }]
  const results = messages.slice(at + 1).filter((message) => message.role === 'tool').length
  const answer = answersOf(script)[results] ?? []
  return answer.length > 0 ? answer : [{ type: 'say', text: 'Done.' }]
}

/** Agents put their own context into the user's messages too: in tags, or under a heading of its own. */
function isPrompt(message: Message): boolean {
  if (message.role !== 'user') return false
  const own = message.text.replaceAll(/<([\w-]+)>[\s\S]*?<\/\1>/g, '').trim()
  return own !== '' && !own.startsWith('#')
}
