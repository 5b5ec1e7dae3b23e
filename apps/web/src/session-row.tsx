/** One session in the list: what it is, what it is doing, and why. */
import { memo, type KeyboardEvent } from 'react'
import type { SessionSummary } from '@belay/protocol'
import { movedAt } from './group-sessions.ts'
import { Link } from './link.tsx'
import { pathOfSession } from './route.ts'
import { statusReason, statusWords } from './status-words.ts'
import { shortAge } from './time.ts'

interface SessionRowProps {
  readonly session: SessionSummary
  readonly chosen: boolean
  readonly now: number
}

export const SessionRow = memo(function SessionRow({ session, chosen, now }: SessionRowProps) {
  const { word, tone } = statusWords(session)
  const reason = statusReason(session)
  const at = movedAt(session)
  return (
    <li>
      <Link
        className="row"
        href={pathOfSession(session.id)}
        aria-current={chosen ? 'page' : undefined}
        onKeyDown={walk}
      >
        <span className="row-line">
          <span className="dot" data-tone={tone} aria-hidden="true" />
          <span className="row-title cut">{session.title}</span>
          <time
            className="row-age"
            dateTime={new Date(at).toISOString()}
            title={new Date(at).toLocaleString()}
          >
            {shortAge(at, now)}
          </time>
        </span>
        <span className="row-line row-why" title={reason}>
          <span className="cut">
            <span className="row-word" data-tone={tone}>
              {word}
            </span>
            {reason !== '' && ` · ${reason}`}
          </span>
        </span>
        <span className="row-line row-agent">
          <span className="cut">
            {session.agent.name}
            {session.queued > 0 && ` · ${session.queued} queued`}
          </span>
          {session.agent.demo && <span className="badge">DEMO</span>}
        </span>
      </Link>
    </li>
  )
})

/** Arrow keys go from one session to the next. */
function walk(event: KeyboardEvent<HTMLAnchorElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const rows = [
    ...(event.currentTarget.closest('nav')?.querySelectorAll<HTMLAnchorElement>('a.row') ?? []),
  ]
  rows[rows.indexOf(event.currentTarget) + step]?.focus()
  event.preventDefault()
}
