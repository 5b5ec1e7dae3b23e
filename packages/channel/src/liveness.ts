/**
 * Is the other side of a socket there? Any byte is proof of life; silence is asked about before it is believed.
 *
 * Invariants:
 * - C-5 A link is judged dead only after it was asked: silence of `pingMs` asks, silence of `deadMs` judges.
 * - C-6 A tick that came late says nothing about the other side: our own loop was blocked, or the machine slept.
 *   Its silence is not counted.
 */

export interface LivenessPolicy {
  readonly tickMs: number
  /** Silence before a ping is sent. */
  readonly pingMs: number
  /** Silence before the link is dead. */
  readonly deadMs: number
  /** A tick later than this by itself suspends judgement. */
  readonly lagMs: number
}

export const livenessPolicy: LivenessPolicy = {
  tickMs: 500,
  pingMs: 5000,
  // Two heartbeats, less the tick that finds it.
  deadMs: 9000,
  lagMs: 1000,
}

export interface Liveness {
  readonly heardAt: number
  readonly tickedAt: number
}
export type Verdict = 'fine' | 'ping' | 'dead'

export function livenessStart(now: number): Liveness {
  return { heardAt: now, tickedAt: now }
}

export function heard(state: Liveness, now: number): Liveness {
  return { ...state, heardAt: now }
}

/** To be called every `tickMs`. */
export function tick(
  policy: LivenessPolicy,
  state: Liveness,
  now: number,
): { readonly state: Liveness; readonly verdict: Verdict } {
  const late = now - state.tickedAt - policy.tickMs
  // A late tick moves `heardAt` along, so only silence that we could have heard counts.
  // What was heard after the wait counts from when it was heard: `heardAt` never lies ahead of `now`.
  const heardAt = late > policy.lagMs ? Math.min(now, state.heardAt + late) : state.heardAt
  const silence = now - heardAt
  const verdict = silence >= policy.deadMs ? 'dead' : silence >= policy.pingMs ? 'ping' : 'fine'
  return { state: { heardAt, tickedAt: now }, verdict }
}
