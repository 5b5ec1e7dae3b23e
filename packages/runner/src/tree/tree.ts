/**
 * A tree: what one checkpoint holds, every file by its name.
 *
 * Owns: when two entries are the same, and what differs between two trees.
 */
import type { Name } from './name.ts'

export interface Entry {
  /** As Git writes it: a file, a program, a symbolic link; or a folder with nothing in it. */
  readonly mode: '100644' | '100755' | '120000' | '040000'
  /** Permission bits, which Git does not keep; 0 for a link, which has none of its own. */
  readonly perm: number
  /** Git's name of the content (SHA-1 of a blob); `''` for a folder. */
  readonly blob: string
}

export type Tree = ReadonlyMap<Name, Entry>

/** What became of one name between two trees. */
export interface Difference {
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

export type Differences = ReadonlyMap<Name, Difference>

export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.blob === other.blob && one.mode === other.mode && one.perm === other.perm
}

/** In the order of the names' bytes, as Git lists them. */
export function differences(before: Tree, after: Tree): Differences {
  const found: [Name, Difference][] = []
  for (const [name, entry] of before) {
    const now = after.get(name)
    if (!isSame(entry, now)) found.push([name, { before: entry, after: now }])
  }
  for (const [name, entry] of after)
    if (!before.has(name)) found.push([name, { before: undefined, after: entry }])
  return new Map(found.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)))
}

/** Nothing but permission bits that Git does not keep. */
export function isQuiet({ before, after }: Difference): boolean {
  if (before === undefined || after === undefined) return (before ?? after)?.mode === '040000'
  return before.blob === after.blob && before.mode === after.mode
}
