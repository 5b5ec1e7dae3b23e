/**
 * A segment is what the log of one actor gained in one tick: one stored row, one piece of a viewer's frame.
 *
 * Owns: joining entries into segments. The bytes of an entry are never decoded again on their way to disk and viewer.
 */
import type { Entry } from '@belay/actor'

export interface Segment {
  /** The number of its first entry. */
  readonly first: number
  /** The number of its last entry; entries are dense. */
  readonly last: number
  /** The entries, each a JSON object, joined by commas: `[` + text + `]` is a JSON array. */
  readonly text: string
}

/**
 * A segment ends before it would grow beyond this, unless one entry alone does. Counted in UTF-16 units because that
 * costs nothing; a unit is at most 3 bytes of UTF-8, so a segment stays within 512 KiB, half of a frame.
 */
const segmentCharsMax = Math.floor((512 * 1024) / 3)

/** Joins dense entries into as few segments as the limit allows. */
export function joinEntries(entries: readonly Entry[]): Segment[] {
  const segments: Segment[] = []
  let run: Entry[] = []
  let chars = 0
  for (const entry of entries) {
    if (run.length > 0 && chars + entry.text.length > segmentCharsMax) {
      segments.push(...joinRun(run))
      run = []
      chars = 0
    }
    run.push(entry)
    chars += entry.text.length + 1
  }
  segments.push(...joinRun(run))
  return segments
}

function joinRun(run: readonly Entry[]): Segment[] {
  const first = run[0]
  const last = run.at(-1)
  if (first === undefined || last === undefined) return []
  return [{ first: first.seq, last: last.seq, text: run.map((entry) => entry.text).join(',') }]
}
