/**
 * Stops the running turn.
 *
 * - W-121 A Stop that the server did not answer is said not to have arrived, and goes by itself when the line is back.
 */
import { useState } from 'react'
import { ServerAway, type Client } from '@belay/client/webapi'
import { problemOf } from './problem-of.ts'
import { useAgain } from './use-again.ts'
import { useLate } from './use-late.ts'

interface Asked {
  readonly turn: number
  readonly state: 'under-way' | 'unanswered' | 'refused'
  readonly problem?: string
}

export interface Stop {
  readonly ask: () => void
  /** Whether it is under way, and nothing is to be said of that yet. */
  readonly isAsked: boolean
  /** What is to be said of one that waits. */
  readonly waits: string | undefined
  /** Why it was refused. */
  readonly problem: string | undefined
}

/** @param turn the one that runs; a Stop of another one is of the past */
export function useStop(
  client: Client,
  id: string,
  turn: number | undefined,
  isOpen: boolean,
): Stop {
  const [last, setLast] = useState<Asked>()
  const asked = last?.turn === turn ? last : undefined
  async function ask(): Promise<void> {
    if (turn === undefined) return
    setLast({ turn, state: 'under-way' })
    try {
      // With its number, so that a late one cannot stop the next turn.
      await client.call('interrupt', { id, turn })
      setLast(undefined)
    } catch (error) {
      const { message, action } = problemOf(error)
      setLast(
        error instanceof ServerAway
          ? { turn, state: 'unanswered' }
          : { turn, state: 'refused', problem: `${message} ${action}` },
      )
    }
  }
  const waits = asked !== undefined && asked.state !== 'refused'
  const isLate = useLate(waits)
  useAgain(isOpen && asked?.state === 'unanswered', ask)
  return {
    ask: () => void ask(),
    isAsked: waits && !isLate,
    waits: isLate
      ? 'Not stopped yet: the server does not answer. Stop goes by itself once the connection is back.'
      : undefined,
    problem: asked?.problem,
  }
}
