/** The one line that says how things stand; it opens on when each hop was last heard of. */
import { useEffect, useState, type ReactNode } from 'react'
import type { Client } from '@belay/client/webapi'
import { hopWords, type Why } from '@belay/protocol'
import { Elapsed } from './elapsed.tsx'
import type { LinkView } from './link-view.ts'
import { problemOf } from './problem-of.ts'
import { linkStanding, standingOf, type KnownSession, type Standing } from './standing.ts'
import { useNow } from './use-now.ts'
import { useOnline } from './use-online.ts'

/** How often is asked while the hops are shown: often enough for sentences that speak of seconds. */
const askMs = 3000

interface StatusLineProps {
  readonly client: Client
  readonly id: string
  readonly session: KnownSession | undefined
  readonly link: LinkView
  /** When the log's last event was stored. */
  readonly lastEventAt: () => number | undefined
  readonly toolTitles: readonly string[]
  readonly waitedMs: number
  /** Whether the card of a failed preparation is on the screen. */
  readonly cardShown: boolean
  readonly onRetry: () => void
}

export function StatusLine({ client, id, onRetry, lastEventAt, ...known }: StatusLineProps) {
  const [open, setOpen] = useState(false)
  const now = useNow(1000)
  const online = useOnline()
  const standing = standingOf({ ...known, online, now, lastEventAt: lastEventAt() })
  return (
    <div className="status">
      <Dot standing={standing} />
      <details className="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary title={standing.reason}>
          {/* Only the word is spoken when it changes: the times beside it move all the while. */}
          <output className="word">{standing.word}</output>
          <span className="reason">{standing.reason}</span>
        </summary>
        {open && <Hops client={client} id={id} />}
      </details>
      {standing.since !== undefined && (
        <span className="time">
          <Elapsed since={standing.since} />
        </span>
      )}
      {standing.canRestart === true && <RestartAgent client={client} id={id} />}
      <RetryNow standing={standing} onRetry={onRetry} />
    </div>
  )
}

function RestartAgent({ client, id }: { readonly client: Client; readonly id: string }) {
  const [problem, setProblem] = useState<string>()
  async function restart(): Promise<void> {
    setProblem(undefined)
    try {
      await client.call('restartAgent', { id })
    } catch (error) {
      setProblem(problemOf(error).message)
    }
  }
  return (
    <>
      {problem !== undefined && <span role="alert">{problem}</span>}
      <button type="button" className="button" data-size="small" onClick={() => void restart()}>
        Start it now
      </button>
    </>
  )
}

interface LinkLineProps {
  readonly link: LinkView
  readonly onRetry: () => void
  /** What is said while the line is well. */
  readonly children?: ReactNode
}

/** The same of the list's line, where no session is shown. */
export function LinkLine(props: LinkLineProps) {
  return props.link.downSince === undefined ? props.children : <DownLine {...props} />
}

function DownLine({ link, onRetry, children }: LinkLineProps) {
  const now = useNow(500)
  const online = useOnline()
  const standing = linkStanding({ link, online, now, session: undefined })
  if (standing === undefined) return children
  return (
    <div className="status">
      <Dot standing={standing} />
      <span className="why" title={link.link.reason}>
        <output className="word">{standing.word}</output>
        <span className="reason">{standing.reason}</span>
      </span>
      <RetryNow standing={standing} onRetry={onRetry} />
    </div>
  )
}

function Dot({ standing }: { readonly standing: Standing }) {
  return <span className="dot" data-tone={standing.tone} aria-hidden="true" />
}

function RetryNow({
  standing,
  onRetry,
}: {
  readonly standing: Standing
  readonly onRetry: () => void
}) {
  if (standing.retry === undefined) return undefined
  return (
    <button
      type="button"
      className="button"
      data-size="small"
      disabled={standing.retry === 'under-way'}
      onClick={onRetry}
    >
      Now
    </button>
  )
}

function Hops({ client, id }: { readonly client: Client; readonly id: string }) {
  const why = useWhy(client, id)
  if (why === undefined) return <p className="muted">Asking the server …</p>
  return (
    <>
      <p className="now">{why.sentence}</p>
      <ul className="hops" aria-label="Last proof of life">
        {why.hops.map(({ hop, state, sentence }) => (
          <li key={hop} data-state={state}>
            <span className="hop">{hopWords[hop]}</span> {sentence}
          </li>
        ))}
      </ul>
    </>
  )
}

function useWhy(client: Client, id: string): Why | undefined {
  const [why, setWhy] = useState<Why>()
  useEffect(() => {
    let wanted = true
    async function ask(): Promise<void> {
      // While the server is away the line above says so; the last answer stands.
      const answer = await client.call('why', { id }).catch(() => undefined)
      if (wanted && answer !== undefined) setWhy(answer)
    }
    void ask()
    const timer = setInterval(() => void ask(), askMs)
    return () => {
      wanted = false
      clearInterval(timer)
    }
  }, [client, id])
  return why
}
