/**
 * Which Git repository a folder belongs to, found as Git finds it and without running it.
 *
 * Owns: the way up. Nothing of the repository is opened or trusted here.
 */
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export interface Repository {
  /** Its work tree. */
  readonly top: string
  /** Its own Git folder: of a worktree the one inside the main repository. */
  readonly gitFolder: string
  /** Where its objects, branches and excludes are: of a worktree the main repository's. */
  readonly common: string
}

/** @returns `undefined` when the folder belongs to none */
export function repositoryAt(folder: string): Repository | undefined {
  let top = resolve(folder)
  const device = statSync(top, { throwIfNoEntry: false })?.dev
  for (;;) {
    const found = repositoryOf(top)
    if (found !== undefined) return found
    const above = dirname(top)
    if (above === top) return undefined
    // As Git does, a file system is not left on the way up.
    if (statSync(above, { throwIfNoEntry: false })?.dev !== device) return undefined
    top = above
  }
}

/** The repository whose work tree begins at this very folder. */
export function repositoryOf(top: string): Repository | undefined {
  try {
    const mark = join(top, '.git')
    const look = lstatSync(mark, { throwIfNoEntry: false })
    if (look === undefined) return undefined
    const gitFolder = look.isFile() ? pointed(top, mark) : mark
    if (gitFolder === undefined) return undefined
    const common = commonOf(gitFolder)
    const whole =
      existsSync(join(gitFolder, 'HEAD')) &&
      existsSync(join(common, 'objects')) &&
      existsSync(join(common, 'refs'))
    return whole ? { top, gitFolder, common } : undefined
  } catch {
    // Whatever cannot be read is no repository that Git could work with.
    return undefined
  }
}

function pointed(top: string, mark: string): string | undefined {
  const to = /^gitdir: (.+?)\s*$/.exec(readFileSync(mark, 'utf8'))?.[1]
  return to === undefined ? undefined : resolve(top, to)
}

function commonOf(gitFolder: string): string {
  const mark = join(gitFolder, 'commondir')
  return existsSync(mark) ? resolve(gitFolder, readFileSync(mark, 'utf8').trim()) : gitFolder
}
