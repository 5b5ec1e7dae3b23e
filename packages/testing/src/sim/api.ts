/** What callers ask and are answered, on the virtual wire. The inputs are the session's own. */
import type { SessionInput, SessionReply } from '@belay/session'

/** What a person or a program may ask of a session: the inputs of `SessionInput` that come over the API. */
export type Asked = Extract<
  SessionInput,
  {
    type:
      | 'create'
      | 'prompt-submitted'
      | 'prompt-edited'
      | 'prompt-cancelled'
      | 'prompt-looked-up'
      | 'interrupt'
      | 'turn-resolved'
      | 'resume-queue'
      | 'restore'
      | 'plan-restore'
      | 'permission-answered'
      | 'retry'
      | 'agent-restart-asked'
      | 'chosen'
      | 'delete'
  }
>

export interface Request {
  readonly session: string
  readonly asked: Asked
}

export function encodeRequest(request: Request): string {
  return JSON.stringify(request)
}

export function decodeRequest(text: string): Request {
  const request: Request = JSON.parse(text)
  return request
}

export function encodeReply(reply: SessionReply): string {
  return JSON.stringify(reply)
}

export function decodeReply(text: string): SessionReply {
  const reply: SessionReply = JSON.parse(text)
  return reply
}
