/**
 * What an index says of files, and how one that was changed on both sides is brought together.
 *
 * A name is the bytes of a path below the top, as Latin-1: names need not be UTF-8, and two that differ stay two.
 */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must, type Run } from './commit-ground.ts'

export interface Entry {
  readonly mode: string
  readonly blob: string
}
export type Entries = ReadonlyMap<string, Entry>
/** What becomes of a file; `undefined` removes it. */
export type Edits = ReadonlyMap<string, Entry | undefined>

export const linkMode = '160000'

export function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.mode === b?.mode && a?.blob === b?.blob
}

/** @param listed `git ls-files --stage -z`; what is in conflict is left out */
export function entriesOf(listed: Buffer): Entries {
  const entries = new Map<string, Entry>()
  for (const line of listed.toString('latin1').split('\0')) {
    const [, mode, blob, name] = /^(\d+) ([0-9a-f]+) 0\t([\s\S]+)$/.exec(line) ?? []
    if (mode !== undefined && blob !== undefined && name !== undefined)
      entries.set(name, { mode, blob })
  }
  return entries
}

/**
 * @param id any of the repository: how long they are
 * @returns what `git update-index -z --index-info` reads: first what goes, so that a folder can take the place of a file
 */
export function indexInfo(edits: Edits, id: string): Buffer {
  const gone = [...edits].filter(([, entry]) => entry === undefined)
  const set = [...edits].filter(([, entry]) => entry !== undefined)
  const lines = [...gone, ...set].map(
    ([name, entry]) => `${entry?.mode ?? '0'} ${entry?.blob ?? '0'.repeat(id.length)}\t${name}\0`,
  )
  return Buffer.from(lines.join(''), 'latin1')
}

/** @param listed each ends with a zero */
export function namesOf(listed: Buffer): readonly string[] {
  return listed
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '')
}

export interface Sides {
  /** Where it goes on from. */
  readonly onto: Entry | undefined
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

/** What becomes of a file, as far as that can be said without reading it. Pure. */
export function choose({ onto, before, after }: Sides): 'same' | 'take' | 'merge' | 'conflict' {
  if (sameEntry(onto, after)) return 'same'
  if (sameEntry(onto, before)) return 'take'
  const all = [onto, before, after]
  return all.every((entry) => entry?.mode.startsWith('100') === true) ? 'merge' : 'conflict'
}

export interface Merging {
  readonly run: Run
  readonly top: string
  /** A folder for what is compared. */
  readonly scratch: string
}

/**
 * The lines that changed from `before` to `after`, changed in `onto`.
 * @returns `undefined` when they cannot be brought together
 */
export async function merged(
  { run, top, scratch }: Merging,
  { onto, before, after }: Sides,
): Promise<Entry | undefined> {
  if (onto === undefined || before === undefined || after === undefined) return undefined
  const place = await mkdtemp(join(scratch, 'merge-'))
  const [ours = '', base = '', theirs = ''] = await Promise.all(
    [onto, before, after].map(async ({ blob }, index) => {
      const { bytes } = await must(run(['-C', top, 'cat-file', 'blob', blob]))
      const path = join(place, String(index))
      await writeFile(path, bytes)
      return path
    }),
  )
  const made = await run(['-C', top, 'merge-file', '-p', '-q', ours, base, theirs])
  // Its exit code is the number of conflicts, or says that it is no text.
  if (made.fault !== undefined) return undefined
  const kept = await must(run(['-C', top, 'hash-object', '-w', '--stdin'], { input: made.bytes }))
  const mode = before.mode === after.mode ? onto.mode : after.mode
  return { mode, blob: kept.output.trim() }
}
