/**
 * The sending half of a channel's end: what was numbered and not yet acknowledged.
 *
 * Invariants:
 * - C-1 Numbers are dense from 1; `unacked` holds a contiguous run that ends at `sent`.
 * - C-2 A message leaves `unacked` only by an ack of its number or a later one.
 * - C-10 An ack of what was never sent is refused loudly: one of the two ends has lost its memory.
 */
import { assert } from '@belay/actor'

export interface Numbered<Message> {
  readonly n: number
  readonly message: Message
}

export interface Outgoing<Message> {
  /** The number of the last message posted; 0 before the first. */
  readonly sent: number
  readonly unacked: readonly Numbered<Message>[]
}

export const emptyOutgoing: Outgoing<never> = { sent: 0, unacked: [] }

/** Numbers a message and keeps it until it is acknowledged. */
export function post<Message>(outgoing: Outgoing<Message>, message: Message): Outgoing<Message> {
  const n = outgoing.sent + 1
  return { sent: n, unacked: [...outgoing.unacked, { n, message }] }
}

/** The other side has stored everything up to `n`. An old or repeated ack changes nothing. */
export function acknowledge<Message>(outgoing: Outgoing<Message>, n: number): Outgoing<Message> {
  assert(n <= outgoing.sent, `ack ${n} is beyond ${outgoing.sent}, the last message sent`)
  const first = outgoing.unacked[0]
  if (first === undefined || n < first.n) return outgoing
  return { sent: outgoing.sent, unacked: outgoing.unacked.slice(n - first.n + 1) }
}

/** What to send again to a side that has stored everything up to `received`. */
export function unackedAfter<Message>(
  outgoing: Outgoing<Message>,
  received: number,
): readonly Numbered<Message>[] {
  return outgoing.unacked.filter((item) => item.n > received)
}
