/** Hears the keys of the page where nothing is typed into, and says what they mean. */
import { useEffect, useRef } from 'react'
import { type Action, keyStep } from './shortcuts.ts'

export function useKeys(run: (action: Action) => void): void {
  const pending = useRef<string>(undefined)
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented) return
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        run('palette')
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
        pending.current = undefined
        return
      }
      // Shift alone is no key of a word: it comes before the "?".
      if (event.key === 'Shift') return
      const step = keyStep(pending.current, event.key)
      pending.current = step.pending
      if (step.action === undefined) return
      event.preventDefault()
      run(step.action)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [run])
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  )
}
