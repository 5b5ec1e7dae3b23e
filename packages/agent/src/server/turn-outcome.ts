/** How a turn of an agent server ended, as a stop reason of ACP or as what went wrong. Pure. */
import type { BusAnswer, BusError } from './bus.ts'

export type TurnOutcome =
  | { readonly type: 'stopped'; readonly stopReason: string }
  | {
      readonly type: 'failed'
      readonly code: 'agent-error' | 'sign-in-needed'
      readonly message: string
    }

const stopReasons: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  'tool-calls': 'end_turn',
  length: 'max_tokens',
  'content-filter': 'refusal',
}
const errors: Readonly<Record<string, TurnOutcome>> = {
  MessageAbortedError: { type: 'stopped', stopReason: 'cancelled' },
  MessageOutputLengthError: { type: 'stopped', stopReason: 'max_tokens' },
}

/** @param cancelled whether somebody asked for the end */
export function turnOutcome(
  answer: BusAnswer | undefined,
  error: BusError | undefined,
  cancelled: boolean,
): TurnOutcome {
  const wrong = answer?.error ?? error
  if (wrong !== undefined) {
    const known = errors[wrong.name]
    if (known !== undefined) return known
    if (cancelled) return { type: 'stopped', stopReason: 'cancelled' }
    const code = wrong.name === 'ProviderAuthError' ? 'sign-in-needed' : 'agent-error'
    return { type: 'failed', code, message: `${wrong.name}: ${wrong.message}`.slice(0, 4000) }
  }
  if (cancelled) return { type: 'stopped', stopReason: 'cancelled' }
  // A server at rest that never answered did not do what it was asked: to call that done would be a lie.
  if (answer === undefined)
    return {
      type: 'failed',
      code: 'agent-error',
      message: 'The agent ended the turn without an answer.',
    }
  return { type: 'stopped', stopReason: stopReasons[answer.finish ?? 'stop'] ?? 'end_turn' }
}
