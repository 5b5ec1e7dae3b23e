/**
 * What changed between two texts, as one hunk: the lines that differ between the common beginning and the common end.
 * It may show more than the least change, never less, in one pass over any size.
 */

export interface Hunk {
  /** Line of the first change, from 1. */
  readonly line: number
  readonly removed: readonly string[]
  readonly added: readonly string[]
}

export function changedLines(before: string, after: string): Hunk {
  const old = linesOf(before)
  const now = linesOf(after)
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  return {
    line: head + 1,
    removed: old.slice(head, old.length - tail),
    added: now.slice(head, now.length - tail),
  }
}

function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}
