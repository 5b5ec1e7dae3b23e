/** What acts changed together, file by file, as a commit takes it: from before the first of them to after the last. */
import type { Name } from '../tree/name.ts'
import { type Entry, isSame } from '../tree/tree.ts'
import { type ActRecord, changesOf } from './acts.ts'
import type { Changed, ChangedVersion } from './commit-changes.ts'
import type { Reader } from './store.ts'

/** @param acts in their order */
export function changedFiles(acts: readonly ActRecord[], reader: Reader): readonly Changed[] {
  const ways = new Map<Name, { readonly before: Entry | undefined; after: Entry | undefined }>()
  for (const act of acts)
    for (const [name, { before, after }] of changesOf(act)) {
      const way = ways.get(name)
      if (way === undefined) ways.set(name, { before, after })
      else way.after = after
    }
  return [...ways]
    .filter(([name, { before, after }]) => !name.endsWith('/') && !isSame(before, after))
    .map(([name, { before, after }]) => ({
      path: Buffer.from(name, 'latin1'),
      before: versionOf(before, reader),
      after: versionOf(after, reader),
    }))
}

function versionOf(entry: Entry | undefined, reader: Reader): ChangedVersion | undefined {
  if (entry === undefined || entry.mode === '040000') return undefined
  const { mode, blob } = entry
  return { mode, read: () => reader.read(blob) }
}
