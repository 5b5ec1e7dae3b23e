/** The left side: the mark, the ways to a new session and to the settings, and the sessions. */
import { Keyboard, Plus, Settings } from 'lucide-react'
import type { SessionList as Sessions } from '@belay/client'
import type { Seen } from './group-sessions.ts'
import type { LinkView } from './link-view.ts'
import { Link } from './link.tsx'
import { Logo } from './logo.tsx'
import { pathOfNew } from './route.ts'
import { SessionList } from './session-list.tsx'
import { LinkLine } from './status-line.tsx'
import { useLate } from './use-late.ts'

interface SideProps {
  readonly list: Sessions
  readonly chosen: string | undefined
  readonly seen: Seen
  readonly link: LinkView
  readonly onRetry: () => void
  readonly onHelp: () => void
}

export function Side({ list, chosen, seen, link, onRetry, onHelp }: SideProps) {
  const isStale = useLate(link.downSince !== undefined)
  return (
    <aside className="side" aria-label="Sessions" data-stale={isStale ? '' : undefined}>
      <header className="side-head">
        <Link className="home" href="/">
          <Logo /> Belay
        </Link>
        <Link className="button" href={pathOfNew(chosen)} title="New session (c)">
          <Plus className="icon" aria-hidden="true" /> New session
        </Link>
      </header>
      <SessionList
        sessions={list.sessions ?? []}
        known={list.sessions !== undefined}
        chosen={chosen}
        seen={seen}
        isStale={isStale}
      />
      <footer className="side-foot">
        {/* Where a session is shown its status line says it. */}
        {chosen === undefined && <LinkLine link={link} onRetry={onRetry} />}
        <nav aria-label="Page">
          <Link className="button" data-kind="quiet" data-size="small" href="/settings">
            <Settings className="icon" aria-hidden="true" /> Settings
          </Link>
          <button
            type="button"
            className="button by-keys"
            data-kind="quiet"
            data-size="small"
            onClick={onHelp}
          >
            <Keyboard className="icon" aria-hidden="true" /> Keys <kbd>?</kbd>
          </button>
        </nav>
      </footer>
    </aside>
  )
}
