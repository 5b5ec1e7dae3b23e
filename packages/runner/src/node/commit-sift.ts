/**
 * Which files of a folder may be in a commit at all, told by what lies on the disk.
 *
 * - R-105 Nothing of a data folder of Belay, of a repository inside the folder or of behind a link is ever committed.
 */
import { isDataFolder } from './own-files.ts'
import { pathOf } from './path-of.ts'
import { kindOf, outside } from './reading.ts'

/** `plain` may be committed; `belay` is nobody's business; the others are told. */
export type Standing = 'plain' | 'belay' | 'inner' | 'link'

export class Sift {
  readonly #top: string
  readonly #prefix: string
  readonly #folders = new Map<string, Standing>()

  /** @param prefix the folder that is asked about: what lies above it is not looked at */
  constructor(top: string, prefix: string) {
    this.#top = top
    this.#prefix = prefix
  }

  /** @param name the bytes of a path below the top, as Latin-1 */
  standing(name: string): Standing {
    const parts = name.slice(this.#prefix.length).split('/')
    if (parts.some((part) => part.toLowerCase() === '.git')) return 'inner'
    // No snapshot holds such a name; it must not lead out of the folder.
    if (parts.some((part) => part === '..' || part === '.')) return 'link'
    // How git names a repository inside the folder.
    const depth = parts.at(-1) === '' ? parts.length : parts.length - 1
    for (let index = 0; index <= depth; index++) {
      const folder = this.#prefix + parts.slice(0, index).join('/')
      const standing = index === 0 ? this.#own(folder) : this.#folder(folder)
      if (standing !== 'plain') return standing
    }
    return 'plain'
  }

  /** The folder itself is a repository, mostly; yet it may be a data folder. */
  #own(folder: string): Standing {
    return isDataFolder(pathOf(this.#top, folder)) ? 'belay' : 'plain'
  }

  #folder(name: string): Standing {
    const known = this.#folders.get(name)
    if (known !== undefined) return known
    const standing = this.#lookAt(name)
    this.#folders.set(name, standing)
    return standing
  }

  #lookAt(name: string): Standing {
    const path = pathOf(this.#top, name)
    const now = outside(path)
    const kind = now === undefined ? 'other' : kindOf(now)
    if (kind === 'link') return 'link'
    if (kind !== 'folder') return 'plain'
    if (isDataFolder(path)) return 'belay'
    return outside(pathOf(this.#top, `${name}/.git`)) === undefined ? 'plain' : 'inner'
  }
}
