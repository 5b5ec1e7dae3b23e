/** What a commit is made of: files that turns changed, or, for who has no list of those, all that differ from the last commit. */
import { readFile, readlink } from 'node:fs/promises'
import { type Entries, type Entry, namesOf } from './commit-entries.ts'
import { type Ground, must, type Run } from './commit-ground.ts'
import { pathOf, textPathOf } from './path-of.ts'
import { kindOf, outside } from './reading.ts'

/** One side of a file that was changed. */
export interface ChangedVersion {
  readonly mode: '100644' | '100755' | '120000'
  /** The bytes as they lay on the disk; of a link, where it leads. */
  readonly read: () => Promise<Buffer>
}

/** A file that turns changed, from before the first of them to after the last. */
export interface Changed {
  /** Below the folder. */
  readonly path: Buffer | string
  readonly before: ChangedVersion | undefined
  readonly after: ChangedVersion | undefined
}

export interface Differing {
  readonly run: Run
  readonly ground: Ground
  /** What the last commit holds. */
  readonly onto: Entries
  /** Lead to an index that stands on it. */
  readonly variables: Readonly<Record<string, string>>
}

/** All that differs below the folder. */
export async function differing({
  run,
  ground: { top, prefix },
  onto,
  variables,
}: Differing): Promise<readonly Changed[]> {
  const kinds = ['--others', '--modified', '--exclude-standard']
  const args = ['-C', textPathOf(top, prefix) ?? top, 'ls-files', '-z', ...kinds]
  const { bytes } = await must(run(args, { variables }))
  return [...new Set(namesOf(bytes))].map((name) => ({
    path: Buffer.from(name, 'latin1'),
    before: keptVersion(run, top, onto.get(prefix + name)),
    after: presentVersion(pathOf(top, prefix + name)),
  }))
}

function keptVersion(run: Run, top: string, entry: Entry | undefined): ChangedVersion | undefined {
  const mode = (['100644', '100755', '120000'] as const).find((one) => one === entry?.mode)
  if (entry === undefined || mode === undefined) return undefined
  const args = ['-C', top, 'cat-file', 'blob', entry.blob]
  return { mode, read: async () => (await must(run(args))).bytes }
}

function presentVersion(path: string | Buffer): ChangedVersion | undefined {
  const now = outside(path)
  if (now === undefined) return undefined
  const kind = kindOf(now)
  if (kind === 'link') return { mode: '120000', read: () => readlink(path, { encoding: 'buffer' }) }
  if (kind !== 'file') return undefined
  return { mode: (now.mode & 0o100) === 0 ? '100644' : '100755', read: () => readFile(path) }
}
