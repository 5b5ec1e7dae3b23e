/** Waiting for something of a session, as an answer of the API does: bounded, and no reason for a server to stay. */
import type { SessionState } from '@belay/session'
import type { SessionHost } from './session-host.ts'

export interface SessionWait {
  readonly host: SessionHost
  readonly id: string
  /** How long it is waited for, milliseconds. */
  readonly msMax: number
}

/**
 * What `find` finds, as soon as it does.
 * @param find `undefined`: not yet
 * @returns `undefined` when that took longer
 */
export function onceFound<Found extends object>(
  { host, id, msMax }: SessionWait,
  find: (state: SessionState) => Found | undefined,
): Promise<Found | undefined> {
  const { promise, resolve } = Promise.withResolvers<Found | undefined>()
  function end(found: Found | undefined): void {
    clearTimeout(timer)
    stopWatching()
    resolve(found)
  }
  function look(state: SessionState): void {
    const found = find(state)
    if (found !== undefined) end(found)
  }
  const stopWatching = host.watch(id, ({ state }) => look(state))
  const timer = setTimeout(() => end(undefined), msMax)
  // A server that stops does not wait for it: whoever asked has lost the connection by then.
  timer.unref()
  look(host.read(id))
  return promise
}
