/** The list of sessions, those that need a person first. */
import { useMemo } from 'react'
import type { SessionSummary } from '@belay/protocol'
import { groupSessions } from './group-sessions.ts'
import { SessionRow } from './session-row.tsx'
import { useNow } from './use-now.ts'

interface SessionListProps {
  readonly sessions: readonly SessionSummary[]
  /** False until the server has said which sessions there are. */
  readonly known: boolean
  readonly chosen: string | undefined
}

export function SessionList({ sessions, known, chosen }: SessionListProps) {
  const groups = useMemo(() => groupSessions(sessions), [sessions])
  const now = useNow(20_000)
  if (known && groups.length === 0) {
    return (
      <p className="list-empty">
        No sessions yet. Start one: choose an agent, a folder or a repository, and say what you want
        done.
      </p>
    )
  }
  return (
    <nav className="list" aria-label="Sessions">
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
                now={now}
              />
            ))}
          </ul>
        </section>
      ))}
    </nav>
  )
}
