/**
 * The list of sessions in the order in which they want a person. Pure.
 *
 * Invariants:
 * - W-3 A session that waits for a person is above every one that does not.
 * - W-4 Every session that is not deleted is in exactly one group; an empty group is not shown.
 */
import type { SessionSummary } from '@belay/protocol'

export type GroupName = 'needs-you' | 'working' | 'idle'

export interface Group {
  readonly name: GroupName
  readonly title: string
  /** The one that moved last comes first. */
  readonly sessions: readonly SessionSummary[]
}

const titles: Readonly<Record<GroupName, string>> = {
  'needs-you': 'Needs you',
  working: 'Working',
  idle: 'Idle',
}

export function groupSessions(sessions: readonly SessionSummary[]): readonly Group[] {
  const groups: Record<GroupName, SessionSummary[]> = { 'needs-you': [], working: [], idle: [] }
  for (const session of sessions) {
    const name = groupOf(session.status)
    if (name !== undefined) groups[name].push(session)
  }
  return (['needs-you', 'working', 'idle'] as const)
    .map((name) => ({
      name,
      title: titles[name],
      sessions: groups[name].toSorted((a, b) => movedAt(b) - movedAt(a) || (a.id < b.id ? -1 : 1)),
    }))
    .filter((group) => group.sessions.length > 0)
}

/** When a session last began or ended something. */
export function movedAt(session: SessionSummary): number {
  return Math.max(session.createdAt, session.lastTurn?.endedAt ?? 0)
}

export function needsPerson(session: SessionSummary): boolean {
  return groupOf(session.status) === 'needs-you'
}

function groupOf(status: SessionSummary['status']): GroupName | undefined {
  switch (status) {
    case 'waiting-person':
    case 'attention':
      return 'needs-you'
    case 'preparing':
    case 'starting':
    case 'working':
    case 'waiting-tool':
    case 'stopping':
    case 'recovering':
      return 'working'
    case 'idle':
      return 'idle'
    case 'deleted':
      return undefined
  }
}
