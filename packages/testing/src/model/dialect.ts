/**
 * A dialect spells one answer of the model in the words of one API. It is pure: each step gives the bytes to send,
 * so the server in `node/fake-model.ts` knows nothing of any API, and a dialect nothing of sockets.
 */
import type { Conversation } from './conversation.ts'
import type { ToolCall } from './tool-call.ts'

export type DialectName = 'chat' | 'responses' | 'messages' | 'gemini'

export interface Dialect {
  readonly name: DialectName
  conversation(body: unknown): Conversation
  /** @param n makes the ids of this answer unique */
  answer(model: string, n: number): StreamedAnswer
  /** The same answer as one JSON document. */
  whole(model: string, n: number, said: Said): unknown
  /** The body of an HTTP error. */
  failure(status: number): unknown
}

export interface Said {
  readonly text: string
  readonly call: ToolCall | undefined
}

/** Server-sent events, in order: `begin`, any number of `token`, `end`. */
export interface StreamedAnswer {
  begin(): string
  token(text: string): string
  /** What the model thinks aloud; it comes before the first token. */
  thought(text: string): string
  end(said: Said): string
}
