/** Where a reader is in a transcript, and how much of it is drawn. Pure. */

/** Closer to the end than this counts as at the end: about a line of text. */
const nearPx = 32
/** Blocks that are drawn while the reader is at the end; the client's blocks hold 128 items. */
export const blocksAtEnd = 2

export interface Box {
  readonly scrollTop: number
  readonly scrollHeight: number
  readonly clientHeight: number
}

/**
 * Whether a reader is held at the end from now on. Going up lets go at once, however little, so that the next line
 * of text does not pull the reader back; coming near the end holds again.
 */
export function staysAtEnd(
  held: boolean,
  before: number,
  { scrollTop, scrollHeight, clientHeight }: Box,
): boolean {
  const below = scrollHeight - scrollTop - clientHeight
  if (scrollTop < before) return held && below <= 1
  return held || below < nearPx
}

/**
 * The first block to draw.
 * @param first the one that is the first now
 */
export function firstBlock(first: number, blocks: number, atEnd: boolean): number {
  if (first > blocks) return Math.max(0, blocks - blocksAtEnd)
  // Taking away what is above moves what is below: only for a reader who is at the end, and held there.
  return atEnd ? Math.max(first, blocks - blocksAtEnd) : first
}
