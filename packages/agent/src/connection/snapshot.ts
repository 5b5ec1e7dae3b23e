/** The one thing that is shown of a connection: whoever renders it derives nothing. */
import type { AgentAction, AgentLink } from '@belay/protocol'
import type { Cause } from './cause.ts'
import type { ConnectionPolicy } from './policy.ts'
import type { ConnectionState, Phase } from './state.ts'

export interface ConnectionSnapshot extends Omit<AgentLink, 'actions' | 'fence'> {
  /** Prompts that wait for it, as far as its owner knows. */
  readonly queued: number
  readonly actions: AgentAction[]
}

/** @param queued prompts that wait for the agent */
export function snapshotOf(
  state: ConnectionState,
  policy: ConnectionPolicy,
  queued: number,
): ConnectionSnapshot {
  const { phase, generation, since, attempt, cause } = state
  return {
    state: phase.type,
    generation,
    since: Math.round(since),
    attempt: phase.type === 'ready' ? 0 : attempt,
    attemptsMax: policy.lossesMax,
    ...(phase.type === 'backoff' ? { nextRetryAt: Math.round(phase.nextAt) } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...noticeOf(phase, cause),
    canSend: canSend(phase),
    queued,
    actions: [...actionsOf(phase)],
  }
}

/** What is not yet a loss, and worth a word. */
function noticeOf(phase: Phase, cause: Cause | undefined): Pick<AgentLink, 'notice'> {
  // That it did not answer the last time says more than that it takes long once more.
  if (cause?.code === 'timeout') return {}
  if (phase.type !== 'starting' || phase.slowAt !== undefined) return {}
  const seconds = Math.round((phase.deadline - phase.startedAt) / 1000)
  return phase.step === 'attach'
    ? { notice: 'The agent takes longer than usual to open the conversation.' }
    : { notice: `The agent takes longer than usual to start; it has ${seconds} s for it.` }
}

function canSend(phase: Phase): AgentLink['canSend'] {
  switch (phase.type) {
    case 'ready':
      return 'send'
    case 'idle':
    case 'starting':
    case 'degraded':
    case 'backoff':
    case 'blocked':
      return 'queue'
    case 'stopping':
      return phase.next === 'disposed' ? 'no' : 'queue'
    case 'failed':
    case 'disposed':
      return 'no'
  }
}

function actionsOf({ type }: Phase): readonly AgentAction[] {
  switch (type) {
    case 'starting':
      return ['cancel', 'restart', 'show-log']
    case 'ready':
      return ['restart', 'stop']
    case 'degraded':
      return ['restart', 'stop']
    case 'backoff':
      return ['restart-now', 'stop']
    case 'blocked':
      return ['sign-in', 'retry']
    case 'failed':
      return ['retry', 'show-log']
    case 'idle':
    case 'stopping':
    case 'disposed':
      return []
  }
}
