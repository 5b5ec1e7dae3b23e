/** The left side: the mark, the way to a new session, and the sessions. */
import type { ReactNode } from 'react'
import { Settings } from 'lucide-react'
import type { SessionList as Sessions } from '@belay/client'
import { LinkNote } from './link-note.tsx'
import type { LinkView } from './link-words.ts'
import { Link } from './link.tsx'
import { Logo } from './logo.tsx'
import { SessionList } from './session-list.tsx'

interface SideProps {
  readonly list: Sessions
  readonly chosen: string | undefined
  /** The line to say something about; absent where a session's status line says it. */
  readonly link: LinkView | undefined
  readonly onRetry: () => void
  readonly children: ReactNode
}

export function Side({ list, chosen, link, onRetry, children }: SideProps) {
  return (
    <aside className="side" aria-label="Sessions">
      <header className="side-head">
        <Link className="home" href="/">
          <Logo /> Belay
        </Link>
        {children}
        <Link
          className="button"
          href="/settings"
          data-kind="quiet"
          data-size="icon"
          aria-label="Settings"
          title="Settings"
        >
          <Settings className="icon" aria-hidden="true" />
        </Link>
      </header>
      <SessionList
        sessions={list.sessions ?? []}
        known={list.sessions !== undefined}
        chosen={chosen}
      />
      {link !== undefined && (
        <footer className="side-foot">
          <LinkNote link={link} onRetry={onRetry} />
        </footer>
      )}
    </aside>
  )
}
