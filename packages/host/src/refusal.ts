/**
 * A store that takes nothing at this moment and is whole: its disk is full, or another program holds it.
 *
 * Owns: how long who waits. A failed sync is something else: then nobody knows what the disk holds (H-7).
 */

/** Thrown by a store that wrote nothing. The message is for people. */
export class StoreRefusal extends Error {
  readonly reason: 'full' | 'busy'

  constructor(reason: 'full' | 'busy', message: string, cause: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/** Whoever holds the store for longer than this is no tool that is soon done. */
const busyMsMax = 5000
/** Between two tries. */
const retryMsMin = 20
const retryMsMax = 2000

/** That a store refuses, since when, and when it is tried again: by the steady clock, as a step of the other is told for itself. */
export interface Refused {
  readonly refusal: StoreRefusal
  readonly since: number
  readonly tries: number
  readonly again: number
}

/** After one more refusal. @param before the refusals so far */
export function refusedOnceMore(
  before: Refused | undefined,
  refusal: StoreRefusal,
  now: number,
): Refused {
  const tries = (before?.tries ?? 0) + 1
  const again = now + Math.min(retryMsMin * 2 ** (tries - 1), retryMsMax)
  return { refusal, since: before?.since ?? now, tries, again }
}

/** Whether it is too early to try again. */
export function isTooEarly({ again }: Refused, now: number): boolean {
  return now < again
}

/** Whether a request may wait with it: a tool that looks at the store is done in a moment, a full disk is not. */
export function mayWait({ refusal, since }: Refused, now: number): boolean {
  return refusal.reason === 'busy' && now - since < busyMsMax
}
