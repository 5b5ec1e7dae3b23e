/**
 * Pushing a commit to the address of the settings.
 *
 * - R-103 A push goes to the address of the settings, from a repository of our own that borrows the objects: no setting,
 *   hook or filter of the workspace can see the token or lead it elsewhere.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { must, type Run } from './commit-ground.ts'
import { type Credential, type GitEnd, pinned, takesToken } from './git.ts'

export interface Push {
  /** The top of the work tree. */
  readonly top: string
  readonly commit: string
  readonly branch: string
  /** The address of the settings. */
  readonly url: string
  readonly credential: Credential | undefined
  /** A folder of our own. */
  readonly scratch: string
}

/** @returns how the push ended. @throws Uncommitted when it could not be begun */
export async function pushCommit(run: Run, push: Push): Promise<GitEnd> {
  const { top, commit, branch, url, credential } = push
  const own = await borrowing(run, push)
  const pin = takesToken(credential) ? pinned(url) : { name: url, settings: [] }
  const far = ['push', '--quiet', '--no-verify', '--no-recurse-submodules', '--no-follow-tags']
  const ended = await run([...far, '--', pin.name, `${commit}:refs/heads/${branch}`], {
    credential,
    variables: { GIT_DIR: own },
    settings: [['core.hooksPath', '/dev/null'], ...pin.settings],
  })
  if (ended.fault !== undefined) return ended
  // What git does after a push of its own, so that a status says how far they are apart.
  const remote = await run(['-C', top, 'config', '--get', 'remote.origin.url'])
  if (remote.output.trimEnd() === url)
    await run(['-C', top, 'update-ref', `refs/remotes/origin/${branch}`, commit])
  return ended
}

/** Holds no setting but git's own, no hook, and no object. */
async function borrowing(run: Run, { top, scratch }: Push): Promise<string> {
  const places = ['--show-object-format', '--git-path', 'objects', '--git-path', 'shallow']
  const { output } = await must(run(['-C', top, 'rev-parse', ...places]))
  const [format = '', objects = '', shallow = ''] = output.split('\n')
  const own = join(scratch, 'push.git')
  const made = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]
  await must(run([...made, '--', own]))
  await mkdir(join(own, 'objects', 'info'), { recursive: true })
  await writeFile(join(own, 'objects', 'info', 'alternates'), `${resolve(top, objects)}\n`)
  // Where its history ends: git must not look for what is behind.
  const ends = resolve(top, shallow)
  if (existsSync(ends)) await copyFile(ends, join(own, 'shallow'))
  return own
}
