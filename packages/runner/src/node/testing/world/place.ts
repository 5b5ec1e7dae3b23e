/**
 * A folder that people, agents and Git work in, made of real files and real repositories, by chance.
 *
 * Owns: every change that is not Belay's. Each has words of its own, so that whose words are where can be told.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@belay/testing'
import { type Moment, patterns } from './ignoring.ts'
import { names } from './names.ts'
import {
  isGits,
  isLitter,
  type Name,
  ownFolders,
  parentOf,
  parentsOf,
  placeOf,
  type Snapshot,
  snapshotOf,
} from './snapshot.ts'

const layouts = ['plain', 'repository', 'package', 'worktree', 'data-inside'] as const
type Layout = (typeof layouts)[number]

/** A world with less chance in it: what it is about happens sooner. */
export interface Narrow {
  readonly layout?: Layout
  readonly names?: readonly Name[]
}

const ruleFiles: readonly Name[] = ['.gitignore', 'd/.gitignore', 'd/e/.gitignore', 'in/.gitignore']
const inners: readonly Name[] = ['in/', 'd/in/']
const perms = [0o644, 0o600, 0o755, 0o700, 0o444, 0o640] as const

export class Place {
  readonly #random: Random
  readonly top: string
  /** Where the workspace lies in it, with its `/`. */
  readonly workspace: Name
  /** Where the server's own files lie in it, with the `/`. */
  readonly data: Name
  readonly layout: Layout
  readonly env: Readonly<Record<string, string | undefined>>
  readonly #tracked = new Map<Name, ReadonlySet<Name>>()
  /** In a small world everybody meets everybody. */
  readonly #names: readonly Name[]
  #words = 0

  constructor(top: string, random: Random, narrow: Narrow = {}) {
    this.top = top
    this.#random = random
    this.layout = narrow.layout ?? random.pick(layouts)
    this.#names = narrow.names ?? (random.chance(0.5) ? random.shuffle(names).slice(0, 4) : names)
    this.workspace = this.layout === 'package' ? 'big/pkg/' : 'work/'
    this.data = this.layout === 'data-inside' ? 'work/.belay/' : 'data/'
    this.env = {
      PATH: process.env['PATH'],
      HOME: join(top, 'home'),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      EMAIL: 'ada@localhost',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_COMMITTER_NAME: 'Ada',
    }
    for (const folder of ['home', this.workspace, this.data]) this.#folder(folder)
    this.#makeData(this.data)
    if (this.layout === 'repository' || this.layout === 'data-inside') this.#init('work/')
    if (this.layout === 'package') this.#init('big/')
    if (this.layout === 'worktree') this.#worktree()
    if (random.chance(0.3)) {
      this.#folder('home/.config/git/')
      writeFileSync(join(top, 'home/.config/git/ignore'), `${random.pick(patterns)}\n`)
    }
    if (this.layout === 'package' && random.chance(0.7)) this.#ruled('big/.gitignore')
    if (random.chance(0.4)) this.#ruled(`${this.workspace}.gitignore`)
    if (random.chance(0.3)) this.#otherData()
    for (let count = random.integer(2, 5); count > 0; count--) this.#write(random.pick(this.#names))
  }

  get path(): string {
    return join(this.top, this.workspace.slice(0, -1))
  }

  get dataPath(): string {
    return join(this.top, this.data.slice(0, -1))
  }

  /** All of it but what is Belay's to change: its runners' folders, and who is beside whom. */
  snapshot(): Snapshot {
    const own = [`${this.data}runners`, `${this.data}beside.db`]
    return snapshotOf(
      this.top,
      (name) => isLitter(name) || own.some((start) => name.startsWith(start)),
    )
  }

  /** What a killed restore of this session left, which says of itself which one it was. */
  litter(session: string): readonly Name[] {
    const acts = join(this.dataPath, 'runners', session, 'checkpoints.git/belay-acts')
    return [...snapshotOf(this.path, (name) => isGits(name)).keys()].filter((name) => {
      const [, number = '', commit = ''] = /-(\d+)-([0-9a-f]{12})\.tmp$/.exec(name) ?? []
      const act = join(acts, `${number.padStart(9, '0')}.json`)
      return isLitter(name) && existsSync(act) && readFileSync(act, 'utf8').includes(commit)
    })
  }

  /** Where the repository begins that the workspace belongs to. */
  get ownTop(): Name | undefined {
    return [this.workspace, 'big/'].find(
      (top) => this.workspace.startsWith(top) && this.#kind(`${top}.git`) !== undefined,
    )
  }

  /** The folder of that repository with all that Git writes. */
  get ownGit(): Name | undefined {
    return this.ownTop === undefined ? undefined : this.#common(this.ownTop)
  }

