/**
 * What a person who is not looking is told of by their system: a session asks, has failed, or has finished. Pure.
 *
 * Invariants:
 * - W-53 Each change is told once, and nothing that was so before the page was opened.
 */
import type { SessionSummary } from '@belay/protocol'
import { groupOf, type GroupName } from './group-sessions.ts'
import { statusReason } from './status-words.ts'

export interface Call {
  /** The same for the same matter, so that several tabs tell of it once. */
  readonly tag: string
  readonly session: string
  readonly title: string
  readonly body: string
}

/** @param before undefined when nothing was known yet */
export function callsOf(
  before: readonly SessionSummary[] | undefined,
  after: readonly SessionSummary[],
): readonly Call[] {
  if (before === undefined) return []
  const old = new Map(before.map((session) => [session.id, session]))
  return after.flatMap((session) => {
    const was = old.get(session.id)
    const matter = matterOf(session)
    if (was === undefined || matter === undefined || matterOf(was) === matter) return []
    return [{ tag: `${session.id} ${matter}`, session: session.id, ...wordsOf(session) }]
  })
}

/** What is told of a session now; the same text for as long as it is the same thing. */
function matterOf(session: SessionSummary): string | undefined {
  const group = newsOf(session)
  if (group === 'asks') return `asks ${session.why}`
  const isOver = group === 'failed' || group === 'finished'
  return isOver ? `${group} ${session.lastTurn?.turn ?? 0}` : undefined
}

/** A turn that ended well after one that failed is told as what it is. */
function newsOf(session: SessionSummary): GroupName | undefined {
  const { status, undecided, lastTurn } = session
  const failed = undecided?.turns.at(-1)?.turn
  if (status === 'undecided' && failed !== lastTurn?.turn) return 'finished'
  return groupOf(session, {})
}

const says: Partial<Record<GroupName, string>> = {
  asks: 'asks you',
  failed: 'failed',
  finished: 'has finished',
}

function wordsOf(session: SessionSummary): Pick<Call, 'title' | 'body'> {
  const group = newsOf(session)
  const said = group === undefined ? '' : (says[group] ?? '')
  return {
    title: `${session.title} ${said}`,
    body: session.status === 'idle' ? '' : statusReason(session),
  }
}
