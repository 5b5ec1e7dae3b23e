/** Links to an event of a session: `/s/ID#seq=N`. Pure but for the hook at the end. */
import { useSyncExternalStore } from 'react'
import type { Item } from '@belay/client'

export function hashOfSeq(seq: number): string {
  return `#seq=${seq}`
}

/** @returns the event a link points at */
export function seqOfHash(hash: string): number | undefined {
  const [, digits] = /^#seq=(\d{1,15})$/.exec(hash) ?? []
  const seq = Number(digits)
  return Number.isSafeInteger(seq) && seq > 0 ? seq : undefined
}

/** Where to read about an event: the item it made, or the one it was added to. A prompt stands later than it was accepted. */
export function indexOfSeq(items: readonly Item[], seq: number): number | undefined {
  const exact = items.findIndex((item) => item.seq === seq)
  if (exact >= 0) return exact
  const before = items.findLastIndex((item) => item.seq < seq && item.type !== 'prompt')
  if (before >= 0) return before
  return items.length === 0 ? undefined : 0
}

export function useLinkedSeq(): number | undefined {
  return seqOfHash(useSyncExternalStore(subscribe, () => location.hash))
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  addEventListener('popstate', listener)
  return () => {
    removeEventListener('hashchange', listener)
    removeEventListener('popstate', listener)
  }
}
