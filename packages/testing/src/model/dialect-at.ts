/** Which dialect is spoken at which path. */
import { chatDialect } from './chat.ts'
import type { Dialect } from './dialect.ts'
import { geminiDialect } from './gemini.ts'
import { messagesDialect } from './messages.ts'
import { responsesDialect } from './responses.ts'

export function dialectAt(path: string): Dialect | undefined {
  if (/:(?:streamG|g)enerateContent$/.test(path)) return geminiDialect
  if (path.endsWith('/chat/completions')) return chatDialect
  if (path.endsWith('/responses')) return responsesDialect
  return path.endsWith('/messages') ? messagesDialect : undefined
}
