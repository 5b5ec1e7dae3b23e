/**
 * How long to wait before dialling again.
 *
 * Invariants:
 * - C-9 The first try is at once, then the waits grow to a cap and go on for ever: nothing here gives up.
 */

export interface BackoffPolicy {
  /** Delay of the second try, milliseconds; the first try is at once. */
  readonly firstMs: number
  readonly factor: number
  readonly capMs: number
}

/** The field's numbers: editors wait 0, 5, 10, … 30 s; giving up was the bug (cloud sessions, after three tries). */
export const channelBackoff: BackoffPolicy = { firstMs: 250, factor: 2, capMs: 30_000 }

/**
 * @param attempt failed tries so far
 * @param random from 0 (included) to 1: jitter takes the upper half of the interval, so that many do not dial at once
 */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random: number): number {
  if (attempt <= 0) return 0
  const full = Math.min(policy.capMs, policy.firstMs * policy.factor ** (attempt - 1))
  return Math.round(full * (0.5 + random / 2))
}
