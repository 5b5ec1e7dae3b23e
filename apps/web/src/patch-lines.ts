/** The lines of a patch, each by whether it is in the head of a file's part or in one of its hunks. Pure. */

export interface PatchLine {
  readonly at: 'head' | 'hunk'
  readonly line: string
}

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/

/** A hunk is as long as it says: what a file holds may look like anything. A patch that was cut ends its hunk where it was cut. */
export function* patchLines(patch: string): Generator<PatchLine> {
  let oldLeft = 0
  let newLeft = 0
  for (const line of patch.split('\n')) {
    const sign = oldLeft > 0 || newLeft > 0 ? line.slice(0, 1) : ''
    if (sign !== '' && ' +-\\'.includes(sign)) {
      if (sign === ' ' || sign === '-') oldLeft--
      if (sign === ' ' || sign === '+') newLeft--
      yield { at: 'hunk', line }
      continue
    }
    const hunk = hunkOf(line)
    oldLeft = hunk?.oldLines ?? 0
    newLeft = hunk?.newLines ?? 0
    yield { at: 'head', line }
  }
}

/** What the first line of a hunk says; undefined for any other line. */
export function hunkOf(line: string) {
  const hunk = hunkHead.exec(line)
  if (hunk === null) return undefined
  const [, old, oldLines = '1', next, newLines = '1'] = hunk
  return {
    old: Number(old),
    oldLines: Number(oldLines),
    new: Number(next),
    newLines: Number(newLines),
  }
}
