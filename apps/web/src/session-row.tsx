/** One session in the list: what it is, what it is doing, and why. */
import { memo } from 'react'
import type { SessionSummary } from '@belay/protocol'
import { movedAt } from './group-sessions.ts'
import { Link } from './link.tsx'
import { walkRows } from './row-walk.ts'
import { pathOfSession } from './route.ts'
import { staleTone, statusReason, statusWords } from './status-words.ts'
import { shortAge } from './time.ts'

interface SessionRowProps {
  readonly session: SessionSummary
  readonly chosen: boolean
  /** It finished and nobody has looked yet. */
  readonly fresh: boolean
  /** What is known of it is of the past. */
  readonly stale: boolean
  readonly now: number
}

export const SessionRow = memo(function SessionRow({
  session,
  chosen,
  fresh,
  stale,
  now,
}: SessionRowProps) {
  const { word, tone: known } = fresh
    ? ({ word: 'Finished', tone: 'good' } as const)
    : statusWords(session)
  const tone = stale ? staleTone(known) : known
  const reason = fresh ? '' : statusReason(session)
  const at = movedAt(session)
  // What the reason says is not said again beside it: there is little room.
  const { status, undecided, held = 0, queued } = session
  const isSaid = status === 'undecided' && undecided?.count === 1
  const decisions = isSaid ? 0 : (undecided?.count ?? 0)
  const waiting = status === 'undecided' ? queued - held : queued
  return (
    <li>
      <Link
        className="row"
        href={pathOfSession(session.id)}
        aria-current={chosen ? 'page' : undefined}
        onKeyDown={walkRows}
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
        <span className="row-line row-why">
          <span className="cut" title={reason}>
            {tone !== 'idle' && (
              <span className="row-word" data-tone={tone}>
                {word}
                {reason !== '' && ' · '}
              </span>
            )}
            {reason}
          </span>
          <span className="row-agent">
            {decisions > 0 && <span>{decisions} to decide</span>}
            {waiting > 0 && <span>{waiting} queued</span>}
            {session.agent.demo ? <span className="badge">DEMO</span> : session.agent.name}
          </span>
        </span>
      </Link>
    </li>
  )
})
