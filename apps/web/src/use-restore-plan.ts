/** Asks the session what a restore would do, one question at a time: it answers only one. */
import { useEffect, useRef, useState } from 'react'
import type { Problem, RestorePlan, RestoreTo } from '@belay/protocol'
import { problemOf } from './problem-of.ts'
import { useSession } from './session-context.ts'

export type Planning =
  | { readonly state: 'looking' }
  | { readonly state: 'known'; readonly plan: RestorePlan }
  | { readonly state: 'unknown'; readonly problem: Problem['error'] }

const looking: Planning = { state: 'looking' }

interface PlanOf {
  readonly planning: Planning
  /** Asks again. */
  readonly again: () => void
}

export function useRestorePlan(turn: number, to: RestoreTo): PlanOf {
  const { client, id } = useSession()
  const [found, setFound] = useState<{ readonly key: string; readonly planning: Planning }>()
  const [attempt, setAttempt] = useState(0)
  const lane = useRef<Promise<unknown>>(Promise.resolve())
  const key = `${turn} ${to} ${attempt}`
  useEffect(() => {
    let wanted = true
    async function ask(): Promise<void> {
      // Another choice was made while this one waited for its place.
      if (!wanted) return
      const planning = await planningOf(client.call('planRestore', { id, turn, to }))
      if (wanted) setFound({ key, planning })
    }
    lane.current = lane.current.then(ask)
    return () => {
      wanted = false
    }
  }, [client, id, turn, to, key])
  const planning = found?.key === key ? found.planning : looking
  return { planning, again: () => setAttempt(attempt + 1) }
}

async function planningOf(answer: Promise<RestorePlan>): Promise<Planning> {
  try {
    return { state: 'known', plan: await answer }
  } catch (error) {
    return { state: 'unknown', problem: problemOf(error) }
  }
}
