/**
 * Waiting for what a turn changed: it is told a moment after the end of its turn, and whoever reads the log page by page
 * right then should not miss it for that.
 *
 * - E-32 A page of the log, and the changes of a turn, are answered once what the last turn changed is known, or after `knownMsMax`.
 */
import type { SessionHost } from './session-host.ts'

/** Many times what a checkpoint of an ordinary folder takes; a stream does not wait at all. */
const knownMsMax = 3000

export function changesKnown(host: SessionHost, id: string): Promise<void> | undefined {
  const isDue = () => host.read(id).changes.type === 'due'
  if (!isDue()) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    clearTimeout(timer)
    stopWatching()
    resolve()
  }
  const stopWatching = host.watch(id, () => {
    if (!isDue()) done()
  })
  const timer = setTimeout(done, knownMsMax)
  // A server that stops does not wait for it: whoever asked has lost the connection by then.
  timer.unref()
  return promise
}
