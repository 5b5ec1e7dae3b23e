/**
 * Who is signed in: a token out of the link that `belay up` prints, kept in this browser.
 *
 * Invariants:
 * - W-5 A token in the address is stored and at once removed from the address bar, so it is neither copied with a
 *   link nor kept in the history.
 */

import { keepOn } from './shelf.ts'

const key = 'belay.token'

/** The token of a fragment like `#token=abc`, if it has one. Pure. */
export function tokenOfHash(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined
}

/** The token typed or pasted by a person, who may have pasted the whole link. Pure. */
export function tokenOfInput(input: string): string {
  const text = input.trim()
  const hash = text.indexOf('#')
  return (hash < 0 ? undefined : tokenOfHash(text.slice(hash))) ?? text
}

/** Takes a token out of the address, if there is one. @returns the token to use now */
export function readToken(): string | undefined {
  const given = tokenOfHash(location.hash)
  if (given !== undefined && given !== '') {
    keepToken(given)
    history.replaceState(history.state, '', location.pathname + location.search)
    // Also where it could not be kept.
    return given
  }
  return localStorage.getItem(key) ?? undefined
}

export function keepToken(token: string): void {
  keepOn(localStorage, key, token)
}

export function forgetToken(): void {
  localStorage.removeItem(key)
}

/** Another tab signed in or out. @returns what stops it */
export function onOtherTab(tell: (token: string | undefined) => void): () => void {
  function onStorage(event: StorageEvent): void {
    if (event.key === key) tell(event.newValue ?? undefined)
  }
  addEventListener('storage', onStorage)
  return () => removeEventListener('storage', onStorage)
}
