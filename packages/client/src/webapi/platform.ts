/* oxlint-disable no-restricted-globals, no-restricted-properties -- this file is the edge where the platform enters */
/** What the client takes from its platform, in one place, so that a test or another platform can give its own. */
import type { Clockwork } from '../link.ts'

export interface Platform extends Clockwork {
  readonly fetch: typeof fetch
  readonly WebSocket: typeof WebSocket
}

export function thisPlatform(): Platform {
  return {
    // A browser's fetch must be called on its global.
    fetch: (...input) => fetch(...input),
    WebSocket,
    now: () => Date.now(),
    random: () => Math.random(),
    later: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
}
