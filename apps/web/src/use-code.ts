/** Coloured lines of a piece of code: at first without colours, and for good when it is too long or of no known language. */
import { useMemo, useSyncExternalStore } from 'react'
import { type CodeLine, plainLines } from './code-tokens.ts'
import type { highlight } from './highlight.ts'

/** Colouring takes about a millisecond for 4,000 characters, and one drawing should take few. */
const charsMax = 40_000

let loaded: typeof highlight | undefined
let loading = false
const listeners = new Set<() => void>()

export function useCode(text: string, language: string): readonly CodeLine[] {
  const colour = useSyncExternalStore(subscribe, current)
  return useMemo(() => {
    const coloured =
      language === '' || text.length > charsMax ? undefined : colour?.(text, language)
    return coloured ?? plainLines(text)
  }, [text, language, colour])
}

function current(): typeof highlight | undefined {
  return loaded
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  void load()
  return () => listeners.delete(listener)
}

async function load(): Promise<void> {
  if (loading) return
  loading = true
  try {
    loaded = (await import('./highlight.ts')).highlight
    for (const listener of listeners) listener()
  } catch {
    // The server was away, or is of another version by now: code stays without colours until it is shown anew.
    loading = false
  }
}
