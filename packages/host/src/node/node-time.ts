/** The clock, the next turn of the loop, and the one timer of a host on Node. */
import type { HostOptions } from '../host.ts'

/** What a host takes of Node. */
export type NodeTime = Pick<
  HostOptions<never, never, never, never>,
  'clock' | 'soon' | 'steady' | 'timer'
>

/** setTimeout takes a signed 32-bit number; anything above it fires at once. */
const timeoutMsMax = 2 ** 31 - 1

export function nodeTime(): NodeTime {
  let timeout: NodeJS.Timeout | undefined

  function set(at: number, callback: () => void): void {
    clearTimeout(timeout)
    const ms = Math.max(0, at - Date.now())
    if (ms <= timeoutMsMax) timeout = setTimeout(callback, ms)
    else timeout = setTimeout(() => set(at, callback), timeoutMsMax)
  }

  return {
    clock: () => Date.now(),
    steady: () => performance.now(),
    soon: (callback) => setImmediate(callback),
    timer: { set, clear: () => clearTimeout(timeout) },
  }
}
