/**
 * The shadow repository: a Git repository of Belay's own beside the runner's files, whose work tree is the agent's
 * workspace. It keeps trees of what is there without the person's repository knowing.
 *
 * Owns: making it, and running git in it. What is kept in it, and when, is `checkpoints.ts`.
 *
 * Invariants:
 * - R-33 The person's index, branches, stash and hooks are never written and never run; files go in as their bytes are.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { git, type GitEnd } from './git.ts'

export interface ShadowOptions {
  /** Where it is. */
  readonly path: string
  readonly workspace: string
  /** The workspace is a clone of the session's own, which may be lost: then nothing here may stand on its objects. */
  readonly isClone: boolean
  /** Belay's own files: never kept in here, also when they lie inside the workspace. */
  readonly dataFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Bound {
  readonly signal: AbortSignal
  readonly msMax: number
}

export class Shadow {
  readonly #options: ShadowOptions
  #ready = false

  constructor(options: ShadowOptions) {
    this.#options = options
  }

  get exists(): boolean {
    return existsSync(join(this.#options.path, 'HEAD'))
  }

  /** Runs git in the shadow, its work tree the workspace. */
  run(args: readonly string[], bound: Bound, more: Partial<RunOptions> = {}): Promise<GitEnd> {
    const { path, workspace, env } = this.#options
    return git(['-C', workspace, ...args], {
      env,
      ...bound,
      ...(more.outputBytesMax === undefined ? {} : { outputBytesMax: more.outputBytesMax }),
      variables: {
        ...identity,
        GIT_DIR: path,
        GIT_WORK_TREE: workspace,
        GIT_LITERAL_PATHSPECS: '1',
      },
    })
  }

  /** Runs git in the workspace's own repository: to read from it, and for a fresh clone to bring back what was lost. */
  runInWorkspace(args: readonly string[], bound: Bound): Promise<GitEnd> {
    const { workspace, env } = this.#options
    // Even a status would refresh the person's index.
    return git(['-C', workspace, ...args], {
      env,
      ...bound,
      variables: { GIT_OPTIONAL_LOCKS: '0' },
    })
  }

  /** Makes it ready to be used. @returns what is wrong */
  async open(bound: Bound): Promise<string | undefined> {
    if (this.#ready) return undefined
    const fault = this.exists ? undefined : await this.#make(bound)
    if (fault !== undefined) return fault
    await this.#unlock()
    await this.#exclude(bound)
    this.#ready = true
    return undefined
  }

  /** In one step: it is there whole, or not at all. */
  async #make(bound: Bound): Promise<string | undefined> {
    const { path, workspace, isClone, env } = this.#options
    const fresh = `${path}.new`
    await rm(fresh, { recursive: true, force: true, maxRetries: 3 })
    // A clone's objects come along as hard links, which cost nothing; so they are here when the clone is lost.
    const args = isClone
      ? ['clone', '--quiet', '--bare', '--no-tags', '--template=', '--', workspace, fresh]
      : ['init', '--quiet', '--bare', '--template=', '--', fresh]
    const { fault } = await git(args, { env, ...bound })
    if (fault !== undefined) return fault
    await mkdir(join(fresh, 'info'), { recursive: true })
    await appendFile(join(fresh, 'config'), settings)
    await writeFile(join(fresh, 'info', 'attributes'), asBytes)
    if (!isClone) await this.#borrow(fresh, bound)
    await rename(fresh, path)
    return undefined
  }

  /** What the person's repository has need not be written twice. */
  async #borrow(fresh: string, bound: Bound): Promise<void> {
    const { workspace } = this.#options
    const { fault, output } = await this.runInWorkspace(
      ['rev-parse', '--git-path', 'objects'],
      bound,
    )
    if (fault !== undefined) return
    const objects = resolve(workspace, output.trimEnd())
    await mkdir(join(fresh, 'objects', 'info'), { recursive: true })
    await writeFile(join(fresh, 'objects', 'info', 'alternates'), `${objects}\n`)
  }

  /** A runner that was killed leaves locks; that it is gone says the folder's own lock. */
  async #unlock(): Promise<void> {
    const { path } = this.#options
    const names = await readdir(path)
    const refs = await readdir(join(path, 'refs'), { recursive: true })
    const locks = [...names, ...refs.map((name) => join('refs', name))].filter((name) =>
      name.endsWith('.lock'),
    )
    for (const name of locks) await rm(join(path, name), { force: true })
  }

  /** What the person excludes beside `.gitignore`, and Belay's own files. */
  async #exclude(bound: Bound): Promise<void> {
    const { path, workspace, dataFolder } = this.#options
    const { fault, output } = await this.runInWorkspace(
      ['rev-parse', '--git-path', 'info/exclude'],
      bound,
    )
    const theirs =
      fault === undefined
        ? await readFile(resolve(workspace, output.trimEnd()), 'utf8').catch(() => '')
        : ''
    const inside = relative(workspace, dataFolder)
    const ours =
      inside === '' || inside.startsWith('..') || isAbsolute(inside) ? '' : `/${inside}/\n`
    await mkdir(join(path, 'info'), { recursive: true })
    await writeFile(join(path, 'info', 'exclude'), `${theirs}\n${ours}`)
  }
}

interface RunOptions {
  readonly outputBytesMax: number
}

const identity = {
  GIT_AUTHOR_NAME: 'Belay',
  GIT_AUTHOR_EMAIL: 'belay@localhost',
  GIT_COMMITTER_NAME: 'Belay',
  GIT_COMMITTER_EMAIL: 'belay@localhost',
}

/** Nothing of the person's settings may run a program, change bytes or write elsewhere. */
const settings = `[core]
\tbare = false
\thooksPath = /dev/null
\tfsmonitor = false
\tuntrackedCache = false
\tautocrlf = false
\tsafecrlf = false
\tlogAllRefUpdates = false
\tquotePath = false
[gc]
\tauto = 0
[submodule]
\trecurse = false
[advice]
\taddEmbeddedRepo = false
[diff]
\tnoprefix = false
\tmnemonicPrefix = false
\texternal =
[commit]
\tgpgSign = false
[uploadpack]
\tallowAnySHA1InWant = true
`
/** Over every `.gitattributes`: no line ends are changed, no filter is run. */
const asBytes = '* -text -filter -ident !eol !working-tree-encoding !diff\n'
