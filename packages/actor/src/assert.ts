/** Bugs: a broken invariant is thrown at once, never worked around. */

/** @throws Error with the sentence when the condition is false. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${sentence}`)
}

/** Marks the end of an exhaustive switch. @throws always */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${JSON.stringify(value)}`)
}
