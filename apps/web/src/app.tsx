/** The page: signed in or not; the list at the left, a session or the settings at the right. */
import { useCallback, useEffect, useMemo, useState } from 'react'
import { createClient } from '@belay/client/webapi'
import type { SessionSummary } from '@belay/protocol'
import { onComingBack } from './coming-back.ts'
import { DraftBox } from './draft-box.ts'
import { Feeds } from './feed.ts'
import { needsPerson } from './group-sessions.ts'
import { useLive } from './live.ts'
import { NewSession } from './new-session.tsx'
import { Overlays, useOverlay } from './overlays.tsx'
import { navigate, pathOfSession, useRoute } from './route.ts'
import { SeenTurns } from './seen.ts'
import { SessionPage } from './session-page.tsx'
import { SettingsPage } from './settings-page.tsx'
import { Side } from './side.tsx'
import { SignIn } from './sign-in.tsx'
import { followTheme } from './theme.ts'
import { forgetToken, keepToken, onOtherTab, readToken } from './token.ts'
import { useCalls } from './use-calls.ts'
import { useKeys } from './use-keys.ts'
import { Welcome } from './welcome.tsx'

export function App() {
  const [token, setToken] = useState(readToken)
  const [refused, setRefused] = useState<string>()
  const signIn = useCallback((given: string) => {
    keepToken(given)
    setRefused(undefined)
    setToken(given)
  }, [])
  const signOut = useCallback((why?: string) => {
    forgetToken()
    setRefused(why)
    setToken(undefined)
  }, [])
  // A link with a new token, opened in this same tab, changes only the fragment.
  useEffect(() => {
    function onHash(): void {
      const given = readToken()
      if (given !== undefined) signIn(given)
    }
    addEventListener('hashchange', onHash)
    return () => removeEventListener('hashchange', onHash)
  }, [signIn])
  useEffect(() => onOtherTab(setToken), [])
  useEffect(() => followTheme(), [])
  if (token === undefined) return <SignIn refused={refused} onToken={signIn} />
  return <Workbench key={token} token={token} onSignOut={signOut} />
}

interface WorkbenchProps {
  readonly token: string
  /** @param why when it was not the person's own wish */
  readonly onSignOut: (why?: string) => void
}

function Workbench({ token, onSignOut }: WorkbenchProps) {
  const client = useMemo(() => createClient({ url: location.origin, token }), [token])
  const feeds = useMemo(() => new Feeds(client), [client])
  const list = useLive(feeds.list.list)
  const listLink = useLive(feeds.list.link)
  const seen = useLive(seenTurns.turns)
  const { page, id, tab = 'chat', dialog } = useRoute()
  const box = useMemo(() => (id === undefined ? undefined : draftBox(id)), [id])
  const feed = useMemo(
    () => (id === undefined || box === undefined ? undefined : feeds.session(id, box.accepted)),
    [feeds, id, box],
  )
  useEffect(() => feeds.list.open(), [feeds])
  useEffect(() => seenTurns.follow(), [])
  const ended = list.ended
  useEffect(() => {
    if (ended?.code === 'unauthorized') onSignOut(ended.message)
  }, [ended, onSignOut])
  const retryNow = useCallback(() => {
    feeds.list.retryNow()
    feed?.retryNow()
  }, [feeds, feed])
  useEffect(() => onComingBack(retryNow), [retryNow])

  const sessions = list.sessions ?? noSessions
  const summary = sessions.find((session) => session.id === id)
  useTitle(sessions, summary?.title)
  const overlay = useOverlay(sessions, id)
  useKeys(overlay.run)
  useCalls(list.sessions)

  return (
    <div className="app" data-showing={page === 'list' ? 'list' : 'main'}>
      <Side
        list={list}
        chosen={id}
        seen={seen}
        link={listLink}
        onRetry={retryNow}
        onHelp={() => overlay.run('help')}
      />
      <main className="main">
        {id !== undefined && feed !== undefined && box !== undefined ? (
          <SessionPage
            key={id}
            client={client}
            id={id}
            tab={tab}
            feed={feed}
            box={box}
            summary={summary}
            onRetry={retryNow}
            onSeen={see}
          />
        ) : page === 'settings' ? (
          <SettingsPage client={client} token={token} onSignOut={onSignOut} />
        ) : (
          <Welcome known={list.sessions !== undefined} any={sessions.length > 0} />
        )}
      </main>
      {dialog !== undefined && (
        <NewSession
          key={dialog.edit}
          client={client}
          edit={dialog.edit}
          onClose={() => navigate(id === undefined ? '/' : pathOfSession(id))}
        />
      )}
      <Overlays overlay={overlay} sessions={sessions} />
    </div>
  )
}

const noSessions: readonly SessionSummary[] = []

/** The tab says how many sessions need a person. */
function useTitle(sessions: readonly SessionSummary[], title: string | undefined): void {
  const asking = sessions.filter(needsPerson).length
  useEffect(() => {
    document.title = `${asking > 0 ? `(${asking}) ` : ''}${title === undefined ? '' : `${title} · `}Belay`
  }, [asking, title])
}

const seenTurns = new SeenTurns(localStorage)
function see(id: string, turn: number): void {
  seenTurns.see(id, turn)
}

/** One box per session for as long as the page lives: an answer may come after its session was left. */
const boxes = new Map<string, DraftBox>()
function draftBox(id: string): DraftBox {
  const box = boxes.get(id) ?? new DraftBox(id, localStorage)
  boxes.set(id, box)
  return box
}
