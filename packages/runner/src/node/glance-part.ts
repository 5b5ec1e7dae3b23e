/**
 * The part of a glance that either thread does: takes the next few names, and notes which of them look otherwise.
 *
 * Owns: how what is expected lies in memory that both threads see.
 */
import { lstatSync } from 'node:fs'
import type { Outside } from './reading.ts'

export interface Glanced {
  readonly paths: readonly (string | Uint8Array)[]
  /** Of each name its size, times, inode and mode. */
  readonly looks: Float64Array
  /** Of each name, whether it looks otherwise. */
  readonly other: Uint8Array
  /** How many names are taken, and how many are looked at. */
  readonly counts: Int32Array
}

/** One takes some microseconds. */
export const glancesAtOnce = 64
const fields = 5

export function layOut(paths: Glanced['paths']): Glanced {
  return {
    paths,
    looks: new Float64Array(new SharedArrayBuffer(paths.length * fields * 8)),
    other: new Uint8Array(new SharedArrayBuffer(paths.length)),
    counts: new Int32Array(new SharedArrayBuffer(8)),
  }
}

/** @param outside how it looks from now on; absent: as nothing does */
export function note({ looks }: Glanced, place: number, outside: Outside | undefined): void {
  const at = place * fields
  looks[at] = outside?.changed ?? Number.NaN
  looks[at + 1] = outside?.size ?? 0
  looks[at + 2] = outside?.inode ?? 0
  looks[at + 3] = outside?.written ?? 0
  looks[at + 4] = outside?.mode ?? 0
}

/** Takes a few that nobody has taken. @returns whether there were any */
export function glanceAt(work: Glanced): boolean {
  const { paths, other, counts } = work
  const from = Atomics.add(counts, 0, glancesAtOnce)
  if (from >= paths.length) return false
  const to = Math.min(from + glancesAtOnce, paths.length)
  for (let place = from; place < to; place++) other[place] = isOther(work, place) ? 1 : 0
  Atomics.add(counts, 1, to - from)
  return true
}

const quietly = { throwIfNoEntry: false } as const

function isOther({ paths, looks }: Glanced, place: number): boolean {
  const path = paths[place]
  if (path === undefined) return true
  try {
    const now = lstatSync(
      Buffer.isBuffer(path) || typeof path === 'string' ? path : Buffer.from(path),
      quietly,
    )
    const at = place * fields
    return (
      now === undefined ||
      now.ctimeMs !== looks[at] ||
      now.size !== looks[at + 1] ||
      now.ino !== looks[at + 2] ||
      now.mtimeMs !== looks[at + 3] ||
      now.mode !== looks[at + 4]
    )
  } catch {
    // What may not be looked at is told where it is wanted.
    return true
  }
}
