/** Calls a person through their system, where they have asked for it in this browser and are not looking. */
import { useEffect, useRef, useState } from 'react'
import type { SessionSummary } from '@belay/protocol'
import { callsOf, type Call } from './call-person.ts'
import { navigate, pathOfSession } from './route.ts'
import { keepOn } from './shelf.ts'

const key = 'belay.calls'

export function useCalls(sessions: readonly SessionSummary[] | undefined): void {
  const before = useRef<readonly SessionSummary[]>(undefined)
  useEffect(() => {
    if (sessions === undefined) return
    const calls = callsOf(before.current, sessions)
    before.current = sessions
    if (document.visibilityState === 'visible' || !isWanted()) return
    for (const call of calls) show(call)
  }, [sessions])
}

function show({ tag, session, title, body }: Call): void {
  const notification = new Notification(title, { tag, body })
  notification.addEventListener('click', () => {
    window.focus()
    navigate(pathOfSession(session))
    notification.close()
  })
}

function isWanted(): boolean {
  return (
    localStorage.getItem(key) === 'yes' &&
    'Notification' in window &&
    Notification.permission === 'granted'
  )
}

export interface CallSetting {
  readonly wanted: boolean
  /** Why they cannot be had. */
  readonly refused: string | undefined
  readonly set: (wanted: boolean) => void
}

/** The setting of this browser. Turning it on asks the browser first. */
export function useCallSetting(): CallSetting {
  const [wanted, setWanted] = useState(isWanted)
  const [refused, setRefused] = useState<string>()
  async function turnOn(): Promise<void> {
    const permission = 'Notification' in window ? await Notification.requestPermission() : 'denied'
    if (permission === 'granted') keepOn(localStorage, key, 'yes')
    setWanted(isWanted())
    setRefused(
      permission === 'granted'
        ? undefined
        : 'This browser does not let the page notify you: allow it in the browser’s settings for this site, then try again.',
    )
  }
  function set(next: boolean): void {
    if (next) return void turnOn()
    localStorage.removeItem(key)
    setWanted(false)
  }
  return { wanted, refused, set }
}
