/**
 * Whether a server that says nothing is still there. Pure: time comes in.
 *
 * Invariants:
 * - A-44 A server is hung only after three unanswered questions, asked after its silence; a tick that came late judges
 *   nobody, because then it was we who slept.
 */
import type { ServerPolicy } from './policy.ts'

export interface Watch {
  readonly heardAt: number
  readonly tickedAt: number
  readonly probe:
    | { readonly state: 'none' }
    | { readonly state: 'asked'; readonly failures: number }
    | { readonly state: 'waiting'; readonly failures: number; readonly until: number }
}
export interface Watched {
  readonly watch: Watch
  readonly act: 'nothing' | 'probe' | 'reopen' | 'hung'
}

/** Between two ticks, milliseconds: each of the three questions may be late by one. */
export const tickMs = 250

export function beginWatch(now: number): Watch {
  return { heardAt: now, tickedAt: now, probe: { state: 'none' } }
}

/** Anything that came over the stream. */
export function heard(watch: Watch, now: number): Watch {
  return { ...watch, heardAt: now, probe: { state: 'none' } }
}

export function tick(before: Watch, now: number, policy: ServerPolicy): Watched {
  const late = Math.abs(now - before.tickedAt - tickMs) > policy.lagMsMax
  if (late) return { watch: beginWatch(now), act: 'nothing' }
  const watch = { ...before, tickedAt: now }
  const { probe } = watch
  const isDue =
    probe.state === 'none'
      ? now - watch.heardAt >= policy.silenceMs
      : probe.state === 'waiting' && now >= probe.until
  if (!isDue) return { watch, act: 'nothing' }
  const failures = probe.state === 'none' ? 0 : probe.failures
  return { watch: { ...watch, probe: { state: 'asked', failures } }, act: 'probe' }
}

/** The answer to a question, or that there was none in time. One that nobody waits for any more says nothing. */
export function probed(
  watch: Watch,
  answered: boolean,
  now: number,
  policy: ServerPolicy,
): Watched {
  if (watch.probe.state !== 'asked') return { watch, act: 'nothing' }
  // It lives, and its stream is silent: that is the stream's fault.
  if (answered) return { watch: heard(watch, now), act: 'reopen' }
  const failures = watch.probe.failures + 1
  const wait = policy.probeWaitsMs[failures - 1]
  if (wait === undefined) return { watch: beginWatch(now), act: 'hung' }
  return {
    watch: { ...watch, probe: { state: 'waiting', failures, until: now + wait } },
    act: 'nothing',
  }
}
