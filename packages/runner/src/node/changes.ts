/**
 * What differs between two checkpoints, small enough for one event.
 *
 * Owns: the list of files with its bound, and one part of the patch for each file in it, in its order.
 */
import { type ChangedFile, limits, type ReportOf, utf8Bytes } from '@belay/protocol'
import { type Name, shown } from '../tree/name.ts'
import { type Part, PatchReader, sharedOut, unread } from '../tree/patch.ts'
import { type Difference, type Differences, isQuiet } from '../tree/tree.ts'
import type { Kept, Store } from './store.ts'

export type Changes = Pick<ReportOf<'turn-changes'>, 'files' | 'more' | 'patch'>

/** Git is ended when it has said this much: what comes later is told without its lines. */
const patchReadBytesMax = 256 * 1024 * 1024

export interface Between {
  readonly before: Kept
  readonly after: Kept
  /** All that differs between the two, in their order. */
  readonly differences: Differences
  /** Whether it may be told: nothing that Git ignores may. */
  readonly isTold: (name: Name) => boolean
}

/** @throws when Git cannot say it */
export async function changesBetween(
  between: Between,
  store: Store,
  signal: AbortSignal,
): Promise<Changes> {
  const { differences, isTold } = between
  const told = [...differences].filter(([name, change]) => !isQuiet(change) && isTold(name))
  if (told.length === 0) return { files: [], patch: '' }
  const parts = await partsOf(between, store, signal)
  const files: ChangedFile[] = []
  const shares: Part[] = []
  let bytes = 0
  for (const [name, change] of told) {
    const part = parts.get(name)
    const file = fileOf(name, change, part)
    bytes += utf8Bytes(JSON.stringify(file)) + 1
    if (bytes > limits.changedFilesBytesMax) break
    files.push(file)
    shares.push(part ?? unread(file.path))
  }
  const more = told.length - files.length
  const patch = sharedOut(shares, limits.patchBytesMax)
  return { files, ...(more === 0 ? {} : { more }), patch }
}

/** A patch that depends on nobody's settings. */
const asText =
  'diff-tree -r -p --no-color --no-renames --no-ext-diff --no-textconv --src-prefix=a/ --dst-prefix=b/ --unified=3'.split(
    ' ',
  )

async function partsOf(
  { before, after, differences }: Between,
  store: Store,
  signal: AbortSignal,
): Promise<ReadonlyMap<Name, Part>> {
  const empty = await emptyTree(store, signal, before, after)
  const pipe = store.pipe([...asText, before.files ?? empty, after.files ?? empty], signal)
  pipe.close()
  const reader = new PatchReader()
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const chunk of pipe.rest()) {
    reader.push(decoder.decode(chunk, { stream: true }))
    bytes += chunk.length
    if (bytes > patchReadBytesMax) pipe.kill()
  }
  reader.push(decoder.decode())
  reader.end()
  const fault = await pipe.end()
  if (fault !== undefined && bytes <= patchReadBytesMax) throw fault
  return inOrder(reader.parts, differences)
}

/** Git writes in the order of the names; what became something else, a file a link, is written as two. */
function inOrder(parts: readonly Part[], differences: Differences): ReadonlyMap<Name, Part> {
  const found = new Map<Name, Part>()
  let at = 0
  for (const [name, change] of differences) {
    if (isQuiet(change)) continue
    const count = isOtherKind(change) ? 2 : 1
    const own = parts.slice(at, at + count)
    at += count
    if (own.length > 0) found.set(name, own.reduce(joined))
  }
  return found
}

function isOtherKind({ before, after }: Difference): boolean {
  if (before === undefined || after === undefined) return false
  return (before.mode === '120000') !== (after.mode === '120000')
}

function joined(one: Part, other: Part): Part {
  return {
    text: one.text + other.text,
    added: one.added + other.added,
    removed: one.removed + other.removed,
    isBinary: one.isBinary || other.isBinary,
    isCut: one.isCut || other.isCut,
  }
}

/** Only where one of the two holds nothing at all, which Git has no tree for until it is written. */
async function emptyTree(
  store: Store,
  signal: AbortSignal,
  before: Kept,
  after: Kept,
): Promise<string> {
  if (before.files !== undefined && after.files !== undefined) return ''
  const { output, fault } = await store.run(['mktree'], { signal, msMax: 10_000 })
  if (fault !== undefined) throw new Error(fault)
  return output.trim()
}

function fileOf(name: Name, { before, after }: Difference, part: Part | undefined): ChangedFile {
  const status = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const lines =
    part === undefined || part.isBinary ? {} : { added: part.added, removed: part.removed }
  return { ...shown(name), status, ...lines }
}
