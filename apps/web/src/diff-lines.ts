/**
 * A change of one file as lines to show. Pure.
 *
 * Invariants:
 * - W-1 Every added and every removed line is there once, with its own line number; only unchanged lines are left out.
 * - W-2 A change too large to compare is shown as all old lines removed and all new lines added, never as nothing.
 */
import { structuredPatch } from 'diff'

export type DiffLine =
  | { readonly type: 'same'; readonly old: number; readonly new: number; readonly text: string }
  | { readonly type: 'removed'; readonly old: number; readonly text: string }
  | { readonly type: 'added'; readonly new: number; readonly text: string }
  /** Unchanged lines that are not shown. */
  | { readonly type: 'gap'; readonly lines: number }

export interface FileDiff {
  readonly lines: readonly DiffLine[]
  readonly added: number
  readonly removed: number
}

/** Unchanged lines around a change: what `git diff` shows. */
const contextLines = 3
/** Edits after which comparing stops: the time grows with their square, and this many take about 0.1 s. */
const editsMax = 1000

/** @param oldText undefined when the file is new */
export function diffLines(oldText: string | undefined, newText: string): FileDiff {
  const before = oldText ?? ''
  const patch = structuredPatch('', '', before, newText, '', '', {
    context: contextLines,
    maxEditLength: editsMax,
  })
  if (patch === undefined) return replacedWhole(before, newText)
  const lines: DiffLine[] = []
  let added = 0
  let removed = 0
  let shown = 1
  for (const hunk of patch.hunks) {
    let oldAt = hunk.oldStart
    let newAt = hunk.newStart
    if (oldAt > shown) lines.push({ type: 'gap', lines: oldAt - shown })
    for (const line of hunk.lines) {
      const text = line.slice(1)
      if (line.startsWith('+')) {
        lines.push({ type: 'added', new: newAt++, text })
        added++
      } else if (line.startsWith('-')) {
        lines.push({ type: 'removed', old: oldAt++, text })
        removed++
      } else if (line.startsWith(' ')) {
        lines.push({ type: 'same', old: oldAt++, new: newAt++, text })
      }
    }
    shown = oldAt
  }
  return { lines, added, removed }
}

function replacedWhole(before: string, after: string): FileDiff {
  const old = before === '' ? [] : splitLines(before)
  const now = after === '' ? [] : splitLines(after)
  return {
    lines: [
      ...old.map((text, index) => ({ type: 'removed', old: index + 1, text }) as const),
      ...now.map((text, index) => ({ type: 'added', new: index + 1, text }) as const),
    ],
    added: now.length,
    removed: old.length,
  }
}

function splitLines(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
