/**
 * What of a workspace belongs to its checkpoints, as the repositories it belongs to and holds say it.
 *
 * Owns: asking Git which files are tracked or neither tracked nor ignored, repository by repository, and which folders are
 * ignored. Nothing is read here but names.
 *
 * Invariants:
 * - R-73 What Git ignores is what the repository that a file belongs to ignores; what is tracked is not ignored.
 */
import { join } from 'node:path'
import { foldersOf, nameOf, type Name } from '../tree/name.ts'
import { answered, git, quiet, Unanswered } from './git.ts'
import { GitPipe } from './git-pipe.ts'
import { textPathOf } from './path-of.ts'
import { type Repository, repositoryAt, repositoryOf } from './repository.ts'
import type { Store } from './store.ts'

export interface ListingOptions {
  readonly workspace: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly store: Store
}

/** A repository that files of the workspace belong to. */
export interface Owner {
  /** Where it begins inside the workspace; `''` for the one that the workspace belongs to, or for none. */
  readonly at: Name
  /** Where the workspace lies inside it. */
  readonly prefix: Name
  /** Absent: the folder belongs to none. */
  readonly repository: Repository | undefined
}

export interface Listed {
  readonly names: readonly Name[]
  /** Those of the names that it tracks, whatever it ignores. */
  readonly tracked: ReadonlySet<Name>
  /** Folders that hold a repository of their own. */
  readonly inner: readonly Name[]
  /** What could not be looked at, as Git says it. */
  readonly troubles: readonly string[]
  /** Git could not say what is tracked: the repository is damaged. */
  readonly broken?: string
}

export function outermost(workspace: string): Owner {
  const repository = repositoryAt(workspace)
  if (repository === undefined) return { at: '', prefix: '', repository }
  const inside = workspace.slice(repository.top.length).replace(/^\//, '')
  return { at: '', prefix: inside === '' ? '' : `${nameOf(inside)}/`, repository }
}

/** @returns `undefined` when there is no repository of its own in this folder */
export function innerOwner(workspace: string, at: Name): Owner | undefined {
  const path = textPathOf(workspace, at)
  const repository = path === undefined ? undefined : repositoryOf(path)
  return repository === undefined ? undefined : { at, prefix: '', repository }
}

/** Of an owner, whose name is text by what `innerOwner` takes. */
function folderPath(workspace: string, at: Name): string {
  return textPathOf(workspace, at) ?? workspace
}

/** The innermost of the owners that a name belongs to. */
export function ownerOf(name: Name, owners: ReadonlyMap<Name, Owner>): Owner | undefined {
  for (const folder of name.endsWith('/') ? [name, ...foldersOf(name)] : foldersOf(name)) {
    const owner = owners.get(folder)
    if (owner !== undefined) return owner
  }
  return owners.get('')
}

/** The files of one owner: tracked ones, and those that are neither tracked nor ignored. */
export async function list(
  owner: Owner,
  options: ListingOptions,
  signal: AbortSignal,
): Promise<Listed> {
  const listed = await ask(owner, options, ['--cached', '--others'], signal)
  if (typeof listed !== 'string' || owner.repository === undefined) {
    if (typeof listed === 'string') throw new Error(listed)
    return listed
  }
  // A repository that cannot say what it tracks is gone by without: what was kept before goes on being kept.
  const unowned = { ...owner, repository: undefined }
  const others = await ask(unowned, options, excludesOf(owner.repository), signal)
  if (typeof others === 'string') throw new Error(others)
  return { ...others, broken: listed }
}

function excludesOf({ common }: Repository): readonly string[] {
  return ['--others', `--exclude-from=${join(common, 'info', 'exclude')}`]
}

async function ask(
  owner: Owner,
  { workspace, env, store }: ListingOptions,
  what: readonly string[],
  signal: AbortSignal,
): Promise<Listed | string> {
  const { at } = owner
  const pipe = new GitPipe(
    [...quiet, '-C', folderPath(workspace, at), 'ls-files', '-zt', ...what, '--exclude-standard'],
    { env, signal, variables: variablesOf(owner, workspace, store) },
  )
  pipe.close()
  const answer = await pipe.all()
  const fault = await pipe.end()
  if (fault !== undefined) {
    signal.throwIfAborted()
    // One that was killed says nothing about the repository.
    if (fault instanceof Unanswered) throw fault
    return fault.message
  }
  const names = new Set<Name>()
  const tracked = new Set<Name>()
  const inner: Name[] = []
  for (const line of answer.toString('latin1').split('\0')) {
    const name = line.slice(2)
    if (name.endsWith('/')) inner.push(at + name)
    else if (name !== '') names.add(at + name)
    if (!line.startsWith('? ')) tracked.add(at + name)
  }
  const troubles = pipe.errors.split('\n').filter((line) => line.startsWith('warning: '))
  return { names: [...names], tracked, inner, troubles: troubles.map((line) => line.slice(9)) }
}

function variablesOf(
  { repository, at }: Owner,
  workspace: string,
  store: Store,
): Readonly<Record<string, string>> {
  return {
    GIT_OPTIONAL_LOCKS: '0',
    GIT_DIR: repository?.gitFolder ?? store.path,
    GIT_WORK_TREE: repository?.top ?? folderPath(workspace, at),
  }
}

/** The file with the person's own excludes, as they hold in this repository. */
export async function personalRules(
  owner: Owner,
  { workspace, env, store }: ListingOptions,
  signal: AbortSignal,
): Promise<string> {
  const variables = variablesOf(owner, workspace, store)
  const asked = ['config', '--type=path', '--get', 'core.excludesFile']
  const { output } = answered(await git(asked, { env, signal, msMax: 10_000, variables }))
  const home = env['HOME'] ?? ''
  const settings = env['XDG_CONFIG_HOME'] ?? ''
  const standard = join(settings === '' ? join(home, '.config') : settings, 'git', 'ignore')
  return output.trim() === '' ? standard : output.trim()
}

/** Says of folders, one after the other, whether they are ignored as a whole. One process for each owner it is asked of. */
export class FolderAsker {
  readonly #options: ListingOptions
  readonly #signal: AbortSignal
  readonly #pipes = new Map<Owner, GitPipe>()

  constructor(options: ListingOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  async isIgnored(folder: Name, owner: Owner): Promise<boolean> {
    const pipe = this.#pipes.get(owner) ?? this.#begin(owner)
    await pipe.write(`./${folder.slice(owner.at.length, -1)}\0`)
    const fields: string[] = []
    for (let field = 0; field < 4; field++)
      fields.push((await pipe.readUntil(0)).toString('latin1').slice(0, -1))
    const pattern = fields[2] ?? ''
    return pattern !== '' && !pattern.startsWith('!')
  }

  async close(): Promise<void> {
    for (const pipe of this.#pipes.values()) await pipe.end()
  }

  #begin(owner: Owner): GitPipe {
    const { workspace, env, store } = this.#options
    const args = ['check-ignore', '-z', '--stdin', '--verbose', '--non-matching']
    const pipe = new GitPipe([...quiet, '-C', folderPath(workspace, owner.at), ...args], {
      env,
      signal: this.#signal,
      variables: variablesOf(owner, workspace, store),
    })
    this.#pipes.set(owner, pipe)
    return pipe
  }
}
