/**
 * Waiting for what a turn changed: it is told a moment after the end of its turn, and whoever reads the log page by page
 * right then should not miss it for that.
 *
 * - E-32 A page of the log, and the changes of a turn, are answered once what the last turn changed is known, or after `knownMsMax`.
 */
import type { SessionState } from '@belay/session'
import type { SessionHost } from './session-host.ts'
import { onceFound } from './session-wait.ts'

/** Many times what a checkpoint of an ordinary folder takes; a stream does not wait at all. */
const knownMsMax = 3000

/** @returns `undefined` when there is nothing to wait for */
export function changesKnown(host: SessionHost, id: string): Promise<unknown> | undefined {
  return known(host.read(id)) === undefined
    ? onceFound({ host, id, msMax: knownMsMax }, known)
    : undefined
}

function known({ changes }: SessionState): SessionState['changes'] | undefined {
  return changes.type === 'due' ? undefined : changes
}
