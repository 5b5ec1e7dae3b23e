/**
 * All of a folder at one moment, byte for byte, in the plainest form there is.
 *
 * Owns: what is in it for a model of whose bytes they are: repositories, Belay's own files, files and empty folders.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Bytes of a path, one character each; a folder's ends with `/`. */
export type Name = string

/** `f 755:content`, `l:target` or `d 755`. */
export type State = string

export type Snapshot = ReadonlyMap<Name, State>

function bytesOf(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

/** As the platform's functions want a path of any bytes. */
export function placeOf(top: string, name: Name): Buffer {
  return bytesOf(`${top}/${name.replace(/\/$/, '')}`)
}

/** @param leave what changes by itself */
export function snapshotOf(top: string, leave: (name: Name) => boolean): Snapshot {
  const found = new Map<Name, State>()
  const waiting: Name[] = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = readdirSync(bytesOf(`${top}/${folder}`), {
      withFileTypes: true,
      encoding: 'buffer',
    })
    for (const entry of entries) {
      const name = folder + entry.name.toString('latin1')
      const path = placeOf(top, name)
      if (leave(name)) continue
      if (entry.isDirectory()) {
        found.set(`${name}/`, `d ${perm(path)}`)
        waiting.push(`${name}/`)
      } else if (entry.isSymbolicLink())
        found.set(name, `l:${readlinkSync(path, { encoding: 'buffer' }).toString('latin1')}`)
      else found.set(name, `f ${perm(path)}:${readFileSync(path, 'latin1')}`)
    }
  }
  return found
}

function perm(path: Buffer): string {
  return (lstatSync(path).mode & 0o7777).toString(8)
}

export function parentOf(name: Name): Name {
  const bare = name.endsWith('/') ? name.slice(0, -1) : name
  return bare.slice(0, bare.lastIndexOf('/') + 1)
}

/** All folders a name is in, the outermost first. */
export function parentsOf(name: Name): readonly Name[] {
  const parents: Name[] = []
  for (let parent = parentOf(name); parent !== ''; parent = parentOf(parent))
    parents.unshift(parent)
  return parents
}

/** Every name that differs. */
export function changed(one: Snapshot, other: Snapshot): ReadonlySet<Name> {
  const names = new Set<Name>()
  for (const [name, state] of one) if (other.get(name) !== state) names.add(name)
  for (const name of other.keys()) if (!one.has(name)) names.add(name)
  return names
}

/** What of a whole a restore could be about: files, links and empty folders of the workspace, without anybody's `.git`. */
export function viewOf(all: Snapshot, workspace: Name): Snapshot {
  const own = ownFolders(all)
  const full = new Set([...all.keys()].map((name) => parentOf(name)))
  const view = new Map<Name, State>()
  for (const [name, state] of all) {
    if (!name.startsWith(workspace) || name === workspace || isGits(name)) continue
    if (state.startsWith('d') && full.has(name)) continue
    if ([name, ...parentsOf(name)].some((folder) => own.has(folder))) continue
    view.set(name.slice(workspace.length), state)
  }
  return view
}

/** Everything else: what no act of a session may ever touch. */
export function restOf(all: Snapshot, view: Snapshot, workspace: Name): Snapshot {
  return new Map(
    [...all].filter(
      ([name, state]) =>
        !(name.startsWith(workspace) && view.has(name.slice(workspace.length))) &&
        // Folders come and go with what is in them.
        !(state.startsWith('d') && !isGits(name)),
    ),
  )
}

/** A file in the making that a restore left as its runner was killed. */
export function isLitter(name: Name): boolean {
  return /(?:^|\/)\.belay-restore-\d+-[0-9a-f]{12}\.tmp$/.test(name)
}

export function isGits(name: Name): boolean {
  return `/${name}`.includes('/.git/') || name.endsWith('/.git') || name === '.git'
}

/** Data folders of any server: those that hold its store and its two secrets. */
export function ownFolders(all: Snapshot): ReadonlySet<Name> {
  const held = ['belay.db', 'secret', 'token']
  const folders = new Set<Name>()
  for (const name of all.keys())
    if (name.endsWith('/') && held.every((file) => all.has(name + file))) folders.add(name)
  return folders
}

/** Folders count, their permissions do not. */
export function plain(all: Snapshot): Snapshot {
  return new Map([...all].map(([name, state]) => [name, state.startsWith('d') ? 'd' : state]))
}
