/** How a turn can end: a closed table. Nothing ends a turn with words that are not here. */
import { z } from 'zod'
import { limits } from './limits.ts'

/**
 * What became of the turn:
 * `completed` by the agent; `failed` with a reason; `interrupted` by a person;
 * `cancelled` with its session; `in-doubt` when nobody can know whether the agent acted.
 */
export const outcomes = ['completed', 'failed', 'interrupted', 'cancelled', 'in-doubt'] as const
export type Outcome = (typeof outcomes)[number]

export const faults = ['none', 'person', 'agent', 'model', 'machine', 'network', 'belay'] as const
export type Fault = (typeof faults)[number]

interface Ending {
  readonly outcome: Outcome
  readonly sentence: string
  /** Whether the same prompt can help when it is sent again by a person. */
  readonly retryable: boolean
  readonly action: string
  readonly fault: Fault
}

const good = { retryable: false, fault: 'none' } as const
const bad = { outcome: 'failed', retryable: true } as const

export const endings = {
  'end-turn': { ...good, outcome: 'completed', sentence: 'The agent finished.', action: 'none' },
  'max-tokens': {
    ...good,
    outcome: 'completed',
    sentence: 'The agent stopped at its token limit.',
    action: 'continue',
  },
  'max-requests': {
    ...good,
    outcome: 'completed',
    sentence: 'The agent stopped at its limit of model requests.',
    action: 'continue',
  },
  refusal: {
    ...good,
    outcome: 'completed',
    sentence: 'The agent declined to go on; the model dropped this prompt from its context.',
    action: 'edit-and-resend',
  },
  interrupted: {
    ...good,
    outcome: 'interrupted',
    sentence: 'Stopped by a person.',
    action: 'none',
  },
  'interrupt-forced': {
    ...good,
    outcome: 'interrupted',
    sentence: 'Stopped by a person; the agent did not obey in time and was ended.',
    action: 'none',
  },
  'agent-cancelled': {
    ...good,
    outcome: 'interrupted',
    fault: 'agent',
    sentence: 'The agent says the turn was cancelled, though nobody asked it to stop.',
    action: 'send-again',
  },
  'session-deleted': {
    ...good,
    outcome: 'cancelled',
    sentence: 'The session was deleted.',
    action: 'none',
  },
  'agent-error': {
    ...bad,
    fault: 'agent',
    sentence: 'The agent answered with an error.',
    action: 'send-again',
  },
  'no-words': {
    ...bad,
    fault: 'agent',
    sentence: 'The agent ended the turn without a word; its model may have failed.',
    action: 'send-again',
  },
  'agent-exited': {
    ...bad,
    fault: 'agent',
    sentence: 'The agent stopped in the middle of the turn.',
    action: 'continue',
  },
  'agent-start-failed': {
    ...bad,
    fault: 'machine',
    sentence: 'The agent could not be started.',
    action: 'send-again',
  },
  'sign-in-needed': {
    ...bad,
    fault: 'person',
    sentence: 'The agent needs a sign-in or a key.',
    action: 'sign-in',
  },
  'runner-exited': {
    ...bad,
    fault: 'machine',
    sentence: 'Cut off: Belay’s process beside the agent ended, and the agent with it.',
    action: 'continue',
  },
  'runner-lost': {
    ...bad,
    fault: 'network',
    sentence: 'Cut off: Belay lost its process beside the agent, and ended the agent.',
    action: 'continue',
  },
  'no-start': {
    ...bad,
    fault: 'agent',
    sentence: 'The agent did not take the prompt in time.',
    action: 'send-again',
  },
  'no-progress': {
    ...bad,
    fault: 'agent',
    sentence: 'The agent was silent for too long with nothing to wait for.',
    action: 'continue',
  },
  'tool-silent': {
    ...bad,
    fault: 'agent',
    sentence: 'A tool ran for too long without a sign.',
    action: 'continue',
  },
  'time-cap': {
    ...bad,
    fault: 'agent',
    sentence: 'The turn reached its time limit.',
    action: 'continue',
  },
  'in-doubt': {
    outcome: 'in-doubt',
    retryable: true,
    fault: 'machine',
    sentence: 'The prompt may not have arrived: the agent was lost before it gave a sign of it.',
    action: 'send-again',
  },
} as const satisfies Record<string, Ending>

export type EndingCode = keyof typeof endings
export const endingCodes = Object.keys(endings).filter(isEndingCode)
export const outcomeSchema = z.enum(outcomes)
export const endingCodeSchema = z.enum(endingCodes)

/** Whether the agent saw the prompt: `no` and `yes` are certain, `maybe` is why a turn is in doubt. */
export const reachedSchema = z.enum(['no', 'maybe', 'yes'])
export type Reached = z.infer<typeof reachedSchema>

/** How a turn ended, as events and callbacks tell it. */
export const endFields = {
  outcome: outcomeSchema,
  code: endingCodeSchema,
  sentence: z.string(),
  detail: z.string().optional(),
  reached: reachedSchema,
  retryable: z.boolean(),
  action: z.string(),
  fault: z.enum(faults),
}

/** What the table says of an end, with what is known of this one. */
export function endOf(code: EndingCode, reached: Reached, detail?: string) {
  const { outcome, sentence, retryable, action, fault } = endings[code]
  const more = detail === undefined ? {} : { detail }
  return { outcome, code, sentence, ...more, reached, retryable, action, fault }
}

/** Ends of which what is known of the one at hand says more than the table: instead of its sentence, or after it. */
const known: Partial<Record<EndingCode, 'instead' | 'after'>> = {
  'agent-exited': 'instead',
  'agent-start-failed': 'instead',
  'sign-in-needed': 'instead',
  'agent-error': 'after',
}

/** Why a turn ended, in one line: what is read where there is room for no more. */
export function whyEnded(code: EndingCode, detail = ''): string {
  const { sentence } = endings[code]
  const words = detail.replaceAll(/\s+/g, ' ').trim().slice(0, limits.whyEndedCharsMax)
  if (words === '' || known[code] === undefined) return sentence
  const whole = /[.!?…]$/.test(words) ? words : `${words}.`
  return known[code] === 'instead' ? whole : `${sentence.slice(0, -1)}: ${whole}`
}

/** What a person may decide about a turn that was cut off or is in doubt. Nothing of it happens by itself. */
export const resolutions = ['continue', 'send-again', 'discard'] as const
export const resolutionSchema = z.enum(resolutions)
export type Resolution = z.infer<typeof resolutionSchema>

/** What is offered of a turn: there is nothing to go on with when the agent never saw the prompt. */
export function resolutionsOf(code: EndingCode, reached: Reached): readonly Resolution[] {
  if (!endings[code].retryable) return []
  return reached === 'no' ? resolutions.filter((action) => action !== 'continue') : resolutions
}

function isEndingCode(text: string): text is EndingCode {
  return Object.hasOwn(endings, text)
}
