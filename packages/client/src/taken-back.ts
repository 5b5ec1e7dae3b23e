/**
 * Which turns' changes are in the workspace no more, because they were taken back. Pure.
 *
 * - V-161 A turn is said to be taken back by a restore to before it, with all turns after the one that is named; and to be
 *   there again once that was undone, or a restore went to a time when it was there.
 */
import type { EventOf } from '@belay/protocol'

/** `part`: files of it stayed as they were. */
export type Extent = 'whole' | 'part'
type Gone = ReadonlyMap<number, Extent>

export interface TakenBack {
  /** Turns that are taken back now. */
  readonly gone: Gone
  /** What held from each turn on; a turn before all of them found everything in place. */
  readonly past: readonly { readonly from: number; readonly gone: Gone }[]
  /** What the latest restore changed, so that it can be undone. */
  readonly last?: { readonly before: Gone; readonly after: Gone }
}

const nothing: Gone = new Map()
export const nothingTakenBack: TakenBack = { gone: nothing, past: [] }

/** @param turns turns that have ended */
export function takeBack(
  state: TakenBack,
  { turn, to, stayed }: Pick<EventOf<'restored'>, 'turn' | 'to' | 'stayed'>,
  turns: number,
): TakenBack {
  const { gone: before, past, last } = state
  const extent = stayed === undefined ? 'whole' : 'part'
  const gone =
    to === 'undo'
      ? undone(before, last)
      : new Map([
          ...goneAt(past, turn),
          ...range(to === 'before' ? turn : turn + 1, turns).map((one) => [one, extent] as const),
        ])
  return { gone, past: [...past, { from: turns + 1, gone }], last: { before, after: gone } }
}

/** What turns since then did is not touched: only what the restore did is reversed. */
function undone(gone: Gone, last: TakenBack['last']): Gone {
  if (last === undefined) return gone
  const now = new Map(gone)
  for (const turn of last.after.keys()) if (!last.before.has(turn)) now.delete(turn)
  for (const [turn, extent] of last.before) if (!last.after.has(turn)) now.set(turn, extent)
  return now
}

/** What was gone while a turn ran. */
function goneAt(past: TakenBack['past'], turn: number): Gone {
  return past.findLast(({ from }) => from <= turn)?.gone ?? nothing
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
