/** One session: what happened, what it changed, its log, how it stands, and where a person writes. */
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react'
import { findItem, type Transcript } from '@belay/client'
import type { Client } from '@belay/client/webapi'
import type { RestoreTo, SessionSummary, SessionView } from '@belay/protocol'
import { AskedScope, firstAsked } from './asked.ts'
import { BackLink } from './back-link.tsx'
import { Composer } from './composer.tsx'
import { DeleteSession } from './delete-session.tsx'
import type { DraftBox } from './draft-box.ts'
import type { SessionFeed } from './feed.ts'
import { FolderScope, folderOf } from './folder.ts'
import { LeftBehind, type Left } from './left-behind.tsx'
import { Link } from './link.tsx'
import { useLive } from './live.ts'
import { PreparationCard } from './preparation-card.tsx'
import { QueueList } from './queue-list.tsx'
import { pathOfSession, sessionTabs, type SessionTab } from './route.ts'
import { SessionScope, type SessionContext } from './session-context.ts'
import { SharedLine } from './shared-line.tsx'
import { StatusLine } from './status-line.tsx'
import { TranscriptView } from './transcript-view.tsx'
import { UndecidedRow } from './undecided-row.tsx'

// What most visits never open is not part of the first load.
const ChangesPage = lazy(async () => ({
  default: (await import('./changes-page.tsx')).ChangesPage,
}))
const RestoreDialog = lazy(async () => ({
  default: (await import('./restore-dialog.tsx')).RestoreDialog,
}))
const LogPage = lazy(async () => ({ default: (await import('./log-page.tsx')).LogPage }))

interface SessionPageProps {
  readonly client: Client
  readonly id: string
  readonly tab: SessionTab
  readonly feed: SessionFeed
  readonly box: DraftBox
  /** What the list knows of it, until its own stream says more. */
  readonly summary: SessionSummary | undefined
  readonly onRetry: () => void
  /** The end of this turn was shown. */
  readonly onSeen: (id: string, turn: number) => void
}

export function SessionPage(props: SessionPageProps) {
  const { client, id, tab, feed, box, summary, onRetry, onSeen } = props
  useEffect(() => feed.open(), [feed])
  const transcript = useLive(feed.transcript)
  const link = useLive(feed.link)
  const isOpen = link.link.state === 'open' && transcript.caughtUp
  const session = transcript.session
  const [restore, setRestore] = useState<{ readonly turn: number; readonly to: RestoreTo }>()
  useSeen(id, session, onSeen)
  const context = useSessionContext({ client, id, feed, box, setRestore })
  const known = session ?? summary
  const folder = folderOf(session, transcript.items.blocks[0])
  const [left, setLeft] = useState<Left>()
  // Its stream may end as it is deleted before the answer says what stays.
  if (left !== undefined) return <LeftBehind client={client} id={id} left={left} />
  if (transcript.ended !== undefined)
    return <Over title={known?.title} sentence={transcript.ended.message} />
  return (
    <SessionScope value={context}>
      <SessionHead session={known} folder={folder} id={id} tab={tab}>
        {known !== undefined && <DeleteSession client={client} session={known} onLeft={setLeft} />}
      </SessionHead>
      <FolderScope value={folder}>
        <Suspense fallback={<p className="opening muted">Opening …</p>}>
          {tab === 'changes' && <ChangesPage transcript={transcript} />}
          {tab === 'log' && <LogPage session={session} seq={transcript.cursor} />}
        </Suspense>
        {tab === 'chat' && (
          <AskedScope value={firstAsked(transcript)}>
            <TranscriptView
              items={transcript.items}
              complete={transcript.caughtUp}
              attention={session?.status === 'attention'}
            >
              {session === undefined && <p className="opening muted">Opening the session …</p>}
              {(session?.status === 'preparing' || session?.status === 'attention') && (
                <PreparationCard session={session} />
              )}
            </TranscriptView>
          </AskedScope>
        )}
      </FolderScope>
      {restore !== undefined && (
        <Suspense>
          <RestoreDialog {...restore} onClose={() => setRestore(undefined)} />
        </Suspense>
      )}
      <div className="dock">
        <div className="dock-inner">
          <SharedLine sharedWith={session?.sharedWith} />
          <StatusLine
            client={client}
            id={id}
            session={known}
            link={link}
            lastEventAt={feed.lastEventAt}
            {...turnFacts(transcript)}
            cardShown={tab === 'chat' && session?.status === 'attention'}
            onRetry={onRetry}
          />
          {tab === 'chat' && (
            <>
              <Waiting session={session} queue={transcript.queue} />
              <Composer client={client} id={id} box={box} session={session} isOpen={isOpen} />
            </>
          )}
        </div>
      </div>
    </SessionScope>
  )
}

