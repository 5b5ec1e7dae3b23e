/** What a finish may do to a repository: one commit of what the session's acts changed, and nothing to what others have staged. */
import type { FinishResult } from '@belay/protocol'
import type { Disturbance } from './disturbing.ts'
import { isIgnored } from './ignoring.ts'
import { type Act, changesOf, type Seen } from './ledger.ts'
import type { Place } from './place.ts'
import type { Name } from './snapshot.ts'

/** Where the repository of the workspace stands; of none there is nothing. */
export interface Standing {
  readonly head: string | undefined
  /** Lines of the index by name, which is that of the whole place. */
  readonly index: ReadonlyMap<Name, string>
}

export interface Finished {
  readonly before: Standing
  readonly after: Standing
  readonly result: FinishResult | undefined
  readonly fired: Disturbance | undefined
  /** Of this session, those that are not in a commit yet. */
  readonly acts: readonly Act[]
  readonly start: Seen
}

export function standingOf(place: Place): Standing {
  const top = place.ownTop
  if (top === undefined) return { head: undefined, index: new Map() }
  const head = place.ask('rev-parse', '--verify', '--quiet', 'HEAD')?.trim()
  const lines = (place.ask('ls-files', '--stage', '-z') ?? '').split('\0')
  const index = new Map(
    lines.filter((line) => line !== '').map((line) => [top + line.replace(/^[^\t]*\t/, ''), line]),
  )
  return { head, index }
}

/** @returns what is wrong */
export function wrongFinish(finished: Finished, place: Place): string | undefined {
  const { before, after, result, fired } = finished
  const lock = fired === 'git-killed' ? undefined : lockIn(place)
  if (lock !== undefined) return `${lock} was left`
  if (result?.commit !== undefined && result.commit !== after.head)
    return `it told of ${result.commit}, and the branch is on ${after.head}`
  const names = new Set<Name>()
  if (after.head !== undefined && after.head !== before.head) {
    const parent = place.ask('rev-parse', '--verify', '--quiet', 'HEAD^')?.trim()
    if (parent !== before.head) return 'the branch lost what it was on'
    for (const name of committedNames(place)) {
      names.add(name)
      const wrong = wrongName(name, finished, place)
      if (wrong !== undefined) return `${JSON.stringify(name)} ${wrong}`
    }
  }
  for (const name of new Set([...before.index.keys(), ...after.index.keys()]))
    if (!names.has(name) && before.index.get(name) !== after.index.get(name))
      return `${JSON.stringify(name)} is no more staged as it was`
  return undefined
}

function lockIn(place: Place): Name | undefined {
  const { ownGit } = place
  if (ownGit === undefined) return undefined
  return [...place.snapshot().keys()].find(
    (name) => name.startsWith(ownGit) && name.endsWith('.lock'),
  )
}

function committedNames(place: Place): readonly Name[] {
  const args = ['-r', '-z', '--root', '--no-commit-id', '--no-renames', '--name-only']
  const names = place.ask('diff-tree', ...args, 'HEAD', '--') ?? ''
  return names.split('\0').flatMap((name) => (name === '' ? [] : [(place.ownTop ?? '') + name]))
}

function wrongName(
  name: Name,
  { acts, before, start }: Finished,
  place: Place,
): string | undefined {
  const { workspace, ownTop = '' } = place
  if (!name.startsWith(workspace)) return 'was committed, and lies outside of the folder'
  const inside = name.slice(workspace.length)
  const way = acts.filter((act) => changesOf(act).has(inside))
  if (way.length === 0) return 'was committed, and no act of the session changed it'
  const moments = [start, ...way.flatMap(({ end }) => (end === undefined ? [] : [end]))]
  if (moments.every(({ moment }) => isIgnored(name, moment, workspace)))
    return 'was committed, and is ignored'
  if (way.some(({ foreign }) => foreign.has(inside))) return undefined
  const path = name.slice(ownTop.length)
  const own = new Set(before.head === undefined ? [] : wordsOf(place.ask('show', `HEAD^:${path}`)))
  for (const { start: from, end } of way) {
    const had = new Set(wordsOf(from.view.get(inside)))
    for (const word of wordsOf(end?.view.get(inside))) if (!had.has(word)) own.add(word)
  }
  const taken = wordsOf(place.ask('show', `HEAD:${path}`)).find((word) => !own.has(word))
  return taken === undefined ? undefined : `was committed with ${taken}, which no act wrote there`
}

function wordsOf(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/tok\d+\./g)].map(([word]) => word)
}
