/** Does again what the server did not answer, for as long as the line to it is open. What is asked says which: it is not done twice. */
import { useEffect, useRef } from 'react'

/** The line tells of itself first, and what it tells may be the answer. */
const againMs = 1000

export function useAgain(isDue: boolean, again: () => unknown): void {
  const newest = useRef(again)
  useEffect(() => {
    newest.current = again
  }, [again])
  useEffect(() => {
    if (!isDue) return undefined
    const timer = setTimeout(() => newest.current(), againMs)
    return () => clearTimeout(timer)
  }, [isDue])
}
