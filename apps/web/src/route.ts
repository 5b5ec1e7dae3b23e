/**
 * The address bar: which page, which session, which of its tabs, and whether the dialog of a new session is open.
 * The only place that knows how addresses are written.
 */
import { useMemo, useSyncExternalStore } from 'react'

export const sessionTabs = ['chat', 'changes', 'log'] as const
export type SessionTab = (typeof sessionTabs)[number]

export interface NewDialog {
  /** The session whose failed preparation is edited and tried again. */
  readonly edit?: string
}

export interface Route {
  readonly page: 'list' | 'session' | 'settings'
  readonly id?: string
  readonly tab?: SessionTab
  /** Over the page that is named beside it. */
  readonly dialog?: NewDialog
}

const changed = 'belay:path'
const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** `/` · `/s/ID` · `/s/ID/changes` · `/s/ID/log` · `/settings` · `/new` · `/new?over=ID` · `/new?edit=ID`. Pure. */
export function routeOf(pathname: string, search: string): Route {
  const [first = '', second = '', third = ''] = pathname.split('/').slice(1)
  if (first === 'settings') return { page: 'settings' }
  if (first === 's' && idPattern.test(second)) return sessionRoute(second, third)
  if (first !== 'new') return { page: 'list' }
  const query = new URLSearchParams(search)
  const edit = idOf(query.get('edit'))
  const over = edit ?? idOf(query.get('over'))
  const dialog = edit === undefined ? {} : { edit }
  return over === undefined ? { page: 'list', dialog } : { ...sessionRoute(over, ''), dialog }
}

function sessionRoute(id: string, tab: string): Route {
  return { page: 'session', id, tab: sessionTabs.find((known) => known === tab) ?? 'chat' }
}

function idOf(text: string | null): string | undefined {
  return text !== null && idPattern.test(text) ? text : undefined
}

export function pathOfSession(id: string, tab: SessionTab = 'chat'): string {
  return tab === 'chat' ? `/s/${id}` : `/s/${id}/${tab}`
}

/** The dialog of a new session over the session that is shown, if one is. */
export function pathOfNew(over: string | undefined): string {
  return over === undefined ? '/new' : `/new?over=${over}`
}

/** The dialog that edits the settings of a failed preparation and tries again. */
export function pathOfEdit(id: string): string {
  return `/new?edit=${id}`
}

/** @param path with its query and fragment, if it has them */
export function navigate(path: string): void {
  if (path === location.pathname + location.search + location.hash) return
  history.pushState(undefined, '', path)
  dispatchEvent(new Event(changed))
}

export function useRoute(): Route {
  const pathname = useSyncExternalStore(subscribe, () => location.pathname)
  const search = useSyncExternalStore(subscribe, () => location.search)
  return useMemo(() => routeOf(pathname, search), [pathname, search])
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  addEventListener(changed, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(changed, listener)
  }
}
