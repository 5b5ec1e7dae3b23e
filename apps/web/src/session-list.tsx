/** The list of sessions, those that need a person first, and the search in it. */
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { Search } from 'lucide-react'
import type { SessionSummary } from '@belay/protocol'
import { groupSessions, type Seen } from './group-sessions.ts'
import { searchSessions } from './search-sessions.ts'
import { SessionRow } from './session-row.tsx'
import { useNow } from './use-now.ts'

interface SessionListProps {
  readonly sessions: readonly SessionSummary[]
  /** False until the server has said which sessions there are. */
  readonly known: boolean
  readonly chosen: string | undefined
  readonly seen: Seen
  readonly isStale: boolean
}

export function SessionList({ sessions, known, chosen, seen, isStale }: SessionListProps) {
  const [search, setSearch] = useState('')
  const found = useMemo(() => searchSessions(sessions, search), [sessions, search])
  const groups = useMemo(() => groupSessions(found, seen), [found, seen])
  const now = useNow(20_000)
  const list = useRef<HTMLElement>(null)
  function onKey(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === 'ArrowDown') list.current?.querySelector<HTMLElement>('a.row')?.focus()
    else if (event.key === 'Enter') list.current?.querySelector<HTMLElement>('a.row')?.click()
    else if (event.key === 'Escape') {
      setSearch('')
      event.currentTarget.blur()
    } else return
    event.preventDefault()
  }
  return (
    <>
      {sessions.length > 0 && (
        <div className="search">
          <Search className="icon" aria-hidden="true" />
          <input
            id="search"
            type="search"
            className="input"
            aria-label="Search sessions"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={onKey}
          />
          <kbd aria-hidden="true">/</kbd>
        </div>
      )}
      <nav className="list" aria-label="Sessions" ref={list}>
        {!known && <p className="list-empty">Reading the sessions …</p>}
        {known && sessions.length === 0 && (
          <p className="list-empty">
            No sessions yet. They will be listed here, those that need you first.
          </p>
        )}
        {sessions.length > 0 && found.length === 0 && (
          <p className="list-empty">
            No session has “{search.trim()}” in its title, agent or place.
          </p>
        )}
        {groups.map((group) => (
          <section key={group.name} aria-labelledby={`group-${group.name}`}>
            <h2 id={`group-${group.name}`} className="group-title" data-group={group.name}>
              {group.title} <span>{group.sessions.length}</span>
            </h2>
            <ul>
              {group.sessions.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  chosen={session.id === chosen}
                  fresh={group.name === 'finished'}
                  stale={isStale}
                  now={now}
                />
              ))}
            </ul>
          </section>
        ))}
      </nav>
    </>
  )
}
