/**
 * Where checkpoints are kept: a Git repository of Belay's own beside the runner's files, which stands on no other one.
 *
 * A checkpoint is a commit whose tree has two entries: `files`, what the workspace held, and `about`, what Git has no word
 * for. Each is a ref of its own (`refs/checkpoints/<number>`); the one with the highest number is the last.
 *
 * Owns: making it, writing and reading checkpoints. What is kept in it, and when, is `checkpoints.ts`.
 *
 * Invariants:
 * - R-33 The person's index, branches, stash and hooks are never written and never run; files go in as their bytes are.
 * - R-72 A checkpoint that is said to be kept needs nothing of the person's repository.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Name } from '../tree/name.ts'
import type { Entry } from '../tree/tree.ts'
import { git, type GitEnd, quiet } from './git.ts'
import { GitPipe } from './git-pipe.ts'

export interface Bound {
  readonly signal: AbortSignal
  readonly msMax: number
}

export interface StoreOptions {
  /** Where it is. */
  readonly path: string
  readonly workspace: string
  /**
   * Of a workspace of the session's own, which may be lost: its commits are `here` too, because a lost clone would take
   * them along; or `elsewhere`, in the repository that it is a worktree of. Absent: it is the person's own folder.
   */
  readonly commits?: 'here' | 'elsewhere'
  readonly env: Readonly<Record<string, string | undefined>>
}

/** One checkpoint as it is kept. */
export interface Kept {
  readonly number: number
  readonly commit: string
  /** The tree of `files`; absent when it holds none. */
  readonly files?: string | undefined
}

/** Each is looked through for each object that is read. */
const packsMax = 50

/** Raised when the way checkpoints are kept changes: older ones are set aside. */
const format = '2'

export class Store {
  readonly #options: StoreOptions

  constructor(options: StoreOptions) {
    this.#options = options
  }

  get path(): string {
    return this.#options.path
  }

