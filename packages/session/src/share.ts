/**
 * Sharing a folder with other sessions: each is told of the other, for as long as both are there.
 *
 * - S-120 A session that shares its folder with another says so in its log, once for each, and to every viewer until the
 *   other is gone; of more than `sharedSessionsMax` it names the first.
 */
import { limits } from '@belay/protocol'
import { type Change, ignore, log, set } from './change.ts'
import type { SessionInput, SessionReply } from './input.ts'

type Shared = Extract<SessionInput, { type: 'folder-shared' }>

/** Another session works in the same folder. */
export function shareFolder(change: Change, { session, title }: Shared): SessionReply {
  const { neighbours, lifecycle } = change.state
  if (lifecycle.type === 'absent' || session === change.id)
    return ignore('it is nobody’s neighbour')
  if (neighbours.some(({ id }) => id === session)) return ignore('it is known')
  if (neighbours.length >= limits.sharedSessionsMax) return ignore('enough others are named')
  set(change, 'neighbours', [...neighbours, { id: session, title }])
  log(change, { type: 'folder-shared', session, title })
  return { type: 'done' }
}

/** The other is gone, or works elsewhere. */
export function freeFolder(change: Change, session: string): SessionReply {
  const { neighbours } = change.state
  const left = neighbours.filter(({ id }) => id !== session)
  if (left.length === neighbours.length) return ignore('it is not known')
  set(change, 'neighbours', left)
  return { type: 'done' }
}
