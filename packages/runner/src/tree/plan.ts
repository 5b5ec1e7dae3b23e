/**
 * What a restore does: it takes back what acts of this session did, and nothing else.
 *
 * An *act* is a turn or a restore, with what it changed, name by name. To take acts back is to follow each name they touched
 * from what it is now to what it was before the first of them; where that way is broken, because something else changed the
 * file on it, the file stays, and a person may choose otherwise.
 *
 * Invariants:
 * - R-70 A restore touches no name that the acts it takes back did not change.
 * - R-71 A file goes back by itself only if it is what the last of these acts left, and no other hand shows in between.
 */
import type { Name } from './name.ts'
import { type Difference, type Differences, type Entry, isSame } from './tree.ts'

export interface Act {
  /** Its number in the session, dense and ascending: the order of acts, whatever the clock does. */
  readonly number: number
  readonly changes: Differences
  /** Why it is not sure that these changes are its own, for all of them or by name; absent: they are. */
  readonly doubt?: (name: Name) => Doubt | undefined
}

export interface Doubt {
  readonly why: 'shared' | 'not-kept'
  /** A sentence. */
  readonly message: string
}

/** What is there now; `unreadable`: it cannot be looked at. */
export type Present = (name: Name) => Entry | 'unreadable' | undefined

export interface Step {
  readonly name: Name
  readonly from: Entry | undefined
  readonly to: Entry | undefined
}

export interface Stay {
  readonly name: Name
  readonly why: 'changed-since' | 'shared' | 'ignored' | 'unreadable' | 'in-the-way' | 'not-kept'
  readonly message: string
  /** What taking it back would do all the same; absent where that cannot be done. */
  readonly step?: Step
}

export interface Plan {
  readonly back: readonly Step[]
  readonly stay: readonly Stay[]
}

/** One name on its way through the acts. */
interface Way {
  first: Difference
  last: Difference
  broken: boolean
  doubt: Doubt | undefined
}

/** @param acts those to be taken back, in their order */
export function planOf(acts: readonly Act[], present: Present): Plan {
  const back: Step[] = []
  const stay: Stay[] = []
  for (const [name, way] of [...waysOf(acts)].toSorted(byName)) {
    const now = present(name)
    const to = way.first.before
    if (now === 'unreadable') {
      const message = 'It cannot be read, so it is not known whether it was changed since.'
      stay.push({ name, why: 'unreadable', message })
      continue
    }
    if (isSame(now, to)) continue
    const step = { name, from: now, to }
    const doubt = way.doubt ?? since(way, now)
    if (doubt === undefined) back.push(step)
    else stay.push({ name, ...doubt, step })
  }
  return { back, stay }
}

function waysOf(acts: readonly Act[]): ReadonlyMap<Name, Way> {
  const ways = new Map<Name, Way>()
  for (const { changes, doubt } of acts) {
    for (const [name, change] of changes) {
      const way = ways.get(name)
      const doubted = doubt?.(name)
      if (way === undefined)
        ways.set(name, { first: change, last: change, broken: false, doubt: doubted })
      else {
        way.broken ||= !isSame(way.last.after, change.before)
        way.doubt ??= doubted
        way.last = change
      }
    }
  }
  return ways
}

function since({ broken, last }: Way, now: Entry | undefined): Omit<Stay, 'name'> | undefined {
  if (broken)
    return {
      why: 'changed-since',
      message: 'Something else changed it between these turns.',
    }
  if (isSame(now, last.after)) return undefined
  return {
    why: 'changed-since',
    message:
      now === undefined
        ? 'Something else removed it since.'
        : last.after === undefined
          ? 'Something else made it anew since.'
          : 'Something else changed it since.',
  }
}

function byName([one]: readonly [Name, unknown], [other]: readonly [Name, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0
}
