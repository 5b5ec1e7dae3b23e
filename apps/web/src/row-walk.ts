/** Going through the list of sessions without a mouse: the focus moves, Enter opens. */
import type { KeyboardEvent } from 'react'

/** Arrow keys, Home and End within the list. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const rows = rowsOf()
  const at = rows.findIndex((row) => row === document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key]
  if (at < 0 || to === undefined) return
  rows[to]?.focus()
  event.preventDefault()
}

/** One down or up from the row that has the focus, else from the session that is shown. */
export function stepRows(step: 1 | -1): void {
  const rows = rowsOf()
  const focused = rows.findIndex((row) => row === document.activeElement)
  const shown = rows.findIndex((row) => row.getAttribute('aria-current') === 'page')
  const at = focused < 0 ? shown : focused
  const to = at < 0 ? 0 : at + step
  rows[Math.min(Math.max(to, 0), rows.length - 1)]?.focus()
}

function rowsOf(): readonly HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('nav.list a.row')]
}
