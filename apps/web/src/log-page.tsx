/** The raw log of a session, for who wants to know exactly what happened when; and a bundle for who is asked to help. */
import { useMemo, useState } from 'react'
import { Virtualizer } from 'virtua'
import type { SessionEvent, SessionView } from '@belay/protocol'
import { CopyDiagnostics } from './copy-diagnostics.tsx'
import { hopTimes, millis } from './hop-times.ts'
import { eventKinds, filterEvents, lineOf, type EventKind } from './log-filter.ts'
import { ProblemNote } from './problem-note.tsx'
import { useSession } from './session-context.ts'
import { useLog } from './use-log.ts'

interface LogPageProps {
  readonly session: SessionView | undefined
  /** The last event there is. */
  readonly seq: number
}

const kindTitles: Readonly<Record<EventKind, string>> = {
  all: 'All',
  turns: 'Prompts and turns',
  agent: 'Agent',
  machine: 'Runner and preparation',
}

export function LogPage({ session, seq }: LogPageProps) {
  const { client, id } = useSession()
  const log = useLog(client, id, seq)
  const [kind, setKind] = useState<EventKind>('all')
  const [text, setText] = useState('')
  const shown = useMemo(() => filterEvents(log.events, kind, text), [log.events, kind, text])
  const hops = useMemo(() => hopTimes(log.events), [log.events])
  return (
    <div className="log-page">
      <header className="log-head">
        <input
          type="search"
          className="input"
          aria-label="Filter events"
          placeholder="Filter by any text"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <select
          className="input"
          aria-label="Kind of events"
          value={kind}
          onChange={(event) =>
            setKind(eventKinds.find((one) => one === event.target.value) ?? 'all')
          }
        >
          {eventKinds.map((one) => (
            <option key={one} value={one}>
              {kindTitles[one]}
            </option>
          ))}
        </select>
        <span className="muted count">
          {shown.length} of {seq}
        </span>
        <CopyDiagnostics session={session} events={log.events} />
      </header>
      {log.problem !== undefined && <ProblemNote problem={log.problem} />}
      {log.hasEarlier && (
        <button type="button" className="more" onClick={log.loadEarlier}>
          Read earlier events
        </button>
      )}
      {shown.length === 0 ? (
        <p className="opening muted">
          {log.events.length === 0 ? 'Reading the log …' : 'No event that was read has this in it.'}
        </p>
      ) : (
        <div className="log">
          <Virtualizer as="ol" item="li">
            {shown.map((event, index) => (
              <EventRow
                key={event.seq}
                event={event}
                before={shown[index - 1]?.at}
                hop={hops.get(event.seq)}
              />
            ))}
          </Virtualizer>
        </div>
      )}
    </div>
  )
}

interface EventRowProps {
  readonly event: SessionEvent
  /** When the one above it was stored. */
  readonly before: number | undefined
  readonly hop: string | undefined
}

function EventRow({ event, before, hop }: EventRowProps) {
  const [open, setOpen] = useState(false)
  const date = new Date(event.at)
  return (
    <details className="event" onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
      <summary>
        <span className="seq">{event.seq}</span>
        <time dateTime={date.toISOString()} title={date.toLocaleString()}>
          {timeOf(date)}
        </time>
        <span className="delta">{before === undefined ? '' : `+${millis(event.at - before)}`}</span>
        <span className="type">{event.type}</span>
        {hop !== undefined && <span className="hop-time">{hop}</span>}
        <span className="line cut">{lineOf(event)}</span>
      </summary>
      {open && <pre className="output">{JSON.stringify(event, undefined, 2)}</pre>}
    </details>
  )
}

function timeOf(date: Date): string {
  return `${date.toLocaleTimeString(undefined, { hour12: false })}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
