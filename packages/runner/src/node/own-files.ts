/**
 * Belay's own files, told by what they are on disk: a data folder, this server's or another's, and what lies in one.
 *
 * Owns: the one answer to "is this a data folder?", for the server, the runner and the checkpoints. It asks the disk and no
 * pattern, so neither a link nor another spelling of a path hides one.
 */
import { realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** What every data folder holds, as files: the store and its two secrets. */
const held = ['belay.db', 'secret', 'token'] as const

/**
 * Whether a folder is the data folder of a Belay server, whichever. Cheap, and never throws: a folder that cannot be looked
 * into is none, as nobody could take a file out of it either.
 */
export function isDataFolder(path: string | Buffer): boolean {
  return held.every((name) =>
    isFile(
      typeof path === 'string'
        ? join(path, name)
        : Buffer.concat([path, Buffer.from(`${sep}${name}`)]),
    ),
  )
}

/**
 * The data folder that a path is, or lies in, by its real path.
 * @returns the nearest one; `undefined` when there is none. Of a path that is not there yet its nearest folder counts.
 */
export function dataFolderAbove(path: string): string | undefined {
  let at = realPathOf(path)
  for (;;) {
    if (isDataFolder(at)) return at
    const above = dirname(at)
    if (above === at) return undefined
    at = above
  }
}

/** @returns why nobody may work in a folder, in a sentence; `undefined` when it is no data folder and lies in none */
export function dataFolderRefusal(path: string): string | undefined {
  const data = dataFolderAbove(path)
  if (data === undefined) return undefined
  const where = data === path ? 'is' : `lies in ${data}, which is`
  return `${path} ${where} the data folder of a Belay server: an agent that works there could read its secrets and break every session. Choose another folder.`
}

function isFile(path: string | Buffer): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}

/** Links followed as far as the path is there. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPathOf(above), path.slice(above.length))
  }
}
