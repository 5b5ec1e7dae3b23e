/** Files named on the command line, read to go with a prompt: pictures and texts, within the limits of the wire. */
import { readFileSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { type AttachmentBody, limits } from '@belay/protocol'
import { CliError, exitCodes } from './exit-codes.ts'
import type { World } from './world.ts'

/** @param paths relative to where the command was called @throws when one cannot go along, with what to do instead */
export function attachmentsOf(
  world: World,
  paths: readonly string[] = [],
): { readonly attachments?: AttachmentBody[] } {
  if (paths.length === 0) return {}
  if (paths.length > limits.attachedFilesMax)
    throw refused(`A prompt takes ${limits.attachedFilesMax} files; got ${paths.length}.`)
  const read = paths.map((path) => ({ name: nameOf(path), bytes: readOne(world, path) }))
  const sum = read.reduce((total, { bytes }) => total + bytes.length, 0)
  if (sum > limits.attachmentsBytesMax) throw tooLarge(sum)
  return {
    attachments: read.map(({ name, bytes }) => ({
      name,
      type: typeOf(name, bytes),
      data: bytes.toString('base64'),
    })),
  }
}

function readOne(world: World, path: string): Buffer {
  const full = resolve(world.cwd, path)
  const stats = statSync(full, { throwIfNoEntry: false })
  if (stats === undefined) throw refused(`There is no file ${full}.`)
  if (!stats.isFile()) throw refused(`${full} is not a file.`)
  if (stats.size === 0) throw refused(`${full} is empty.`)
  // Before it is read: it may be larger than the memory.
  if (stats.size > limits.attachmentsBytesMax) throw tooLarge(stats.size)
  return readFileSync(full)
}

function nameOf(path: string): string {
  return basename(path)
    .replaceAll(/\p{Cc}/gu, '_')
    .slice(-limits.titleCharsMax)
}

const pictures: readonly (readonly [string, RegExp])[] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
]

/** By what it holds: a name may say anything. */
function typeOf(name: string, bytes: Buffer): string {
  const begin = bytes.subarray(0, 16).toString('latin1')
  const picture = pictures.find(([, sign]) => sign.test(begin))
  if (picture !== undefined) return picture[0]
  if (isText(bytes)) return 'text/plain'
  throw refused(`${name} is neither a picture nor a text: put it into the workspace and name it.`)
}

function isText(bytes: Buffer): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0')
  } catch {
    return false
  }
}

function tooLarge(bytes: number): CliError {
  return refused(
    `The files of a prompt may have ${limits.attachmentsBytesMax / 1024} KiB; these have ${Math.ceil(bytes / 1024)}: put them into the workspace and name them.`,
  )
}

function refused(sentence: string): CliError {
  return new CliError(exitCodes.usage, sentence)
}
