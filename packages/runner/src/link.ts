/**
 * What an agent that is not there means for those who wait for it, in words.
 *
 * Owns: the sentences. `transition.ts` decides who hears them.
 */
import { type AgentLink, limits } from '@belay/protocol'
import type { Problem, StartStep } from './input.ts'
import type { Ending } from './state.ts'

/** Why a preparation failed at its agent. */
export function problemOf({ cause }: AgentLink, step: StartStep): Problem {
  const { title, detail, code, signIn } = cause ?? unknownCause
  const stderr = detail?.split('\n').slice(-limits.stderrLinesMax)
  return {
    step,
    code: problemCodes[code] ?? 'agent-start-failed',
    message: title,
    ...(stderr === undefined ? {} : { stderr }),
    ...(signIn === undefined ? {} : { signIn }),
  }
}

const problemCodes: Readonly<Record<string, Problem['code']>> = {
  missing: 'agent-not-found',
  'sign-in-needed': 'sign-in-needed',
}

const unknownCause: NonNullable<AgentLink['cause']> = {
  code: 'crash',
  title: 'The agent is not there.',
}

/** Why a prompt cannot be handed over, and what a person can do. */
export function unavailable({ cause }: AgentLink): Ending {
  const { title, detail, code } = cause ?? unknownCause
  const words = detail === undefined || detail === title ? '' : ` ${detail}`
  const what =
    code === 'sign-in-needed'
      ? 'Sign in, then send the prompt again.'
      : 'Restart the agent when the cause is gone, then send the prompt again.'
  const message = `${title} ${what}${words}`.slice(0, 4000)
  return {
    error: { code: code === 'sign-in-needed' ? code : 'agent-start-failed', message },
  }
}
