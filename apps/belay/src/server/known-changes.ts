/**
 * Waiting for what a turn changed: it is told a moment after the end of its turn, and whoever reads the log page by page
 * right then should not miss it for that.
 *
 * - E-32 A page of the log is answered once what the last turn changed is known, and the changes of a turn once those are,
 *   or after `knownMsMax`.
 */
import type { SessionState } from '@belay/session'
import type { SessionHost } from './session-host.ts'
import { onceFound } from './session-wait.ts'

/** Many times what a checkpoint of an ordinary folder takes; a stream does not wait at all. */
const knownMsMax = 3000

/** Which changes, of which session. */
export interface Wanted {
  readonly host: SessionHost
  readonly id: string
  /** Of any turn, when there is none. */
  readonly turn?: number
}

/** @returns `undefined` when there is nothing to wait for */
export function changesKnown({ host, id, turn }: Wanted): Promise<unknown> | undefined {
  const known = ({ changes }: SessionState) =>
    changes.type === 'due' && changes.turn === (turn ?? changes.turn) ? undefined : changes
  return known(host.read(id)) === undefined
    ? onceFound({ host, id, msMax: knownMsMax }, known)
    : undefined
}
