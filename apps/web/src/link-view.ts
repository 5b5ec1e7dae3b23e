/** The page's line to the server as the page remembers it: its state, and since when it has been down. Pure. */
import type { LinkState } from '@belay/client/webapi'

export interface LinkView {
  readonly link: LinkState
  /** Since when the line has not been open; absent while it is. */
  readonly downSince: number | undefined
}

export function linkChanged(before: LinkView | undefined, link: LinkState, now: number): LinkView {
  const up = link.state === 'open' || link.state === 'over'
  return { link, downSince: up ? undefined : (before?.downSince ?? now) }
}
