/** The way back to the list, where list and page do not fit beside each other. */
import { ChevronLeft } from 'lucide-react'
import { Link } from './link.tsx'

export function BackLink() {
  return (
    <Link
      className="button back"
      href="/"
      data-kind="quiet"
      data-size="icon"
      aria-label="All sessions"
    >
      <ChevronLeft className="icon" aria-hidden="true" />
    </Link>
  )
}
