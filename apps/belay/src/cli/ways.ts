/** What a person can do at a terminal about a session that does not go on by itself. */
import type { SessionView } from '@belay/protocol'

type Waiting = Pick<
  SessionView,
  'id' | 'status' | 'undecided' | 'held' | 'permissions' | 'problem' | 'agentLink'
>

/** @returns commands, the nearest first; none where nobody is waited for */
export function waysOn(session: Waiting): readonly string[] {
  const { id, status, problem, permissions, agentLink } = session
  if (status === 'attention')
    return [
      `belay retry ${id}`,
      ...(problem?.signIn === undefined ? [] : [`belay agent login ${id}`]),
    ]
  return [
    ...(permissions.length > 0 ? [`belay attach ${id}`] : []),
    ...decisions(session),
    ...(agentLink?.cause?.signIn === undefined ? [] : [`belay agent login ${id}`]),
    ...(agentLink?.state === 'failed' || agentLink?.state === 'blocked'
      ? [`belay agent restart ${id}`]
      : []),
  ]
}

/** What decides about the turn that is asked about, and what lets its prompts run without. */
function decisions({ id, undecided, held }: Waiting): readonly string[] {
  const turns = undecided?.turns ?? []
  const about = turns.findLast(({ holds }) => holds === true) ?? turns.at(-1)
  if (about === undefined) return []
  const decide = `belay resolve ${id} ${about.actions.join('|')}`
  return held === undefined ? [decide] : [decide, `belay queue ${id} --go-on`]
}
