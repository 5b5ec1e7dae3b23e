/**
 * Light, dark, or as the system is: a person's choice, kept in this browser and the same in all its tabs.
 * `public/theme.js` applies it before the page is drawn.
 */
import { useSyncExternalStore } from 'react'
import { keepOn } from './shelf.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'belay.theme'
const changed = 'belay:theme'

/** What was stored, by this version or another one. */
function themeOf(stored: string | null): Theme {
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function chooseTheme(theme: Theme): void {
  keepOn(localStorage, key, theme)
  dispatchEvent(new Event(changed))
}

/** Keeps the document in the theme that is chosen here or in another tab. @returns what stops it */
export function followTheme(): () => void {
  apply()
  return subscribe(apply)
}

function apply(): void {
  const theme = readTheme()
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, readTheme)
}

function readTheme(): Theme {
  return themeOf(localStorage.getItem(key))
}

function subscribe(listener: () => void): () => void {
  addEventListener('storage', listener)
  addEventListener(changed, listener)
  return () => {
    removeEventListener('storage', listener)
    removeEventListener(changed, listener)
  }
}
