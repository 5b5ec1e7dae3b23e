/**
 * What the page says about its line to the server. Pure.
 *
 * Invariants:
 * - W-9 An interruption shorter than `quietMs` is not spoken of.
 * - W-10 While the next try is waited for, it is said how long, and that it can be now.
 */
import type { LinkState } from '@belay/client/webapi'

/** Shorter interruptions (a restart of the server, a change of network) are over before they are read. */
export const quietMs = 2000

export interface LinkView {
  readonly link: LinkState
  /** Since when the line has not been open; absent while it is. */
  readonly downSince: number | undefined
}

export function linkChanged(before: LinkView | undefined, link: LinkState, now: number): LinkView {
  const up = link.state === 'open' || link.state === 'over'
  return { link, downSince: up ? undefined : (before?.downSince ?? now) }
}

export interface LinkWords {
  readonly text: string
  /** Whether trying at once is something a person can ask for. */
  readonly canRetry: boolean
}

/** @returns undefined when there is nothing to say */
export function linkWords({ link, downSince }: LinkView, now: number): LinkWords | undefined {
  if (downSince === undefined || now - downSince < quietMs) return undefined
  if (link.state === 'connecting' || link.nextAt === undefined)
    return { text: 'Server away · reconnecting …', canRetry: false }
  const seconds = Math.max(1, Math.ceil((link.nextAt - now) / 1000))
  return { text: `Server away · reconnecting in ${seconds} s`, canRetry: true }
}
