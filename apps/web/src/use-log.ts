/**
 * The raw events of a session: the last of them at first, earlier ones when they are asked for, new ones as they come.
 */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Client } from '@belay/client/webapi'
import type { Problem, SessionEvent } from '@belay/protocol'
import { problemOf } from './problem-of.ts'

/** Events of one request. */
const pageEvents = 500

interface Log {
  readonly events: readonly SessionEvent[]
  readonly problem: Problem['error'] | undefined
  /** Whether there are events before the first one. */
  readonly hasEarlier: boolean
  readonly loadEarlier: () => void
}

/** @param seq the last event there is; 0 while it is not known */
export function useLog(client: Client, id: string, seq: number): Log {
  const [events, setEvents] = useState<readonly SessionEvent[]>([])
  const [problem, setProblem] = useState<Problem['error']>()
  const busy = useRef(false)

  const load = useCallback(
    async (after: number, limit: number): Promise<void> => {
      if (busy.current) return
      busy.current = true
      try {
        const page = await client.call('events', { id, after, limit })
        setEvents((before) => joined(before, page.events))
        setProblem(undefined)
      } catch (error) {
        setProblem(problemOf(error))
      }
      busy.current = false
    },
    [client, id],
  )

  const first = events[0]?.seq
  const last = events.at(-1)?.seq
  useEffect(() => {
    if (seq === 0 || (last !== undefined && last >= seq)) return
    // What is set is set after the answer came.
    // oxlint-disable-next-line react/set-state-in-effect
    void load(last ?? Math.max(0, seq - pageEvents), pageEvents)
  }, [load, last, seq])
  const loadEarlier = useCallback(() => {
    if (first === undefined || first <= 1) return
    const after = Math.max(0, first - 1 - pageEvents)
    void load(after, first - 1 - after)
  }, [load, first])
  return { events, problem, hasEarlier: first !== undefined && first > 1, loadEarlier }
}

/** Two stretches of one log, which touch or overlap. */
function joined(
  before: readonly SessionEvent[],
  more: readonly SessionEvent[],
): readonly SessionEvent[] {
  const [first, last] = [before[0]?.seq, before.at(-1)?.seq]
  if (first === undefined || last === undefined) return more
  return [
    ...more.filter(({ seq }) => seq < first),
    ...before,
    ...more.filter(({ seq }) => seq > last),
  ]
}