  /** Asks Git something about it. @returns what it says; `undefined` when it would not */
  ask(...args: readonly string[]): string | undefined {
    try {
      return this.#git(join(this.top, this.ownTop ?? this.workspace), args)
    } catch {
      return undefined
    }
  }

  /** Somebody else committed: what is tracked is looked at again, and locks of a Git that was killed are taken away as a person does. */
  committed(): void {
    if (this.ownGit === undefined || this.ownTop === undefined) return
    const folder = join(this.top, this.ownGit)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.lock')) rmSync(join(folder, name))
    this.#track(this.ownTop)
  }

  moment(all: Snapshot): Moment {
    const rules = all.get('home/.config/git/ignore') ?? ''
    const tracked = new Map(
      [...this.#tracked].filter(([top]) => all.has(`${top}.git/HEAD`) || all.has(`${top}.git`)),
    )
    return { all, personal: rules.slice(rules.indexOf(':') + 1), tracked }
  }

  /** One change of files, as a person or an agent makes it. @returns what it was */
  edit(): string {
    const random = this.#random
    const name = random.pick(this.#names)
    const kind = random.pick([
      'write',
      'write',
      'write',
      'append',
      'remove',
      'remove',
      'rename',
      'chmod',
      'link',
      'folder',
    ])
    switch (kind) {
      case 'write':
        return `write ${this.#write(name)}`
      case 'append':
        return `append ${this.#append()}`
      case 'remove':
        return `remove ${this.#remove()}`
      case 'rename':
        return `rename ${this.#rename(name)}`
      case 'chmod':
        return `chmod ${this.#chmod()}`
      case 'link':
        return `link ${this.#link(name)}`
      default:
        return `folder ${this.#emptyFolder(name)}`
    }
  }

  /** Other rules of what is ignored, at one of the places where they can be. */
  rules(): string {
    const random = this.#random
    const lines = random.shuffle(patterns).slice(0, random.integer(0, 3))
    const text = lines.map((line) => `${line}\n`).join('')
    const excludes = this.#repositories().map((at) => `${this.#common(at)}info/exclude`)
    const above = this.layout === 'package' ? ['big/.gitignore'] : []
    const name = random.pick([
      ...ruleFiles.map((file) => this.workspace + file),
      ...excludes,
      ...above,
    ])
    if (!this.#clear(name)) return 'rules nowhere'
    writeFileSync(placeOf(this.top, name), text)
    return `rules ${name}: ${lines.join(' ')}`
  }

  #ruled(name: Name): void {
    const lines = this.#random.shuffle(patterns).slice(0, 2)
    writeFileSync(placeOf(this.top, name), `${lines.join('\n')}\n`)
  }

  /** Names in the last checkpoint of a store. */
  kept(store: string): readonly Name[] {
    const folder = join(store, 'refs/checkpoints')
    if (!existsSync(folder)) return []
    const numbers = readdirSync(folder).filter((name) => /^\d+$/.test(name))
    const last = Math.max(...numbers.map(Number))
    const args = ['ls-tree', '-r', '-z', '--name-only', `refs/checkpoints/${last}:files`]
    const listed = spawnSync('git', ['-C', store, ...args], { env: this.env, encoding: 'latin1' })
    return listed.stdout.split('\0').filter((name) => name !== '')
  }

  /** Something done with Git. @returns what, and whether Git would */
  git(): string {
    const random = this.#random
    const tops = this.#repositories()
    const kind = random.pick([
      'commit',
      'commit',
      'add-forced',
      'untrack',
      'gc',
      'unmake',
      'init',
      'inner',
      'inner',
      'clone',
      'other-data',
    ])
    if (kind === 'init') return this.#initAgain()
    if (kind === 'inner') return this.#inner(random.pick(inners))
    if (kind === 'clone') return this.#clone(random.pick(inners))
    if (kind === 'other-data') return this.#otherData()
    if (tops.length === 0) return `${kind} nowhere`
    const top = random.pick(tops)
    if (kind === 'unmake') {
      rmSync(placeOf(this.top, `${top}.git`), { recursive: true, force: true })
      this.#tracked.delete(top)
      return `unmake ${top}`
    }
    return `${kind} ${top} ${this.#run(kind, top)}`
  }

  #run(kind: string, top: Name): string {
    const folder = join(this.top, top)
    const own = [...ownFolders(this.snapshot())].filter((name) => name.startsWith(top))
    const but = own.map((name) => `:(exclude,top)${name.slice(top.length, -1)}`)
    try {
      if (kind === 'commit') {
        this.#git(folder, ['add', '-A', '--', '.', ...but])
        this.#git(folder, ['commit', '-qm', 'x', '--allow-empty'])
      } else if (kind === 'add-forced') this.#git(folder, ['add', '-f', '-A', '--', '.', ...but])
      else if (kind === 'untrack')
        this.#git(folder, ['rm', '-rqf', '--cached', '--', '*.env', '*d*'])
      else this.#git(folder, ['gc', '-q', '--prune=now'])
    } catch {
      return 'Git would not'
    } finally {
      this.#track(top)
    }
    return 'done'
  }

  #git(folder: string, args: readonly string[]): string {
    return execFileSync('git', ['-C', folder, '-c', 'advice.addEmbeddedRepo=false', ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'latin1',
    })
  }

