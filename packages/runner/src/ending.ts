/**
 * How a turn ends, as its report says it.
 *
 * Owns: what an agent's answer means. When a turn ends is decided by `transition.ts`.
 */
import type { Settled } from './input.ts'
import type { Ending, Turn } from './state.ts'

/** Whether the agent did what it was asked, as far as it could. */
export function completed({ stopReason }: Ending): boolean {
  return (
    stopReason === 'end_turn' || stopReason === 'max_tokens' || stopReason === 'max_turn_requests'
  )
}

/** What the agent's answer to a prompt means for its turn. */
export function endingOf(turn: Turn, settled: Settled): Ending {
  if ('stopReason' in settled) {
    const stopReason = stopReasons.find((known) => known === settled.stopReason)
    if (stopReason !== undefined) return { stopReason }
    return {
      error: {
        code: 'agent-error',
        message: `The agent stopped for a reason unknown here: ${settled.stopReason.slice(0, 200)}`,
      },
    }
  }
  // Some agents obey a cancel by failing the prompt.
  if (turn.cancelBy !== undefined) return { stopReason: 'cancelled' }
  return { error: { code: settled.failure.code, message: settled.failure.message.slice(0, 4000) } }
}

const stopReasons = ['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'] as const

export function agentGone(message: string): Ending {
  return { error: { code: 'agent-exited', message: message.slice(0, 4000) } }
}