/** What waits: turns for a decision, prompts for their turn. */
function Waiting({
  session,
  queue,
}: Parameters<typeof UndecidedRow>[0] & Parameters<typeof QueueList>[0]) {
  return (
    <>
      <UndecidedRow session={session} />
      <QueueList queue={queue} />
    </>
  )
}

interface ContextOptions extends Pick<SessionPageProps, 'client' | 'id' | 'feed' | 'box'> {
  readonly setRestore: (point: { readonly turn: number; readonly to: RestoreTo }) => void
}

function useSessionContext({ client, id, feed, box, setRestore }: ContextOptions) {
  return useMemo<SessionContext>(
    () => ({
      client,
      id,
      addToDraft: box.add,
      askRestore: (turn, to) => setRestore({ turn, to }),
      promptText: (promptId) => {
        const prompt = findItem(feed.transcript.value, `prompt:${promptId}`)
        return prompt?.type === 'prompt' ? prompt.text : undefined
      },
      isShown: (turn, toolCallId) => {
        const tool = findItem(feed.transcript.value, `tool:${turn}:${toolCallId}`)
        return tool?.type === 'tool' && tool.content.length > 0
      },
    }),
    [client, id, box, feed, setRestore],
  )
}

/** The end of a turn counts as seen when it is on a page that is looked at. */
function useSeen(
  id: string,
  session: SessionView | undefined,
  onSeen: SessionPageProps['onSeen'],
): void {
  const ended = session?.lastTurn?.turn
  useEffect(() => {
    function look(): void {
      if (ended !== undefined && document.visibilityState === 'visible') onSeen(id, ended)
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [id, ended, onSeen])
}

function turnFacts(transcript: Transcript) {
  return { toolTitles: toolTitles(transcript), waitedMs: transcript.running?.waitedMs ?? 0 }
}

function toolTitles(transcript: Transcript): readonly string[] {
  const turn = transcript.session?.turn
  return (turn?.openTools ?? []).flatMap((toolCallId) => {
    const tool = findItem(transcript, `tool:${turn?.turn}:${toolCallId}`)
    return tool?.type === 'tool' ? [tool.title] : []
  })
}

const tabTitles: Readonly<Record<SessionTab, string>> = {
  chat: 'Chat',
  changes: 'Changes',
  log: 'Log',
}

interface SessionHeadProps {
  readonly session: SessionSummary | undefined
  readonly folder: string | undefined
  readonly id: string
  readonly tab: SessionTab
  readonly children: ReactNode
}

function SessionHead({ session, folder, id, tab, children }: SessionHeadProps) {
  const workspace = session?.workspace
  const place = workspace?.type === 'repository' ? workspace.url : folder
  const ref = workspace?.type === 'repository' ? (workspace.branch ?? workspace.ref) : undefined
  return (
    <header className="main-head">
      <BackLink />
      <h1 className="cut">{session?.title}</h1>
      <div className="where">
        {session !== undefined && <span>{session.agent.name}</span>}
        {session?.agent.demo === true && <span className="badge">DEMO</span>}
        <span className="path mono cut" title={folder}>
          {place}
          {ref !== undefined && ` · ${ref}`}
        </span>
      </div>
      <nav className="tabs" aria-label="Parts of the session">
        {sessionTabs.map((one) => (
          <Link
            key={one}
            href={pathOfSession(id, one)}
            aria-current={one === tab ? 'page' : undefined}
          >
            {tabTitles[one]}
          </Link>
        ))}
      </nav>
      {children}
    </header>
  )
}

interface OverProps {
  readonly title: string | undefined
  readonly sentence: string
}

function Over({ title, sentence }: OverProps) {
  return (
    <div className="empty">
      <h1>{title ?? 'No such session'}</h1>
      <p>{sentence}</p>
      <Link className="button" href="/">
        All sessions
      </Link>
    </div>
  )
}