  #track(top: Name): void {
    const listed = this.#git(join(this.top, top), ['ls-files', '-z']).split('\0')
    this.#tracked.set(top, new Set(listed.filter((name) => name !== '').map((name) => top + name)))
  }

  /** What Git says is there in the workspace's own repository; `undefined` when there is none, or it holds others. */
  listed(): ReadonlySet<Name> | undefined {
    const tops = this.#repositories()
    if (tops.length !== 1 || !tops.every((top) => this.workspace.startsWith(top))) return undefined
    const output = this.#git(this.path, ['ls-files', '-z', '-co', '--exclude-standard'])
    return new Set(output.split('\0').filter((name) => name !== ''))
  }

  #repositories(): readonly Name[] {
    const candidates = ['big/', this.workspace, ...inners.map((name) => this.workspace + name)]
    return candidates.filter((top) => this.#kind(`${top}.git`) !== undefined)
  }

  #common(top: Name): Name {
    return this.#kind(`${top}.git`) === 'file' ? 'main/.git/' : `${top}.git/`
  }

  #initAgain(): string {
    if (this.#kind(`${this.workspace}.git`) !== undefined) return 'init nowhere'
    this.#init(this.workspace)
    return 'init'
  }

  #inner(name: Name): string {
    const at = this.workspace + name
    if (this.#kind(`${at}.git`) !== undefined) {
      const gone = this.#random.chance(0.5) ? at : `${at}.git`
      rmSync(placeOf(this.top, gone), { recursive: true, force: true })
      this.#tracked.delete(at)
      return `inner gone ${name}`
    }
    if (!this.#clear(`${at}x`)) return 'inner nowhere'
    this.#init(at)
    return `inner ${name}`
  }

  #clone(name: Name): string {
    const at = this.workspace + name
    if (this.#kind(at) !== undefined || !this.#clear(at.slice(0, -1))) return 'clone nowhere'
    if (this.#kind('seed/') === undefined) {
      this.#init('seed/')
      writeFileSync(join(this.top, 'seed/f'), this.#text())
      this.#git(join(this.top, 'seed'), ['add', '.'])
      this.#git(join(this.top, 'seed'), ['commit', '-qm', 'seed'])
    }
    this.#git(this.top, ['clone', '-q', '--template=', 'seed', at])
    this.#track(at)
    return `clone ${name}`
  }

  /** The data folder of another server, under a name that says nothing, or a link to one. */
  #otherData(): string {
    const at = `${this.workspace}${this.#random.pick(['srv', 'd/other', 'state.d', 's\u00fe'])}/`
    if (this.#kind(at) !== undefined || !this.#clear(at.slice(0, -1))) return 'other-data nowhere'
    if (this.#random.chance(0.3)) {
      symlinkSync(this.dataPath, placeOf(this.top, at))
      return `other-data link ${at}`
    }
    this.#folder(at)
    this.#makeData(at)
    return `other-data ${at}`
  }

  #makeData(at: Name): void {
    for (const file of ['belay.db', 'secret', 'token', 'more'])
      writeFileSync(placeOf(this.top, at + file), this.#text())
  }

  #init(at: Name): void {
    for (const folder of ['objects/', 'refs/heads/', 'info/']) this.#folder(`${at}.git/${folder}`)
    writeFileSync(placeOf(this.top, `${at}.git/HEAD`), 'ref: refs/heads/main\n')
    writeFileSync(
      placeOf(this.top, `${at}.git/config`),
      '[core]\n\trepositoryformatversion = 0\n\tbare = false\n',
    )
    this.#tracked.set(at, new Set())
  }

  #worktree(): void {
    this.#init('main/')
    this.#folder('main/.git/worktrees/work/')
    const at = join(this.top, 'main/.git/worktrees/work')
    writeFileSync(join(at, 'HEAD'), 'ref: refs/heads/side\n')
    writeFileSync(join(at, 'commondir'), '../..\n')
    writeFileSync(join(at, 'gitdir'), `${join(this.top, 'work/.git')}\n`)
    writeFileSync(join(this.top, 'work/.git'), `gitdir: ${at}\n`)
    this.#tracked.set('work/', new Set())
  }

  #folder(name: Name): void {
    mkdirSync(placeOf(this.top, name), { recursive: true })
  }

  #text(): string {
    this.#words++
    const odd = this.#random.chance(0.1) ? '\0\u00ff' : ''
    return `tok${this.#words}.${odd}\n${this.#random.chance(0.3) ? 'line\n'.repeat(20) : ''}`
  }

  #write(name: Name): Name {
    const path = this.workspace + name
    if (this.#kind(path) === 'file' && this.#random.chance(0.7))
      writeFileSync(placeOf(this.top, path), this.#text(), 'latin1')
    else if (this.#clear(path)) {
      writeFileSync(placeOf(this.top, path), this.#text(), 'latin1')
      if (this.#random.chance(0.3)) chmodSync(placeOf(this.top, path), this.#random.pick(perms))
    } else return 'nowhere'
    return name
  }

  #append(): Name {
    const name = this.#some('file')
    if (name === undefined || this.#kind(name) !== 'file') return 'nothing'
    appendFileSync(placeOf(this.top, name), this.#text(), 'latin1')
    return name
  }

  #remove(): Name {
    const name = this.#random.chance(0.8) ? this.#some('file') : this.#some('any')
    if (name === undefined || this.#isHeld(name)) return 'nothing'
    rmSync(placeOf(this.top, name), { recursive: true, force: true })
    return name
  }

  #rename(to: Name): Name {
    const from = this.#some('file')
    const path = this.workspace + to
    if (from === undefined || `${path}/`.startsWith(`${from}/`)) return 'nothing'
    if (from.startsWith(`${path}/`) || !this.#clear(path) || this.#kind(from) === undefined)
      return 'nothing'
    renameSync(placeOf(this.top, from), placeOf(this.top, path))
    return `${from} ${to}`
  }

  #chmod(): Name {
    const name = this.#some('file')
    if (name === undefined || this.#kind(name) !== 'file') return 'nothing'
    chmodSync(placeOf(this.top, name), this.#random.pick(perms))
    return name
  }

  #link(name: Name): Name {
    const path = this.workspace + name
    if (!this.#clear(path)) return 'nowhere'
    const to = this.#random.pick([
      'a',
      'd',
      'in',
      'secret',
      '..',
      'nowhere',
      this.dataPath,
      '/',
      join(this.top, 'home'),
      'd/x',
    ])
    symlinkSync(to, placeOf(this.top, path))
    return `${name} ${to}`
  }

  #emptyFolder(name: Name): Name {
    const path = `${this.workspace}${name}-folder/`
    if (this.#kind(path) !== undefined || !this.#clear(path.slice(0, -1))) return 'nowhere'
    this.#folder(path)
    return path
  }

  /** Makes room for a file, as one does who replaces a file by a folder or a folder by a file. @returns whether it may */
  #clear(name: Name): boolean {
    for (const folder of parentsOf(name)) {
      const kind = this.#kind(folder)
      if (kind === 'file' || kind === 'link') rmSync(placeOf(this.top, folder))
    }
    if (this.#isHeld(name)) return false
    rmSync(placeOf(this.top, name), { recursive: true, force: true })
    this.#folder(parentOf(name))
    return true
  }

  /** It is a repository, a data folder, or holds or lies in one of them: nobody removes that by a slip. */
  #isHeld(name: Name): boolean {
    const all = this.snapshot()
    const own = ownFolders(all)
    if (parentsOf(name).some((folder) => own.has(folder))) return true
    return (
      [...all.keys()].some((at) => at.startsWith(`${name}/`) && (isGits(at) || own.has(at))) ||
      this.data.startsWith(`${name}/`)
    )
  }

  #kind(name: Name): 'file' | 'folder' | 'link' | undefined {
    try {
      const look = lstatSync(placeOf(this.top, name), { throwIfNoEntry: false })
      if (look === undefined) return undefined
      return look.isDirectory() ? 'folder' : look.isSymbolicLink() ? 'link' : 'file'
    } catch {
      // Something on the way is no folder, so there is nothing.
      return undefined
    }
  }

  /** Something that is there and neither a repository's nor Belay's. */
  #some(kind: 'file' | 'any'): Name | undefined {
    const all = this.snapshot()
    const own = ownFolders(all)
    const found = [...all.keys()].filter(
      (name) =>
        name.startsWith(this.workspace) &&
        name !== this.workspace &&
        !isGits(name) &&
        (kind === 'any' || !name.endsWith('/')) &&
        ![name, ...parentsOf(name)].some((folder) => own.has(folder)),
    )
    return found.length === 0 ? undefined : this.#random.pick(found).replace(/\/$/, '')
  }
}
