/**
 * Answering the question that waits with a digit, wherever the focus is but in a field.
 *
 * Invariants:
 * - W-64 A digit answers only the oldest question that waits, and only where its options are drawn.
 */
import { useEffect, useRef } from 'react'
import type { PermissionOption } from '@belay/protocol'

/** The option a key stands for: `1` is the first. */
export function optionOfKey(
  options: readonly PermissionOption[],
  key: string,
): PermissionOption | undefined {
  return /^[1-9]$/.test(key) ? options[Number(key) - 1] : undefined
}

/** @param active whether this is the question that a digit answers now */
export function useOptionKeys(
  options: readonly PermissionOption[],
  active: boolean,
  answer: (optionId: string) => void,
): void {
  const latest = useRef(answer)
  useEffect(() => {
    latest.current = answer
  })
  useEffect(() => {
    if (!active) return undefined
    function onKey(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      if (event.target instanceof HTMLElement && event.target.closest(elsewhere) !== null) return
      const option = optionOfKey(options, event.key)
      if (option === undefined) return
      event.preventDefault()
      latest.current(option.optionId)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [options, active])
}

/** Where a digit is a digit. */
const elsewhere = 'input, textarea, select, dialog, [contenteditable], [role="dialog"]'
