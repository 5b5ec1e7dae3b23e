/** The real host with the real session actor: what a simulated server is built around. */
import type { Host } from '@belay/host'
import type { SessionInput, SessionReply, SessionState } from '@belay/session'

export type SimHost = Host<SessionState, SessionInput, SessionReply>
