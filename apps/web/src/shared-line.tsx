/** Which other sessions work in the same folder, for as long as they do. */
import { CircleAlert } from 'lucide-react'
import type { SessionSummary } from '@belay/protocol'
import { Link } from './link.tsx'
import { pathOfSession } from './route.ts'

interface SharedLineProps {
  readonly sharedWith: SessionSummary['sharedWith']
}

export function SharedLine({ sharedWith = [] }: SharedLineProps) {
  if (sharedWith.length === 0) return undefined
  return (
    <p className="shared-note" role="note">
      <CircleAlert className="icon" aria-hidden="true" />
      <span>
        Also in this folder:{' '}
        {sharedWith.map(({ id, title }, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <Link href={pathOfSession(id)}>{title}</Link>
          </span>
        ))}
        . Each may change files while the other works on them.
      </span>
    </p>
  )
}
