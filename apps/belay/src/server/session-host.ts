/** The host of this server's sessions. */
import type { Host } from '@belay/host'
import type { SessionInput, SessionReply, SessionState } from '@belay/session'

export type SessionHost = Host<SessionState, SessionInput, SessionReply>

/**
 * A session as it is, for whoever looks at many: one that cannot be read keeps nothing from the others (E-18).
 * @returns `undefined` when it cannot be read; the host has said so
 */
export function stateOf(host: Pick<SessionHost, 'read'>, id: string): SessionState | undefined {
  try {
    return host.read(id)
  } catch {
    return undefined
  }
}
