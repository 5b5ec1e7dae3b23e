/**
 * Where a viewer stands in a session's log, and what that makes of the events that arrive.
 * The follower and the fold both decide by this one function.
 */

export type Taken<Event> =
  | { readonly type: 'taken'; readonly events: readonly Event[]; readonly cursor: number }
  | { readonly type: 'gap'; readonly expected: number; readonly got: number }

/** Drops what was seen before; a missing number is an answer of its own, and nothing after it is taken. */
export function takeEvents<Event extends { readonly seq: number }>(
  cursor: number,
  events: readonly Event[],
): Taken<Event> {
  const fresh: Event[] = []
  let at = cursor
  for (const event of events) {
    if (event.seq <= at) continue
    if (event.seq !== at + 1) return { type: 'gap', expected: at + 1, got: event.seq }
    fresh.push(event)
    at = event.seq
  }
  return { type: 'taken', events: fresh, cursor: at }
}
