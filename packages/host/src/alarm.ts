/**
 * Which alarm to store.
 *
 * A stored alarm may be earlier than the wanted one, never later. So progress that pushes a deadline away writes
 * nothing: the stored alarm rings in vain, once, and is then replaced by the wanted one.
 */
import { assert } from '@belay/actor'

/** An actor whose alarm input left a deadline in the past is rung again after this, so its bug cannot spin the host. */
const alarmRestMs = 100

export interface AlarmChange {
  readonly stored: number | undefined
  readonly wanted: number | undefined
  readonly now: number
  /** Whether the alarm input was among the inputs just run. */
  readonly rang: boolean
}

export function alarmToStore({ stored, wanted, now, rang }: AlarmChange): number | undefined {
  assert(
    wanted === undefined || Number.isFinite(wanted),
    `an alarm is a finite number of milliseconds, got ${wanted}`,
  )
  if (rang && wanted !== undefined && wanted <= now) return now + alarmRestMs
  // Who wants none sleeps, seldom and for long: a start must not look at it for what is left of its last day.
  if (wanted === undefined || stored === undefined || stored <= now) return wanted
  return Math.min(stored, wanted)
}
