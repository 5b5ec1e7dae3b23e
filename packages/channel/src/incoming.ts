/**
 * The receiving half of a channel's end: one number, the last message stored.
 *
 * Invariants:
 * - C-3 A message is taken only when its number is the next; one that was taken before is dropped, whatever it says.
 * - C-4 A gap is a broken protocol: the socket is closed, and the hello of the next one asks for what is missing.
 */

export type Arrival = 'next' | 'duplicate' | 'gap'

/** What a message with number `n` is to a side that has everything up to `received`. */
export function arrive(received: number, n: number): Arrival {
  if (n <= received) return 'duplicate'
  return n === received + 1 ? 'next' : 'gap'
}
