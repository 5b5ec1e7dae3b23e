/**
 * What a commit changes: the files of the turns that are committed, brought onto the last commit, whatever else a person
 * has changed in them and not committed yet.
 *
 * Owns: an index beside the person's own. Theirs is not touched here.
 *
 * - R-106 A commit holds what the turns changed and nothing else: a file that a person had changed too gets the lines of
 *   the turns alone, and stays uncommitted where both changed the same.
 * - R-107 What Git ignores and does not track is never committed.
 */
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shown } from '../tree/name.ts'
import {
  choose,
  type Entries,
  entriesOf,
  type Entry,
  indexInfo,
  linkMode,
  merged,
  namesOf,
  sameEntry,
} from './commit-entries.ts'
import { type Ground, must, type Run, Uncommitted } from './commit-ground.ts'
import { type Changed, type ChangedVersion, differing } from './commit-changes.ts'
import { Sift } from './commit-sift.ts'

export interface Staging {
  readonly run: Run
  readonly ground: Ground
  /** A folder of our own. */
  readonly scratch: string
}

export interface Staged {
  /** The index to commit. */
  readonly index: string
  /** The names of what is in it beyond the last commit. */
  readonly names: readonly string[]
  readonly left: Left
}

/** Names of what is not committed, by the reason that a person is told. */
export interface Left {
  readonly lines: readonly string[]
  readonly inner: readonly string[]
  readonly link: readonly string[]
}

const listing = ['ls-files', '--stage', '-z']

/** @param given what the turns changed; absent: everything that differs */
export async function stage(
  staging: Staging,
  given: readonly Changed[] | undefined,
): Promise<Staged> {
  const { run, ground, scratch } = staging
  const { top } = ground
  const { index, variables } = await ownIndex(staging)
  const onto = entriesOf((await must(run(['-C', top, ...listing], { variables }))).bytes)
  const changed = given ?? (await differing({ run, ground, onto, variables }))
  const { wanted, left } = await sifted(staging, { changed, onto, variables })
  const before = await written(staging, 'before', wanted)
  const after = await written(staging, 'after', wanted)
  const edits = new Map<string, Entry | undefined>()
  for (const name of wanted.keys()) {
    const sides = { onto: onto.get(name), before: before.get(name), after: after.get(name) }
    const choice = choose(sides)
    if (choice === 'same') continue
    if (choice === 'take') edits.set(name, sides.after)
    // oxlint-disable-next-line no-await-in-loop -- few files are changed by both
    else await mergeInto(edits, left.lines, { name, sides, merging: { run, top, scratch } })
  }
  await must(
    run(['-C', top, 'update-index', '-z', '--index-info'], {
      variables,
      input: indexInfo(edits, ground.base),
    }),
  )
  const names = await namesIn(staging, variables)
  // A file that takes the place of a folder, or the other way round, would take along what lies there.
  const taken = names.find((name) => !edits.has(name))
  if (taken !== undefined)
    throw new Uncommitted(`${shown(taken).path} is in the way of a file that the turn made.`)
  return { index, names, left }
}

interface Merge {
  readonly name: string
  readonly sides: Parameters<typeof merged>[1]
  readonly merging: Parameters<typeof merged>[0]
}

async function mergeInto(
  edits: Map<string, Entry | undefined>,
  conflicts: string[],
  { name, sides, merging }: Merge,
): Promise<void> {
  const entry = choose(sides) === 'merge' ? await merged(merging, sides) : undefined
  if (entry === undefined) conflicts.push(name)
  else if (!sameEntry(entry, sides.onto)) edits.set(name, entry)
}

interface Sifting {
  readonly changed: readonly Changed[]
  readonly onto: Entries
  readonly variables: Readonly<Record<string, string>>
}

