/**
 * One file as it is on the disk: how it looks from outside, and what is in it.
 *
 * Owns: telling whether a file may have changed since it was read, without reading it again.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs'
import type { Entry } from '../tree/tree.ts'

/** How a file looks from outside: a change of what is in it, or of its mode, changes one of these. */
export interface Outside {
  readonly size: number
  readonly changed: number
  readonly written: number
  readonly inode: number
  readonly mode: number
}

/** Where contents go. */
export interface Sink {
  /** @param parts exactly `size` bytes together */
  blob(size: number, parts: Iterable<Uint8Array>): Promise<void>
}

/** For those who only want to know what is in a file. */
export function nowhere(): Sink {
  return {
    async blob(_size, given) {
      // They are made as they are asked for, and counted on the way.
      for (const _ of given) continue
    },
  }
}

/** A file's time stamps come from a clock that ticks this seldom: what was changed this recently may change unseen. */
const tickMs = 20

/** @returns `undefined` when it is not there, also because a file took the place of its folder. @throws when it cannot be looked at */
export function outside(path: string | Buffer): Outside | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : outsideOf(stats)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
    throw error
  }
}

/** The same of what may not be looked at: nothing. */
export function outsideIfAllowed(path: string | Buffer): Outside | undefined {
  try {
    return outside(path)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return undefined
  }
}

/** What the platform refuses for one path; anything else is a fault. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function outsideOf({ size, ctimeMs, mtimeMs, ino, mode }: Stats): Outside {
  return { size, changed: ctimeMs, written: mtimeMs, inode: ino, mode }
}

export function isSameOutside(one: Outside, other: Outside): boolean {
  return (
    one.changed === other.changed &&
    one.size === other.size &&
    one.inode === other.inode &&
    one.written === other.written &&
    one.mode === other.mode
  )
}

export type Kind = 'file' | 'link' | 'folder' | 'other'

export function kindOf({ mode }: Outside): Kind {
  return kinds.get(mode & constants.S_IFMT) ?? 'other'
}

const kinds: ReadonlyMap<number, Kind> = new Map([
  [constants.S_IFREG, 'file'],
  [constants.S_IFLNK, 'link'],
  [constants.S_IFDIR, 'folder'],
])

/** @param now when it was looked at, milliseconds since the epoch */
export function isSettled({ changed }: Outside, now: number): boolean {
  return changed < now - tickMs
}

const partBytes = 1024 * 1024

export interface Read {
  readonly entry: Entry
  /** As it was when it was read; whoever finds it so later finds the same in it. */
  readonly outside: Outside
  /** It was changed while it was read: what was read is one moment of it, or several. */
  readonly torn: boolean
}

/**
 * Reads a file or a link and hands what is in it to the writer, unless it is known to be kept.
 * @returns `undefined` when it is neither, or gone. @throws when it cannot be read
 */
export async function read(
  path: string | Buffer,
  keep: { readonly writer: () => Sink; readonly isKept: (blob: string) => boolean },
): Promise<Read | undefined> {
  const before = outside(path)
  if (before === undefined) return undefined
  if (kindOf(before) === 'link') {
    const target = readlinkSync(path, { encoding: 'buffer' })
    const blob = blobOf(target.length, [target])
    if (!keep.isKept(blob)) await keep.writer().blob(target.length, [target])
    const entry = { mode: '120000', perm: 0, blob } as const
    return { entry, outside: before, torn: false }
  }
  if (kindOf(before) !== 'file') return undefined
  return readFile(path, keep)
}

async function readFile(
  path: string | Buffer,
  keep: Parameters<typeof read>[1],
): Promise<Read | undefined> {
  // Not through a link that took its place, and not waiting for whoever is at the other end of a pipe.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const before = fstatSync(file)
    if (!before.isFile()) return undefined
    const blob = await content(file, before.size, keep)
    const after = outsideOf(fstatSync(file))
    const perm = before.mode & 0o7777
    const mode = (before.mode & 0o100) === 0 ? '100644' : '100755'
    return {
      entry: { mode, perm, blob },
      outside: outsideOf(before),
      torn: !isSameOutside(outsideOf(before), after),
    }
  } finally {
    closeSync(file)
  }
}

/** Small ones are looked at before they are handed on, since many are the same as before; large ones go on as they come. */
async function content(
  file: number,
  size: number,
  { writer, isKept }: Parameters<typeof read>[1],
): Promise<string> {
  if (size <= partBytes) {
    const [part = Buffer.alloc(0)] = parts(file, size)
    const blob = blobOf(size, [part])
    if (!isKept(blob)) await writer().blob(size, [part])
    return blob
  }
  const hash = begin(size)
  await writer().blob(size, watched(parts(file, size), hash))
  return hash.digest('hex')
}

/** Exactly `size` bytes: one that became shorter meanwhile is filled up, and told as torn. */
function* parts(file: number, size: number): Generator<Buffer, void> {
  for (let at = 0; at < size;) {
    const part = Buffer.alloc(Math.min(partBytes, size - at))
    let filled = 0
    while (filled < part.length) {
      const count = readSync(file, part, filled, part.length - filled, at + filled)
      if (count === 0) break
      filled += count
    }
    at += part.length
    yield part
  }
}

function* watched(
  given: Iterable<Buffer>,
  hash: ReturnType<typeof begin>,
): Generator<Buffer, void> {
  for (const part of given) {
    hash.update(part)
    yield part
  }
}

function begin(size: number) {
  return createHash('sha1').update(`blob ${size}\0`)
}

function blobOf(size: number, given: readonly Uint8Array[]): string {
  const hash = begin(size)
  for (const part of given) hash.update(part)
  return hash.digest('hex')
}
