/** The address bar: `/` shows the list, `/s/ID` a session. */
import { useSyncExternalStore } from 'react'

const changed = 'belay:path'

/** @returns the session a path names. Pure. */
export function sessionOfPath(pathname: string): string | undefined {
  return /^\/s\/([A-Za-z0-9][A-Za-z0-9_-]{0,63})\/?$/.exec(pathname)?.[1]
}

export function pathOfSession(id: string): string {
  return `/s/${id}`
}

export function navigate(path: string): void {
  if (path === location.pathname) return
  history.pushState(undefined, '', path)
  dispatchEvent(new Event(changed))
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  addEventListener(changed, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(changed, listener)
  }
}
