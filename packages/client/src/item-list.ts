/**
 * A list of items that is never mutated and cheap to grow.
 *
 * Items stand in blocks of `blockItems`. A change copies one block and the list of blocks; every other block keeps its
 * identity, so a page renders by block and skips those that are the same object. An item's position never changes.
 * Cost of a change: `blockItems` + length / `blockItems` pointers, a microsecond at 100,000 items. A flat array would
 * copy all of them for every chunk of text.
 */
import { assert } from '@belay/actor'
import type { Item } from './item.ts'

export const blockItems = 128

export interface ItemList {
  readonly blocks: readonly (readonly Item[])[]
  readonly length: number
}

export const emptyList: ItemList = { blocks: [], length: 0 }

export function appendItem(list: ItemList, item: Item): ItemList {
  const last = list.blocks.at(-1)
  const blocks =
    last === undefined || last.length === blockItems
      ? [...list.blocks, [item]]
      : [...list.blocks.slice(0, -1), [...last, item]]
  return { blocks, length: list.length + 1 }
}

export function replaceItem(list: ItemList, position: number, item: Item): ItemList {
  const number = Math.floor(position / blockItems)
  const block = list.blocks[number]
  assert(block !== undefined && position < list.length, `no item ${position} of ${list.length}`)
  return {
    blocks: list.blocks.with(number, block.with(position % blockItems, item)),
    length: list.length,
  }
}

/** @param position from 0; -1 is the last */
export function itemAt(list: ItemList, position: number): Item | undefined {
  const index = position < 0 ? list.length + position : position
  return list.blocks[Math.floor(index / blockItems)]?.[index % blockItems]
}

/** All items in one array, for whoever does not render by block. Costs a copy. */
export function itemsOf(list: ItemList): readonly Item[] {
  return list.blocks.flat()
}
