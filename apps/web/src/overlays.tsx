/** What lies above the page for a moment (the keys, the palette), and what each key does. */
import { lazy, Suspense, useCallback, useState } from 'react'
import type { SessionSummary } from '@belay/protocol'
import { needsPerson } from './group-sessions.ts'
import { KeyHelp } from './key-help.tsx'
import { navigate, pathOfNew, pathOfSession } from './route.ts'
import { stepRows } from './row-walk.ts'
import type { Action } from './shortcuts.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))

export interface Overlay {
  readonly shown: 'help' | 'palette' | undefined
  readonly run: (action: Action) => void
  readonly close: () => void
}

/** @param id the session that is shown */
export function useOverlay(sessions: readonly SessionSummary[], id: string | undefined): Overlay {
  const [shown, setShown] = useState<Overlay['shown']>()
  const run = useCallback(
    (action: Action) => {
      setShown(action === 'help' || action === 'palette' ? action : undefined)
      perform(action, sessions, id)
    },
    [sessions, id],
  )
  const close = useCallback(() => setShown(undefined), [])
  return { shown, run, close }
}

function perform(
  action: Action,
  sessions: readonly SessionSummary[],
  id: string | undefined,
): void {
  switch (action) {
    case 'new-session':
      return navigate(pathOfNew(id))
    case 'search':
      return document.getElementById('search')?.focus()
    case 'write':
      return document.getElementById('composer')?.focus()
    case 'next-row':
      return stepRows(1)
    case 'previous-row':
      return stepRows(-1)
    case 'go-list':
      return navigate('/')
    case 'go-settings':
      return navigate('/settings')
    case 'go-needs':
      return goNeeds(sessions, id)
    case 'go-chat':
      return id === undefined ? undefined : navigate(pathOfSession(id))
    case 'go-changes':
      return id === undefined ? undefined : navigate(pathOfSession(id, 'changes'))
    case 'go-log':
      return id === undefined ? undefined : navigate(pathOfSession(id, 'log'))
    case 'help':
    case 'palette':
      return undefined
  }
}

/** The one after the session that is shown, and round again. */
function goNeeds(sessions: readonly SessionSummary[], id: string | undefined): void {
  const needing = sessions.filter(needsPerson).map((session) => session.id)
  const next = needing[(needing.indexOf(id ?? '') + 1) % needing.length]
  if (next !== undefined) navigate(pathOfSession(next))
}

interface OverlaysProps {
  readonly overlay: Overlay
  readonly sessions: readonly SessionSummary[]
}

export function Overlays({ overlay, sessions }: OverlaysProps) {
  if (overlay.shown === 'help') return <KeyHelp onClose={overlay.close} />
  if (overlay.shown !== 'palette') return undefined
  return (
    <Suspense fallback={undefined}>
      <Palette sessions={sessions} onRun={overlay.run} onClose={overlay.close} />
    </Suspense>
  )
}
