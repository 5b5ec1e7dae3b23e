/** What is to be done for a connection. */
import type { EndLevel } from './state.ts'

export type ConnectionEffect =
  /** Outcome: `launched` or `unlaunchable`; after `launched`, once, `exited`. */
  | { readonly type: 'launch'; readonly generation: number }
  /** Opens the conversation. Outcome: `attached` or `start-failed`. */
  | { readonly type: 'attach'; readonly generation: number }
  /** Ends the process and all that it started. One that is just being launched must not come to be, or ends at once. */
  | { readonly type: 'end'; readonly generation: number; readonly level: EndLevel }
  /** Outcome: `probed`. */
  | { readonly type: 'probe'; readonly generation: number; readonly epoch: number }
