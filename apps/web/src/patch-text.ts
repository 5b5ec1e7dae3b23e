/** A patch as one text to read. Pure. */
import { shownName } from '@belay/client'

/** The lines that name files do not obey what is in a name; what a file holds is shown as it is. */
export function shownPatch(patch: string): string {
  return patch
    .split('\n')
    .map((line) =>
      /^(?:diff --git |--- |\+\+\+ |Binary files )/.test(line) ? shownName(line) : line,
    )
    .join('\n')
}
