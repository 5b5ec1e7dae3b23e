/** The one line that says how the session stands and, when it is away, how the line to the server does. */
import type { SessionSummary } from '@belay/protocol'
import { Elapsed } from './elapsed.tsx'
import { LinkNote } from './link-note.tsx'
import type { LinkView } from './link-words.ts'
import { statusWords } from './status-words.ts'

interface StatusLineProps {
  readonly session: SessionSummary | undefined
  readonly turnSince: number | undefined
  readonly link: LinkView
  readonly onRetry: () => void
}

export function StatusLine({ session, turnSince, link, onRetry }: StatusLineProps) {
  const words = session === undefined ? undefined : statusWords(session.status)
  return (
    <div className="status">
      {words !== undefined && (
        <>
          <span className="dot" data-tone={words.tone} aria-hidden="true" />
          <output className="cut" title={session?.why}>
            <span className="word">{words.word}</span> {session?.why}
          </output>
          {turnSince !== undefined && (
            <span className="time">
              <Elapsed since={turnSince} />
            </span>
          )}
        </>
      )}
      <LinkNote link={link} onRetry={onRetry} />
    </div>
  )
}
