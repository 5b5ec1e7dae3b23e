/** The one line that says how the session stands and, when it is away, how the line to the server does. */
import type { SessionSummary } from '@belay/protocol'
import { Elapsed } from './elapsed.tsx'
import { LinkNote } from './link-note.tsx'
import type { LinkView } from './link-words.ts'
import { statusReason, statusWords } from './status-words.ts'

interface StatusLineProps {
  readonly session: SessionSummary | undefined
  readonly turnSince: number | undefined
  readonly link: LinkView
  readonly onRetry: () => void
}

export function StatusLine({ session, turnSince, link, onRetry }: StatusLineProps) {
  return (
    <div className="status">
      {session !== undefined && <Standing session={session} />}
      {turnSince !== undefined && (
        <span className="time">
          <Elapsed since={turnSince} />
        </span>
      )}
      <LinkNote link={link} onRetry={onRetry} />
    </div>
  )
}

function Standing({ session }: { readonly session: SessionSummary }) {
  const { word, tone } = statusWords(session)
  const reason = statusReason(session)
  return (
    <>
      <span className="dot" data-tone={tone} aria-hidden="true" />
      <output className="cut" title={reason}>
        <span className="word">{word}</span> {reason}
      </output>
    </>
  )
}
