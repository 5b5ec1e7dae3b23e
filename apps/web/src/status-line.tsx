/** The one line that says how the session stands and, when it is away, how the line to the server does. */
import type { SessionSummary } from '@belay/protocol'
import { Elapsed } from './elapsed.tsx'
import { LinkNote } from './link-note.tsx'
import type { LinkView } from './link-words.ts'
import type { Client } from '@belay/client/webapi'
import { statusWords } from './status-words.ts'
import { WhyLine } from './why-line.tsx'

interface StatusLineProps {
  readonly client: Client
  readonly session: SessionSummary | undefined
  readonly turnSince: number | undefined
  readonly link: LinkView
  readonly onRetry: () => void
}

export function StatusLine({ client, session, turnSince, link, onRetry }: StatusLineProps) {
  return (
    <div className="status">
      {session !== undefined && (
        <>
          <span className="dot" data-tone={statusWords(session).tone} aria-hidden="true" />
          <WhyLine client={client} session={session} />
        </>
      )}
      {turnSince !== undefined && (
        <span className="time">
          <Elapsed since={turnSince} />
        </span>
      )}
      <LinkNote link={link} onRetry={onRetry} />
    </div>
  )
}
