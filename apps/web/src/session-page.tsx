/** One session: what happened, how it stands, and where a person writes. */
import { useEffect, useMemo, type ReactNode } from 'react'
import { ChevronLeft } from 'lucide-react'
import { findItem } from '@belay/client'
import type { Client } from '@belay/client/webapi'
import type { SessionSummary } from '@belay/protocol'
import { AskedScope, firstAsked } from './asked.ts'
import { Composer } from './composer.tsx'
import { DeleteSession } from './delete-session.tsx'
import type { DraftBox } from './draft-box.ts'
import type { SessionFeed } from './feed.ts'
import { FolderScope, folderOf } from './folder.ts'
import { Link } from './link.tsx'
import { useLive } from './live.ts'
import { PreparationCard } from './preparation-card.tsx'
import { QueueList } from './queue-list.tsx'
import { SessionScope, type SessionContext } from './session-context.ts'
import { StatusLine } from './status-line.tsx'
import { TranscriptView } from './transcript-view.tsx'

interface SessionPageProps {
  readonly client: Client
  readonly id: string
  readonly feed: SessionFeed
  readonly box: DraftBox
  /** What the list knows of it, until its own stream says more. */
  readonly summary: SessionSummary | undefined
  readonly onRetry: () => void
}

export function SessionPage({ client, id, feed, box, summary, onRetry }: SessionPageProps) {
  useEffect(() => feed.open(), [feed])
  const transcript = useLive(feed.transcript)
  const link = useLive(feed.link)
  const session = transcript.session
  const context = useMemo<SessionContext>(
    () => ({
      client,
      id,
      addToDraft: box.add,
      promptText: (promptId) => {
        const prompt = findItem(feed.transcript.value, `prompt:${promptId}`)
        return prompt?.type === 'prompt' ? prompt.text : undefined
      },
      isShown: (turn, toolCallId) => {
        const tool = findItem(feed.transcript.value, `tool:${turn}:${toolCallId}`)
        return tool?.type === 'tool' && tool.content.length > 0
      },
    }),
    [client, id, box, feed],
  )
  const known = session ?? summary
  const folder = folderOf(session, transcript.items.blocks[0])
  if (transcript.ended !== undefined)
    return <Over title={known?.title} sentence={transcript.ended.message} />
  return (
    <>
      <SessionHead session={known} folder={folder}>
        {known !== undefined && <DeleteSession client={client} session={known} />}
      </SessionHead>
      <SessionScope value={context}>
        <AskedScope value={firstAsked(transcript)}>
          <FolderScope value={folder}>
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
          </FolderScope>
        </AskedScope>
      </SessionScope>
      <div className="dock">
        <div className="dock-inner">
          <StatusLine
            client={client}
            session={known}
            turnSince={session?.turn?.startedAt}
            link={link}
            onRetry={onRetry}
          />
          <QueueList client={client} id={id} queue={transcript.queue} />
          <Composer client={client} id={id} box={box} turn={session?.turn} />
        </div>
      </div>
    </>
  )
}

interface SessionHeadProps {
  readonly session: SessionSummary | undefined
  readonly folder: string | undefined
  readonly children: ReactNode
}

function SessionHead({ session, folder, children }: SessionHeadProps) {
  const workspace = session?.workspace
  const place = workspace?.type === 'repository' ? workspace.url : folder
  return (
    <header className="main-head">
      <Link
        className="button back"
        href="/"
        data-kind="quiet"
        data-size="icon"
        aria-label="All sessions"
      >
        <ChevronLeft className="icon" aria-hidden="true" />
      </Link>
      <h1 className="cut">{session?.title}</h1>
      <div className="where">
        {session !== undefined && <span>{session.agent.name}</span>}
        {session?.agent.demo === true && <span className="badge">DEMO</span>}
        <span className="path mono cut" title={folder}>
          {place}
          {workspace?.type === 'repository' &&
            workspace.branch !== undefined &&
            ` · ${workspace.branch}`}
        </span>
      </div>
      {children}
    </header>
  )
}

function Over({
  title,
  sentence,
}: {
  readonly title: string | undefined
  readonly sentence: string
}) {
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
