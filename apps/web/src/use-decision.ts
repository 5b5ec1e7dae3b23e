/** Deciding what becomes of a turn: once, whatever becomes of the answer. */
import { useState } from 'react'
import type { Resolution } from '@belay/protocol'
import { newId } from './new-id.ts'
import { problemOf } from './problem-of.ts'
import { useSession } from './session-context.ts'

/** What a button for it says, and what is said once it was done. */
export const decisionWords = {
  continue: ['Continue', 'The agent was asked to continue.'],
  'send-again': ['Send again', 'The prompt was sent again.'],
  discard: ['Leave it', 'Left as it is.'],
} as const satisfies Readonly<Record<Resolution, readonly [string, string]>>

export type Decision = ReturnType<typeof useDecision>

export function useDecision(turn: number) {
  const { client, id } = useSession()
  const [problem, setProblem] = useState<string>()
  const [underWay, setUnderWay] = useState(false)
  // One id for all tries, so that a click after an answer that was lost decides nothing twice.
  const [promptId] = useState(() => newId('p'))

  async function attempt(call: () => Promise<unknown>): Promise<void> {
    setUnderWay(true)
    setProblem(undefined)
    try {
      await call()
    } catch (error) {
      setProblem(problemOf(error).message)
    }
    setUnderWay(false)
  }
  return {
    problem,
    underWay,
    decide: (action: Resolution) =>
      void attempt(() => client.call('resolveTurn', { id, turn, action, promptId })),
    /** Lets the prompts run that wait for it, and leaves it to be decided about. */
    goOn: () => void attempt(() => client.call('resumeQueue', { id, turn })),
  }
}
