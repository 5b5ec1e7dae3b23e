/* oxlint-disable no-restricted-globals, no-restricted-properties -- this file is the edge where the platform enters */
/** What the client takes from its platform, in one place, so that a test or another platform can give its own. */

export interface Platform {
  readonly fetch: typeof fetch
  readonly WebSocket: typeof WebSocket
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** From 0 (included) to 1. */
  readonly random: () => number
  /** Runs once after `ms`. @returns what cancels it */
  readonly later: (ms: number, run: () => void) => () => void
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
