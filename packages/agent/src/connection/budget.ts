/**
 * How often an agent that is lost is started again by itself.
 *
 * - M-7 Within a window only so many losses are made good; ready does not clear it, a person's Retry does.
 * - M-30 An agent that answers nothing is given up after the second time in the same way, however long each took.
 * - M-8 A back-off is between its share and its whole span, and grows to the last one.
 */
import type { Cause } from './cause.ts'
import type { ConnectionPolicy } from './policy.ts'
import type { ConnectionState } from './state.ts'

/** What a loss leads to. */
export type Verdict =
  | { readonly type: 'again'; readonly nextAt: number; readonly charged: Charged }
  | { readonly type: 'enough'; readonly charged: Charged; readonly title: string }

type Charged = Pick<ConnectionState, 'losses' | 'attempt' | 'tries' | 'startDeath'>

export interface Loss {
  readonly cause: Cause
  readonly now: number
  /** From 0 to 1, for the jitter. */
  readonly chance: number
  /** Set when it never became ready: how long it lived. */
  readonly livedMs: number | undefined
}

/** Charges a loss, and says whether there will be another try. */
export function judge(state: ConnectionState, loss: Loss, policy: ConnectionPolicy): Verdict {
  const { now, chance } = loss
  const losses = [...state.losses, now].filter((at) => now - at < policy.longWindowMs)
  const attempt = losses.filter((at) => now - at < policy.windowMs).length
  const startDeath = nextStartDeath(state, loss, policy)
  const charged: Charged = {
    losses,
    attempt,
    tries: state.tries + 1,
    ...(startDeath === undefined ? {} : { startDeath }),
  }
  if ((startDeath?.times ?? 0) >= policy.startDeathsMax)
    return {
      type: 'enough',
      charged,
      title: loss.cause.title.replace(/\.$/, `, ${inWords(startDeath?.times ?? 0)} in a row.`),
    }
  if (attempt > policy.lossesMax)
    return { type: 'enough', charged, title: often(loss.cause, attempt, policy.windowMs) }
  if (losses.length > policy.longLossesMax)
    return { type: 'enough', charged, title: often(loss.cause, losses.length, policy.longWindowMs) }
  const span = policy.backoffMs[Math.min(state.tries, policy.backoffMs.length - 1)] ?? 0
  const share = policy.jitterFrom + (1 - policy.jitterFrom) * chance
  return { type: 'again', nextAt: now + Math.round(span * share), charged }
}

function nextStartDeath(
  { startDeath }: ConnectionState,
  { cause, livedMs }: Loss,
  policy: ConnectionPolicy,
): ConnectionState['startDeath'] {
  // Silence is the same at every try: only a start can time out, and none is worth a third wait.
  const isSilence = cause.code === 'timeout'
  if (!isSilence && (livedMs === undefined || livedMs >= policy.startDeathMs)) return undefined
  const key = isSilence
    ? `${cause.code} ${cause.title}`
    : `${cause.code} ${cause.exit?.code ?? ''} ${cause.exit?.signal ?? ''}`
  return { key, times: startDeath?.key === key ? startDeath.times + 1 : 1 }
}

function inWords(times: number): string {
  return times === 2 ? 'twice' : `${times} times`
}

function often({ title }: Cause, times: number, windowMs: number): string {
  return `${title} That was the ${times}th time within ${Math.round(windowMs / 60_000)} min.`
}