async function sifted(
  { run, ground: { top, prefix } }: Staging,
  { changed, onto, variables }: Sifting,
) {
  const sift = new Sift(top, prefix)
  const left = { lines: new Array<string>(), inner: new Array<string>(), link: new Array<string>() }
  const wanted = new Map<string, Changed>()
  for (const one of changed) {
    const name = prefix + Buffer.from(one.path).toString('latin1')
    const standing = isInLink(name, onto) ? 'inner' : sift.standing(name)
    if (standing === 'plain') wanted.set(name, one)
    // What was taken away is behind nothing any more.
    else if (standing === 'link' && one.after === undefined) wanted.set(name, one)
    else if (standing !== 'belay') left[standing].push(name)
  }
  const asked = [...wanted].filter(([, { after }]) => after !== undefined).map(([name]) => name)
  const ignored = await run(['-C', top, 'check-ignore', '-z', '--stdin'], {
    variables,
    input: inputOf(asked),
  })
  // Its exit code says whether there is one.
  if (ignored.end.type !== 'exited' || ignored.end.code > 1)
    throw new Uncommitted(ignored.fault ?? 'Git could not say what is ignored.')
  for (const name of namesOf(ignored.bytes)) if (!onto.has(name)) wanted.delete(name)
  return { wanted, left }
}

/** Whether it lies in a submodule, which need not be there. */
function isInLink(name: string, onto: Entries): boolean {
  const parts = name.split('/')
  return parts.some((_, count) => onto.get(parts.slice(0, count).join('/'))?.mode === linkMode)
}

/** An index of our own, which stands on the last commit and knows what the person's knows of the files. */
async function ownIndex({ run, ground, scratch }: Staging) {
  const index = join(scratch, 'index')
  if (existsSync(ground.index)) await copyFile(ground.index, index)
  const variables = { GIT_INDEX_FILE: index }
  await must(run(['-C', ground.top, 'read-tree', '--reset', ground.base], { variables }))
  return { index, variables }
}

/** One side as Git would keep it, by the filters and line ends that the person has set. */
async function written(
  { run, ground, scratch }: Staging,
  side: 'before' | 'after',
  wanted: ReadonlyMap<string, Changed>,
): Promise<Entries> {
  const place = join(scratch, side)
  await mkdir(place)
  const names: string[] = []
  for (const [name, { [side]: version }] of wanted) {
    if (version === undefined) continue
    names.push(name)
    // oxlint-disable-next-line no-await-in-loop -- one at a time is in memory
    await put(Buffer.concat([Buffer.from(`${place}/`), Buffer.from(name, 'latin1')]), version)
  }
  const variables = {
    GIT_INDEX_FILE: join(scratch, `${side}.index`),
    GIT_DIR: ground.gitFolder,
    GIT_WORK_TREE: place,
  }
  // Attributes are read from the index where no file holds them.
  await must(run(['-C', place, 'read-tree', ground.base], { variables }))
  await must(
    run(['-C', place, 'update-index', '--add', '--replace', '-z', '--stdin'], {
      variables,
      settings: [
        ['core.safecrlf', 'false'],
        ['core.fsmonitor', 'false'],
      ],
      input: inputOf(names),
    }),
  )
  const all = entriesOf((await must(run(['-C', place, ...listing], { variables }))).bytes)
  return new Map(
    names.flatMap((name) => {
      const entry = all.get(name)
      return entry === undefined ? [] : [[name, entry] as const]
    }),
  )
}

async function put(path: Buffer, { mode, read }: ChangedVersion): Promise<void> {
  const folder = Buffer.from(dirname(path.toString('latin1')), 'latin1')
  await mkdir(folder, { recursive: true })
  const bytes = await read()
  if (mode === '120000') return symlink(bytes, path)
  await writeFile(path, bytes)
  if (mode === '100755') await chmod(path, 0o755)
}

async function namesIn(
  { run, ground: { top, base } }: Staging,
  variables: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const names = ['diff-index', '--cached', '--name-only', '--no-renames', '-z', base]
  return namesOf((await must(run(['-C', top, ...names], { variables }))).bytes)
}

function inputOf(names: readonly string[]): Buffer {
  return Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1')
}
