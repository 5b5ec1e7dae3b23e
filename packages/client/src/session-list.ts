/** The list of sessions, the newest first: a pure fold of list frames. */
import { unreachable } from '@belay/actor'
import type { ListFrame, SessionSummary } from '@belay/protocol'

export interface SessionList {
  /** Absent before the first frame: not known yet is not the same as none. */
  readonly sessions?: readonly SessionSummary[]
  readonly ended?: Extract<ListFrame, { type: 'end' }> | undefined
}

export function applyListFrame(state: SessionList, frame: ListFrame): SessionList {
  const sessions = state.sessions ?? []
  switch (frame.type) {
    case 'sessions':
      return { sessions: frame.sessions.toSorted(newestFirst) }
    case 'session': {
      const position = sessions.findIndex((session) => session.id === frame.session.id)
      return position < 0
        ? { sessions: [frame.session, ...sessions].toSorted(newestFirst) }
        : { sessions: sessions.with(position, frame.session) }
    }
    case 'removed':
      return { sessions: sessions.filter((session) => session.id !== frame.session) }
    case 'beat':
      return state
    case 'end':
      return { ...state, ended: frame }
    default:
      return unreachable(frame)
  }
}

function newestFirst(a: SessionSummary, b: SessionSummary): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)
}
