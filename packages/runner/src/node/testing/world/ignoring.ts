/**
 * What Git ignores, told by a few lines that know a few kinds of patterns: slow, plain, and nothing of Belay's.
 *
 * Owns: which repository a name belongs to. The world compares its answers with Git's own now and then.
 */
import { type Name, parentOf, parentsOf, type Snapshot } from './snapshot.ts'

/** Everything that decides at one moment; names are those of the whole place. */
export interface Moment {
  readonly all: Snapshot
  /** The folder with the person's own excludes, `''` when there are none. */
  readonly personal: string
  /** Tracked files of every repository, by where its work tree begins. */
  readonly tracked: ReadonlyMap<Name, ReadonlySet<Name>>
}

/** Patterns the world uses; each is of a kind that `matches` knows. */
export const patterns = [
  '*.env',
  'secret/',
  '/k.key',
  'd/x.log',
  '!d/x.env',
  'build',
  '*.log',
] as const

/** Where the work trees are that a name lies in, the outermost first. */
export function repositoriesOf(name: Name, all: Snapshot): readonly Name[] {
  return ['', ...parentsOf(name)].filter(
    (folder) => all.has(`${folder}.git/HEAD`) || all.has(`${folder}.git`),
  )
}

function isTracked(name: Name, { all, tracked }: Moment): boolean {
  return repositoriesOf(name, all).some((top) => tracked.get(top)?.has(name) === true)
}

/**
 * @param name of the whole place
 * @param workspace where the outermost owner is looked for: at it or above it
 */
export function isIgnored(name: Name, moment: Moment, workspace: Name): boolean {
  if (isTracked(name, moment)) return false
  const tops = repositoriesOf(name, moment.all)
  const outer = tops.findLast((top) => workspace.startsWith(top)) ?? workspace
  const inner = tops.filter((top) => top.length > workspace.length && top !== name)
  const owners = [outer, ...inner]
  // A repository inside that is ignored as a folder hides all that is in it.
  return owners.some((top, index) => ignoredIn(top, owners[index + 1] ?? name, moment))
}

function ignoredIn(top: Name, name: Name, moment: Moment): boolean {
  const folders = parentsOf(name).filter((folder) => folder.length > top.length)
  return [...folders, name].some((part) => decides(top, part, moment))
}

/** What the last matching rule says of this one folder or file, whatever holds of those it is in. */
function decides(top: Name, name: Name, { all, personal }: Moment): boolean {
  let ignored = false
  const ask = (text: string, base: Name) => {
    for (const line of text.split('\n'))
      if (matches(line.replace(/^!/, ''), name.slice(base.length))) ignored = !line.startsWith('!')
  }
  ask(personal, top)
  ask(excludesOf(top, all), top)
  for (const folder of [top, ...parentsOf(name).filter((at) => at.length > top.length)])
    ask(contentOf(all.get(`${folder}.gitignore`)), folder)
  return ignored
}

function excludesOf(top: Name, all: Snapshot): string {
  const pointer = contentOf(all.get(`${top}.git`))
  // A worktree's excludes are those of the repository it belongs to, which the world has beside it.
  const common = pointer === '' ? `${top}.git/` : 'main/.git/'
  return contentOf(all.get(`${common}info/exclude`))
}

function contentOf(state: string | undefined): string {
  return state?.startsWith('f') === true ? state.slice(state.indexOf(':') + 1) : ''
}

/** @param name from the folder of the rule on; of a folder it ends with `/` */
function matches(pattern: string, name: Name): boolean {
  if (pattern === '' || (pattern.endsWith('/') && !name.endsWith('/'))) return false
  const plain = pattern.replace(/\/$/, '')
  const path = name.replace(/\/$/, '')
  const subject = plain.includes('/') ? path : path.slice(parentOf(path).length)
  const text = plain
    .replace(/^\//, '')
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
  return new RegExp(`^${text}$`, 's').test(subject)
}
