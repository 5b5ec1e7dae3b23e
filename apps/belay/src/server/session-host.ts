/** The host of this server's sessions. */
import type { Host } from '@belay/host'
import type { SessionInput, SessionReply, SessionState } from '@belay/session'

export type SessionHost = Host<SessionState, SessionInput, SessionReply>
