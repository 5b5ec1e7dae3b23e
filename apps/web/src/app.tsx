/** The page: signed in or not; the list at the left, a session at the right. */
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { Plus } from 'lucide-react'
import { createClient } from '@belay/client/webapi'
import type { SessionSummary } from '@belay/protocol'
import { DraftBox } from './draft-box.ts'
import { Feeds } from './feed.ts'
import { needsPerson } from './group-sessions.ts'
import { useLive } from './live.ts'
import { Logo } from './logo.tsx'
import { NewSession } from './new-session.tsx'
import { navigate, pathOfNew, pathOfSession, useRoute } from './route.ts'
import { SessionPage } from './session-page.tsx'
import { SettingsPage } from './settings-page.tsx'
import { Side } from './side.tsx'
import { SignIn } from './sign-in.tsx'
import { followTheme } from './theme.ts'
import { forgetToken, keepToken, readToken } from './token.ts'

export function App() {
  const [token, setToken] = useState(readToken)
  const [refused, setRefused] = useState<string>()
  const signIn = useCallback((given: string) => {
    keepToken(given)
    setRefused(undefined)
    setToken(given)
  }, [])
  const signOut = useCallback((why: string) => {
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
  useEffect(() => followTheme(), [])
  if (token === undefined) return <SignIn refused={refused} onToken={signIn} />
  return <Workbench key={token} token={token} onRefused={signOut} />
}

interface WorkbenchProps {
  readonly token: string
  readonly onRefused: (why: string) => void
}

function Workbench({ token, onRefused }: WorkbenchProps) {
  const client = useMemo(() => createClient({ url: location.origin, token }), [token])
  const feeds = useMemo(() => new Feeds(client), [client])
  const list = useLive(feeds.list.list)
  const listLink = useLive(feeds.list.link)
  const { page, id, dialog } = useRoute()
  const box = useMemo(() => (id === undefined ? undefined : draftBox(id)), [id])
  const feed = useMemo(
    () => (id === undefined || box === undefined ? undefined : feeds.session(id, box.accepted)),
    [feeds, id, box],
  )

  useEffect(() => feeds.list.open(), [feeds])
  const ended = list.ended
  useEffect(() => {
    if (ended?.code === 'unauthorized') onRefused(ended.message)
  }, [ended, onRefused])
  const retryNow = useCallback(() => {
    feeds.list.retryNow()
    feed?.retryNow()
  }, [feeds, feed])
  useEffect(() => onComingBack(retryNow), [retryNow])

  const sessions = list.sessions ?? []
  const summary = sessions.find((session) => session.id === id)
  useTitle(sessions, summary?.title)

  const newSession = (
    <button type="button" className="button" onClick={() => navigate(pathOfNew(id))}>
      <Plus className="icon" aria-hidden="true" /> New session
    </button>
  )
  return (
    <div className="app" data-showing={page === 'list' ? 'list' : 'main'}>
      <Side
        list={list}
        chosen={id}
        link={id === undefined ? listLink : undefined}
        onRetry={retryNow}
      >
        {newSession}
      </Side>
      <main className="main">
        {id !== undefined && feed !== undefined && box !== undefined ? (
          <SessionPage
            key={id}
            client={client}
            id={id}
            feed={feed}
            box={box}
            summary={summary}
            onRetry={retryNow}
          />
        ) : page === 'settings' ? (
          <SettingsPage />
        ) : (
          <Welcome any={sessions.length > 0}>{newSession}</Welcome>
        )}
      </main>
      {dialog !== undefined && (
        <NewSession
          client={client}
          onClose={() => navigate(id === undefined ? '/' : pathOfSession(id))}
        />
      )}
    </div>
  )
}

function Welcome({ any, children }: { readonly any: boolean; readonly children: ReactNode }) {
  return (
    <div className="empty">
      <Logo size={30} />
      <h1>{any ? 'Choose a session' : 'Start a session'}</h1>
      <p>
        A session goes on without this page: close the lid, come back, and everything that happened
        is here.
      </p>
      {children}
    </div>
  )
}

/** The tab says how many sessions need a person. */
function useTitle(sessions: readonly SessionSummary[], title: string | undefined): void {
  const asking = sessions.filter(needsPerson).length
  useEffect(() => {
    document.title = `${asking > 0 ? `(${asking}) ` : ''}${title === undefined ? '' : `${title} · `}Belay`
  }, [asking, title])
}

/** One box per session for as long as the page lives: an answer may come after its session was left. */
const boxes = new Map<string, DraftBox>()
function draftBox(id: string): DraftBox {
  const box = boxes.get(id) ?? new DraftBox(id, localStorage)
  boxes.set(id, box)
  return box
}

/** The network is back, or the page is looked at again after a sleep. */
function onComingBack(run: () => void): () => void {
  function onVisible(): void {
    if (document.visibilityState === 'visible') run()
  }
  addEventListener('online', run)
  addEventListener('pageshow', run)
  document.addEventListener('visibilitychange', onVisible)
  return () => {
    removeEventListener('online', run)
    removeEventListener('pageshow', run)
    document.removeEventListener('visibilitychange', onVisible)
  }
}
