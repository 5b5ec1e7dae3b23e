/** Finding sessions by what a person remembers of them. Pure. */
import type { SessionSummary } from '@belay/protocol'
import { statusReason, statusWords } from './status-words.ts'

/** Those of which every word is somewhere: in the title, the agent, the place, or how it stands. */
export function searchSessions(
  sessions: readonly SessionSummary[],
  text: string,
): readonly SessionSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return sessions
  return sessions.filter((session) => {
    const hay = hayOf(session)
    return words.every((word) => hay.includes(word))
  })
}

function hayOf(session: SessionSummary): string {
  const { id, title, agent, workspace } = session
  const place =
    workspace.type === 'folder' ? workspace.path : `${workspace.url} ${workspace.branch ?? ''}`
  const { word } = statusWords(session)
  return [id, title, agent.name, place, word, statusReason(session)].join('\n').toLowerCase()
}
