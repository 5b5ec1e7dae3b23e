/** What a reader has opened in a session's transcript. It outlives the drawing of an item: only what is on the screen is drawn. */
import { createContext, use, useCallback, useState } from 'react'

export const FoldScope = createContext<Map<string, boolean>>(new Map())

/** The key of the item that something is drawn in. */
export const ItemScope = createContext('')

/** @param name of the thing that is folded, in its item */
export function useFold(name: string): readonly [open: boolean, set: (open: boolean) => void] {
  const folds = use(FoldScope)
  const key = `${use(ItemScope)} ${name}`
  const [open, setOpen] = useState(folds.get(key) ?? false)
  const set = useCallback(
    (next: boolean) => {
      folds.set(key, next)
      setOpen(next)
    },
    [folds, key],
  )
  return [open, set]
}
