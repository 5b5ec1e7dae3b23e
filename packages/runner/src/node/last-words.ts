/**
 * The last words of a runner that ends by a fault of its own: the spool may be the very thing that failed, and the disk
 * may be full, so they have a small file whose room was taken when the runner began.
 *
 * Invariants:
 * - R-151 A runner that ends by a fault leaves a sentence that says which, also on a disk without room.
 */
import { existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const fileName = 'last-words'
/** One block of any file system in use. */
const roomBytes = 4096
const wordsCharsMax = 1000

/** Takes the room. @returns what writes the words into it; it never throws, because nothing comes after it */
export function reserveLastWords(folder: string, generation: number): (words: string) => void {
  const file = openSync(join(folder, fileName), 'w', 0o600)
  writeSync(file, Buffer.alloc(roomBytes, ' '), 0, roomBytes, 0)
  return (words) => {
    const json = JSON.stringify({ generation, words: words.slice(0, wordsCharsMax) })
    try {
      writeSync(file, Buffer.from(json.slice(0, roomBytes)), 0, undefined, 0)
      fdatasyncSync(file)
    } catch {
      // The log and the exit code say that there was a fault.
    }
  }
}

/** @returns what a dead runner of this generation said at its end; `undefined` when it had nothing to say */
export function readLastWords(folder: string, generation: number): string | undefined {
  const path = join(folder, fileName)
  if (!existsSync(path)) return undefined
  try {
    const said: unknown = JSON.parse(readFileSync(path, 'utf8').trim() || '{}')
    return typeof said === 'object' &&
      said !== null &&
      'words' in said &&
      'generation' in said &&
      said.generation === generation &&
      typeof said.words === 'string'
      ? said.words
      : undefined
  } catch {
    // Half of a sentence is none.
    return undefined
  }
}
