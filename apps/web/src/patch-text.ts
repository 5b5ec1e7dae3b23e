/** A patch as one text to read. Pure. */
import { shownName } from '@belay/client'
import { patchLines } from './patch-lines.ts'

/** The lines that name files do not obey what is in a name; what a file holds is shown as it is. */
export function shownPatch(patch: string): string {
  return [...patchLines(patch)]
    .map(({ at, line }) => (at === 'head' && names.test(line) ? shownHead(line) : line))
    .join('\n')
}

const names = /^(?:diff --git |--- |\+\+\+ |Binary files )/

/** Git ends a plain name that has a space in it with a tab, which is none of its own. */
function shownHead(line: string): string {
  return shownName(/^(?:---|\+\+\+) /.test(line) ? line.replace(/\t$/, '') : line)
}
