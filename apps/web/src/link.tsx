/** A link within the page. A click with a modifier key stays the browser's: new tab, new window, save. */
import type { AnchorHTMLAttributes, MouseEvent } from 'react'
import { navigate } from './route.ts'

export function Link({
  href,
  children,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string }) {
  function click(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return
    event.preventDefault()
    navigate(href)
  }
  return (
    <a {...rest} href={href} onClick={click}>
      {children}
    </a>
  )
}
