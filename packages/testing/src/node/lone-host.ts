/** A host of sessions with nobody around it: no runner is started for them, and what would stop it is thrown. */
import type { Host } from '@belay/host'
import { createNodeHost } from '@belay/host/node'
import {
  createSessionActor,
  type SessionInput,
  type SessionReply,
  type SessionState,
} from '@belay/session'
import { temporaryFolder } from './temporary-folder.ts'

/** @param name what its folder is called @returns it started; to be stopped by the test */
export function loneHost(name: string): Host<SessionState, SessionInput, SessionReply> {
  const host = createNodeHost({
    actor: createSessionActor(),
    folder: temporaryFolder(name),
    perform: () => undefined,
    onActorStopped(_id, error) {
      throw error
    },
    onStop(error) {
      throw error
    },
  })
  host.start()
  return host
}
