/**
 * What the page keeps in this browser, which may have no room for it.
 *
 * Invariants:
 * - W-75 A browser without room breaks nothing of the page; what is typed and cannot be kept is said to be so.
 */

/** `localStorage`, or a `Map` with its methods. */
export interface Shelf {
  getItem(key: string): string | null
  /** @throws when there is no room */
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** @returns whether there was room; without it what was there before is still there */
export function keepOn(shelf: Shelf, key: string, value: string): boolean {
  try {
    shelf.setItem(key, value)
    return true
  } catch {
    return false
  }
}

/** What is said to who types when it could not be kept. */
export const fullSentence =
  'This browser’s storage is full: what you type here is lost if this page is closed. Send it, or take files out of other drafts.'
