/**
 * The list of sessions in the order in which they want a person. Pure.
 *
 * Invariants:
 * - W-3 A session that waits for a person is above every one that does not.
 * - W-4 Every session that is not deleted is in exactly one group; an empty group is not shown.
 * - W-34 A session that rests and has an undecided turn is among the failed until somebody has decided about each.
 */
import type { SessionSummary } from '@belay/protocol'

export type GroupName = 'asks' | 'failed' | 'finished' | 'working' | 'idle'

export interface Group {
  readonly name: GroupName
  readonly title: string
  /** The one that moved last comes first. */
  readonly sessions: readonly SessionSummary[]
}

/** The latest turn of each session that was seen in this browser. */
export type Seen = Readonly<Record<string, number>>

const titles: Readonly<Record<GroupName, string>> = {
  asks: 'Asks you',
  failed: 'Failed',
  finished: 'Finished, not seen yet',
  working: 'Working',
  idle: 'Idle',
}
const order = ['asks', 'failed', 'finished', 'working', 'idle'] as const

export function groupSessions(sessions: readonly SessionSummary[], seen: Seen): readonly Group[] {
  const groups: Record<GroupName, SessionSummary[]> = {
    asks: [],
    failed: [],
    finished: [],
    working: [],
    idle: [],
  }
  for (const session of sessions) {
    const name = groupOf(session, seen)
    if (name !== undefined) groups[name].push(session)
  }
  return order
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

/** It waits for a person to say something: nothing goes on before, or a failure is still to be decided about. */
export function needsPerson(session: SessionSummary): boolean {
  if (session.undecided !== undefined && session.status !== 'deleted') return true
  const name = groupOf(session, {})
  return name === 'asks' || name === 'failed'
}

export function groupOf(session: SessionSummary, seen: Seen): GroupName | undefined {
  switch (session.status) {
    case 'waiting-person':
      return 'asks'
    case 'attention':
    case 'undecided':
      return 'failed'
    case 'preparing':
    case 'starting':
    case 'working':
    case 'waiting-tool':
    case 'stopping':
    case 'recovering':
      return 'working'
    case 'idle':
      return isUnseen(session, seen) ? 'finished' : 'idle'
    case 'deleted':
      return undefined
  }
}

function isUnseen({ id, lastTurn }: SessionSummary, seen: Seen): boolean {
  return lastTurn !== undefined && lastTurn.turn > (seen[id] ?? 0)
}
