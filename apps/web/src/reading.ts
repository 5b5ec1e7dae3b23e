/** Where a reader is in a transcript. Pure. */
import type { Item } from '@belay/client'

/** Closer to the end than this counts as at the end: about a line of text. */
const nearPx = 32

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

/** "Jump to latest", with how much a reader has not seen. */
export function jumpWords(fresh: number): string {
  if (fresh <= 0) return 'Jump to latest'
  return `${fresh > 999 ? '999+' : fresh} new · Jump to latest`
}

/**
 * The items to read: all but places that are kept free, and what is told right below. A preparation that failed is a card at the end of the
 * transcript, with its cause and the way on, until it is tried again.
 */
export function readableItems(items: readonly Item[], attention: boolean): readonly Item[] {
  const shown = items.filter(({ type }) => type !== 'changes-place')
  if (!attention) return shown
  const last = shown.findLastIndex(
    (item) => item.type === 'notice' && item.event.type === 'preparation-failed',
  )
  return last < 0 ? shown : shown.toSpliced(last, 1)
}
