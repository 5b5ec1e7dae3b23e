/** Which question is answered by a digit: the oldest of the session that waits. */
import { createContext } from 'react'
import type { Transcript } from '@belay/client'

export const AskedScope = createContext<string | undefined>(undefined)

/** @returns the key of its item. Pure. */
export function firstAsked({ open }: Pick<Transcript, 'open'>): string | undefined {
  return open.find((key) => key.startsWith('permission:'))
}
