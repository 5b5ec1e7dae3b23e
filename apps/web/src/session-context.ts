/** What the items of one session's transcript may do. It stays the same object while the session is shown. */
import { createContext, use } from 'react'
import type { Client } from '@belay/client/webapi'
import type { RestoreTo } from '@belay/protocol'

export interface SessionContext {
  readonly client: Client
  readonly id: string
  /** Adds text to what is being typed, and never replaces it. */
  readonly addToDraft: (text: string) => void
  /** Whether the card of a tool call shows what it would do. */
  readonly isShown: (turn: number, toolCallId: string) => boolean
  /** Shows what putting the workspace back would do, and asks whether to. */
  readonly askRestore: (turn: number, to: RestoreTo) => void
  /** The text of a prompt of this session. */
  readonly promptText: (promptId: string) => string | undefined
}

export const SessionScope = createContext<SessionContext | undefined>(undefined)

export function useSession(): SessionContext {
  const session = use(SessionScope)
  if (session === undefined) throw new Error('invariant broken: an item outside a session')
  return session
}
