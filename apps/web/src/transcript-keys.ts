/**
 * Reading a transcript by keys: `j` and `k` move from item to item, `o` or Enter opens and closes what is folded in it,
 * `c` copies it, `l` copies a link to it, `G` or End goes to the latest, Escape to where a person writes.
 */
import type { KeyboardEvent, RefObject } from 'react'
import type { Item } from '@belay/client'
import type { VirtualizerHandle } from 'virtua'
import { copyText } from './copy-button.tsx'
import { hashOfSeq } from './event-link.ts'
import { itemText } from './item-text.ts'

interface Reading {
  readonly list: RefObject<VirtualizerHandle | null>
  readonly items: readonly Item[]
  /** The key of the item the reader is at. */
  readonly marked: string | undefined
  readonly setMarked: (key: string) => void
  readonly goTo: (index: number, key: string, align: 'start' | 'nearest') => void
  readonly toEnd: () => void
}

export function useTranscriptKeys(reading: Reading): (event: KeyboardEvent<HTMLElement>) => void {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return
    if (pressed(reading, event)) event.preventDefault()
  }
}

/** @returns whether the key meant something */
function pressed(reading: Reading, event: KeyboardEvent<HTMLElement>): boolean {
  const item = reading.items.find(({ key }) => key === reading.marked)
  switch (event.key) {
    case 'j':
      return move(reading, 1)
    case 'k':
      return move(reading, -1)
    case 'G':
    case 'End':
      reading.toEnd()
      return true
    case 'Escape':
      document.querySelector<HTMLElement>('#composer')?.focus()
      return true
    case 'Enter':
    case 'o':
      return fold(event)
    case 'c':
      if (item !== undefined) void copyText(itemText(item))
      return item !== undefined
    case 'l':
      if (item !== undefined) void copyText(linkTo(item.seq))
      return item !== undefined
    default:
      return false
  }
}

function move({ list, items, marked, setMarked, goTo }: Reading, by: 1 | -1): boolean {
  const at = items.findIndex(({ key }) => key === marked)
  const handle = list.current
  if (handle === null) return false
  // Nobody was at any item yet: the one in sight is the first to be at.
  const from =
    at < 0 ? handle.findItemIndex(handle.scrollOffset + handle.viewportSize / 2) : at + by
  const index = Math.min(items.length - 1, Math.max(0, from))
  const item = items[index]
  if (item === undefined) return false
  setMarked(item.key)
  goTo(index, item.key, 'nearest')
  return true
}

/** Enter on a button is the button's. */
function fold(event: KeyboardEvent<HTMLElement>): boolean {
  if (!(event.target instanceof HTMLElement) || !event.target.matches('.item')) return false
  const first = event.target.querySelector<HTMLElement>('summary, .more')
  first?.click()
  return first !== null
}

function isField(target: EventTarget): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  )
}

/** The whole address of an event of the session that is shown. */
export function linkTo(seq: number): string {
  return `${location.origin}${location.pathname}${hashOfSeq(seq)}`
}
