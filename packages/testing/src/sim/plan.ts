/**
 * What one run will be like, drawn from its seed before it begins: how many sessions, how much is asked of them, and
 * which faults are played. A run with few kinds of faults reaches deeper into each than one with all of them.
 */
import type { Random } from '../random.ts'
import { type Deed, deeds } from './agent.ts'
import { type FaultKind, faultKinds } from './fault-kinds.ts'

export interface Plan {
  readonly sessions: number
  readonly viewersPerSession: number
  /** Milliseconds of asking and faults, before the world calms down. */
  readonly stormMs: number
  /** Milliseconds between two things a person does, at most. */
  readonly personMsMax: number
  /** Milliseconds between two faults, at most. */
  readonly faultMsMax: number
  readonly faults: ReadonlySet<FaultKind>
  readonly deletes: boolean
}

/** What agents do by their script; all others are played from outside. */
const misdeeds: Readonly<Partial<Record<Deed, FaultKind>>> = {
  err: 'agent-errs',
  crash: 'agent-crashes',
  hang: 'agent-hangs',
  deaf: 'agent-ignores-cancel',
}

export function drawPlan(random: Random): Plan {
  const share = random.pick([0.05, 0.15, 0.3, 0.6])
  return {
    sessions: random.integer(1, 3),
    viewersPerSession: random.integer(1, 2),
    stormMs: random.integer(20_000, 120_000),
    personMsMax: random.pick([1500, 6000, 20_000]),
    faultMsMax: random.pick([1000, 4000, 15_000]),
    faults: new Set(faultKinds.filter(() => random.chance(share))),
    deletes: random.chance(0.3),
  }
}

/** What a prompt says: deeds, of which few are bad. */
export function drawScript(random: Random, faults: ReadonlySet<FaultKind>): string {
  const allowed = deeds.filter((deed) => {
    const kind = misdeeds[deed]
    return kind === undefined || (faults.has(kind) && random.chance(0.4))
  })
  const length = random.integer(0, 7)
  const words = Array.from({ length }, () => (random.chance(0.4) ? 'say' : random.pick(allowed)))
  // Deafness that begins late is seldom met by an interrupt.
  if (words.includes('deaf')) words.unshift('deaf', 'rest')
  return words.join(' ')
}
