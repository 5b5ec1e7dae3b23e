/** One viewer of the list of sessions: all of them once, then each that changes. There is no cursor: the latest counts. */
import type { SessionSummary } from '@belay/protocol'
import { closeCodes, endings, limits } from '@belay/protocol'
import { endFrame, type Sink, type Viewer } from '@belay/session'
import type { SessionHost } from './session-host.ts'

export function openListViewer(host: SessionHost, sink: Sink): Viewer {
  const line = { open: true, draining: false }
  const waiting = new Map<string, string | undefined>()
  const stopWatching = host.watchAll((id, summary) => {
    waiting.set(id, summary)
    flush()
  })
  const sessions = listSessions(host, limits.pageSessionsMax)
  sink.write({ text: JSON.stringify({ type: 'sessions', sessions }) })

  /** A full sink gets only the latest of each session once it drains. */
  function flush(): void {
    if (!line.open || line.draining) return
    if (sink.isFull()) {
      line.draining = true
      return sink.onDrain(onDrained)
    }
    for (const [id, summary] of waiting) {
      const frame =
        summary === undefined
          ? { type: 'removed', session: id }
          : { type: 'session', session: { ...JSON.parse(summary), id } }
      sink.write({ text: JSON.stringify(frame) })
    }
    waiting.clear()
  }

  function onDrained(): void {
    line.draining = false
    flush()
  }

  function closed(): void {
    line.open = false
    stopWatching()
  }

  return {
    beat() {
      if (line.open && !sink.isFull()) sink.write({ text: '{"type":"beat"}' })
    },
    end(code, message) {
      closed()
      sink.write(endFrame(code, message, true))
      sink.close(closeCodes.goingAway, code)
    },
    closed,
  }
}

/**
 * A summary as it is told. One that an older version wrote of a session that sleeps since then calls it idle, whatever is to
 * be decided in it.
 */
function listed(summary: SessionSummary): SessionSummary {
  const { status, lastTurn } = summary
  if (status !== 'idle' || lastTurn?.actions === undefined) return summary
  const { turn, outcome, code, endedAt, actions } = lastTurn
  const undecided = { count: 1, turns: [{ turn, outcome, code, endedAt, actions }] }
  const why = `Decide about turn ${turn}: ${endings[code].sentence}`
  return { ...summary, status: 'undecided', why, undecided }
}

/** Summaries of the newest sessions, with their ids. */
export function listSessions(
  host: Pick<SessionHost, 'list'>,
  limit: number,
  before?: string,
): SessionSummary[] {
  return host
    .list({ limit, ...(before === undefined ? {} : { before }) })
    .map(({ id, summary }) => ({ ...listed(JSON.parse(summary)), id }))
}