  get exists(): boolean {
    return existsSync(join(this.#options.path, 'HEAD'))
  }

  /** Runs git in the store. */
  run(args: readonly string[], bound: Bound): Promise<GitEnd> {
    return git(args, { env: this.#options.env, ...bound, variables: this.variables })
  }

  /** Runs git in the workspace's own repository: to read from it, and for a fresh clone to bring back what was lost. */
  runInWorkspace(args: readonly string[], bound: Bound): Promise<GitEnd> {
    const { workspace, env } = this.#options
    // Even a status would refresh the person's index.
    return git([...quiet, '-C', workspace, ...args], {
      env,
      ...bound,
      variables: { GIT_OPTIONAL_LOCKS: '0' },
    })
  }

  /** @param signal absent: only who has it ends it */
  pipe(args: readonly string[], signal: AbortSignal | undefined): GitPipe {
    const { env } = this.#options
    return new GitPipe(args, { env, signal, variables: this.variables })
  }

  get variables(): Readonly<Record<string, string>> {
    return { ...identity, GIT_DIR: this.#options.path }
  }

  /**
   * Makes it ready to be used.
   * @param origin what the workspace was made from: checkpoints of another are set aside
   * @returns what is wrong
   */
  async open(origin: string, bound: Bound): Promise<string | undefined> {
    if (this.exists && (await this.#isForeign(origin))) await this.setAside()
    const fault = this.exists ? undefined : await this.#make(origin, bound)
    if (fault !== undefined) return fault
    await this.#unlock()
    return undefined
  }

  /** What is there is kept under another name, and nothing of it is looked at any more. */
  async setAside(): Promise<void> {
    const { path } = this.#options
    await rename(path, await freeName(path))
  }

  async #isForeign(origin: string): Promise<boolean> {
    const { path } = this.#options
    const [made, written] = await Promise.all([
      readFile(join(path, 'belay-origin'), 'utf8').catch(() => origin),
      readFile(join(path, 'belay-format'), 'utf8').catch(() => '1'),
    ])
    return made !== origin || written !== format
  }

  /** In one step: it is there whole, or not at all. */
  async #make(origin: string, bound: Bound): Promise<string | undefined> {
    const { path, workspace, commits, env } = this.#options
    const fresh = `${path}.new`
    await rm(fresh, { recursive: true, force: true, maxRetries: 3 })
    // A clone's objects come along as hard links, which cost nothing; so its commits are here when it is lost.
    const args =
      commits === 'here'
        ? ['clone', '--quiet', '--bare', '--no-tags', '--template=', '--', workspace, fresh]
        : ['init', '--quiet', '--bare', '--template=', '--', fresh]
    // Each name is a file, whatever the person prefers.
    const variables = { GIT_DEFAULT_REF_FORMAT: 'files' }
    const { fault } = await git([...quiet, ...args], { env, ...bound, variables })
    if (fault !== undefined) return fault
    await mkdir(join(fresh, 'info'), { recursive: true })
    await appendFile(join(fresh, 'config'), settings)
    await writeFile(join(fresh, 'info', 'attributes'), asBytes)
    await writeFile(join(fresh, 'belay-origin'), origin)
    await writeFile(join(fresh, 'belay-format'), format)
    await rename(fresh, path)
    return undefined
  }

  /** A runner that was killed leaves locks and half a pack; that it is gone says the folder's own lock. */
  async #unlock(): Promise<void> {
    const { path } = this.#options
    const refs = await readdir(join(path, 'refs'), { recursive: true })
    const packs = await readdir(join(path, 'objects', 'pack')).catch(() => [])
    const left = [
      ...(await readdir(path)).filter((name) => /\.lock$|^fast_import_crash_/.test(name)),
      ...refs.filter((name) => name.endsWith('.lock')).map((name) => join('refs', name)),
      ...packs
        .filter((name) => /^tmp_|\.(?:lock|keep)$/.test(name))
        .map((name) => join('objects', 'pack', name)),
    ]
    for (const name of left) await rm(join(path, name), { force: true })
  }

  /** The checkpoint that was kept last, by its number and commit. Their names lie in files of their own, or packed together. */
  async latest(): Promise<Pick<Kept, 'number' | 'commit'> | undefined> {
    const { path } = this.#options
    const packed = await readFile(join(path, 'packed-refs'), 'latin1').catch(() => '')
    let number = 0
    let commit = ''
    for (const [, object = '', name] of packed.matchAll(/^(\w+) refs\/checkpoints\/(\d+)$/gm))
      if (Number(name) > number) [number, commit] = [Number(name), object]
    const names = await readdir(join(path, 'refs', 'checkpoints')).catch(() => [])
    const last = Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number))
    if (last >= number && last > 0) {
      number = last
      commit = (await readFile(join(path, 'refs', 'checkpoints', String(last)), 'latin1')).trim()
    }
    return number === 0 ? undefined : { number, commit }
  }

  /** A commit that is there whole becomes a checkpoint, which nothing takes back. */
  async name({ number, commit }: Kept): Promise<void> {
    const folder = join(this.#options.path, 'refs', 'checkpoints')
    await mkdir(folder, { recursive: true })
    const path = join(folder, String(number))
    await writeFile(`${path}.lock`, `${commit}\n`, { flush: true })
    await rename(`${path}.lock`, path)
  }

  /** The files of a checkpoint, their permissions as Git knows them. @throws when they are not there */
  async tree(files: string | undefined, bound: Bound): Promise<Map<Name, Entry>> {
    const tree = new Map<Name, Entry>()
    if (files === undefined) return tree
    const listed = this.pipe(['ls-tree', '-r', '-z', files], bound.signal)
    listed.close()
    const answer = await listed.all()
    const fault = await listed.end()
    if (fault !== undefined) throw fault
    for (const line of answer.toString('latin1').split('\0')) {
      const [, mode, blob, name] = /^(\d+) blob ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? []
      if (name === undefined || blob === undefined) continue
      if (mode === '120000') tree.set(name, { mode, perm: 0, blob })
      else if (mode === '100755') tree.set(name, { mode, perm: 0o755, blob })
      else tree.set(name, { mode: '100644', perm: 0o644, blob })
    }
    return tree
  }

  /** Lets go of all checkpoints but these, and of what only the others held. Nothing else may run meanwhile. */
  async keepOnly(numbers: ReadonlySet<number>, bound: Bound): Promise<void> {
    // A writer that was let go leaves its packs marked as its own, and such are passed over.
    await this.#unlock()
    const names = ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/checkpoints']
    const { output, fault } = await this.run(names, bound)
    if (fault !== undefined) throw new Error(fault)
    const gone = output.split('\n').filter((name) => name !== '' && !numbers.has(Number(name)))
    const refs = this.pipe(['update-ref', '--stdin'], bound.signal)
    for (const name of gone) await refs.write(`delete refs/checkpoints/${name}\n`)
    const undone = await refs.end()
    if (undone !== undefined) throw undone
    // Nothing is being written, so nothing that is unnamed is wanted: no clock has a say in it. What is kept is put together
    // as it is, since looking for likenesses takes many times as long as writing it did.
    const asIs = ['-c', 'pack.window=0', '-c', 'gc.packRefs=false']
    const packed = await this.run([...asIs, 'gc', '--quiet', '--prune=now'], bound)
    if (packed.fault !== undefined) throw new Error(packed.fault)
  }

  /** Whether it lies in so many packs, one for each checkpoint, that reading it has become slow. */
  async isScattered(): Promise<boolean> {
    const names = await readdir(join(this.#options.path, 'objects', 'pack'))
    return names.filter((name) => name.endsWith('.pack')).length > packsMax
  }
}

/**
 * Writes checkpoints, one after the other: contents as they come, then the commit. One process writes many, as most of them
 * take less time than a process takes to start. Of a writer that is let go, what was not committed is nowhere.
 */
export class Writer {
  readonly #store: Store
  readonly #pipe: GitPipe

  constructor(store: Store) {
    this.#store = store
    this.#pipe = store.pipe(
      ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw'],
      undefined,
    )
  }

  /** It can write more. */
  get isReady(): boolean {
    return !this.#pipe.isOver
  }

  /** By something else than us. */
  get wasKilled(): boolean {
    return this.#pipe.wasKilled
  }

  /** @param parts exactly `size` bytes together */
  async blob(size: number, parts: Iterable<Uint8Array>): Promise<void> {
    await this.#pipe.write(`blob\ndata ${size}\n`)
    for (const part of parts) await this.#pipe.write(part)
    await this.#pipe.write('\n')
  }

  /**
   * @param base what `changes` are relative to
   * @param now seconds since the epoch, for those who look at the repository by hand
   */
  async commit({ number, base, changes, about, message }: CommitParts, now: number): Promise<Kept> {
    const pipe = this.#pipe
    const committer = `committer Belay <belay@localhost> ${now} +0000`
    await pipe.write(`commit ${nameless}\nmark :1\n${committer}\n${data(message)}`)
    // An empty line would end the commit.
    if (base !== undefined) await pipe.write(`M 040000 ${base} "files"\n`)
    let lines = ''
    for (const [name, entry] of changes) {
      lines +=
        entry === undefined
          ? `D ${quoted(`files/${name}`)}\n`
          : `M ${entry.mode} ${entry.blob} ${quoted(`files/${name}`)}\n`
      if (lines.length > 65_536) {
        await pipe.write(lines)
        lines = ''
      }
    }
    await pipe.write(`${lines}M 100644 inline "about"\n${data(about)}\n`)
    await pipe.write(`ls :1 "files"\nget-mark :1\nreset ${nameless}\n\n`)
    // Says it once all of it is on the disk.
    await pipe.write('checkpoint\nprogress kept\n')
    const listed = (await pipe.readUntil(10)).toString('latin1')
    const commit = (await pipe.readUntil(10)).toString('latin1').trim()
    await pipe.readUntil(10)
    const files = /^040000 tree ([0-9a-f]+)/.exec(listed)?.[1]
    const kept = { number, commit, ...(files === undefined ? {} : { files }) }
    await this.#store.name(kept)
    return kept
  }

  /** Lets it go. @returns when nothing of it runs any more */
  async abandon(): Promise<void> {
    this.#pipe.kill()
    await this.#pipe.end()
  }
}

/** Where a commit is while it is made: never written. */
const nameless = 'refs/belay-nameless'

export interface CommitParts {
  readonly number: number
  readonly base: string | undefined
  /** Names in the order in which they are written: what is removed first. */
  readonly changes: Iterable<readonly [Name, Entry | undefined]>
  readonly about: string
  readonly message: string
}

/** Reads contents by their blob's name, one after the other. Its process is there from the first that is asked for. */
export class Reader {
  readonly #store: Store
  readonly #signal: AbortSignal
  #pipe: GitPipe | undefined
  #lane: Promise<unknown> = Promise.resolve()

  constructor(store: Store, signal: AbortSignal) {
    this.#store = store
    this.#signal = signal
  }

  /** @throws when it is not there */
  async read(blob: string): Promise<Buffer> {
    const { type, content } = await this.#ask(blob)
    if (type !== 'blob') throw new Error(`Its content is not kept: ${blob} is a ${type}.`)
    return content
  }

  /** What a checkpoint says that Git has no word for. @throws when it is not there */
  async about(commit: string): Promise<string> {
    const { content } = await this.#ask(`${commit}:about`)
    return content.toString('utf8')
  }

  /** The name of a checkpoint's tree; `undefined` when it holds none. @throws when the checkpoint is not there */
  async files(commit: string): Promise<string | undefined> {
    await this.#ask(commit)
    try {
      return (await this.#ask(`${commit}:files`)).object
    } catch (error) {
      if (error instanceof Missing) return undefined
      throw error
    }
  }

  #ask(name: string): Promise<Found> {
    const content = this.#lane.then(() => this.#read(name))
    this.#lane = content.catch(() => undefined)
    return content
  }

  async #read(name: string): Promise<Found> {
    this.#pipe ??= this.#store.pipe(['cat-file', '--batch'], this.#signal)
    await this.#pipe.write(`${name}\n`)
    const head = (await this.#pipe.readUntil(10)).toString('latin1')
    const [, object, type, size] = /^([0-9a-f]+) (\w+) (\d+)\n$/.exec(head) ?? []
    if (object === undefined || type === undefined)
      throw new Missing(`Its content is not kept: ${head.trim()}.`)
    const content = await this.#pipe.read(Number(size) + 1)
    return { object, type, content: content.subarray(0, -1) }
  }

  async close(): Promise<void> {
    await this.#pipe?.end()
  }
}

/** An object as it is kept. */
interface Found {
  readonly object: string
  readonly type: string
  readonly content: Buffer
}

class Missing extends Error {}

/** As `fast-import` takes a text of any letters. */
function data(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return `data ${bytes.length}\n${bytes.toString('latin1')}\n`
}

/** A name of any bytes, in quotes as C has them. */
function quoted(name: Name): string {
  const inside = name.replaceAll(
    // oxlint-disable-next-line no-control-regex -- names are bytes, and these are the ones to be written as numbers
    /["\\\u0000-\u001f\u007f-\u00ff]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return `"${inside}"`
}

async function freeName(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${path}.${number}`
    if (!existsSync(name)) return name
  }
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
\tcompression = 1
\tprotectHFS = false
\tprotectNTFS = false
[pack]
\tcompression = 1
[fastimport]
\tunpackLimit = 1
[gc]
\tauto = 0
[submodule]
\trecurse = false
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
