/**
 * Which files Git ignores, by the rules of one moment: kept with each checkpoint, so that a later one can ask them again.
 *
 * Owns: gathering the rules of a repository, and asking Git about names by rules that are not there any more.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Name } from '../tree/name.ts'
import { breather } from './breather.ts'
import { pathOf } from './path-of.ts'
import type { Repository } from './repository.ts'
import type { Store } from './store.ts'

/** The rules of one repository. */
export interface Rules {
  /** Where it begins inside the workspace; `''` for the one the workspace belongs to. */
  readonly at: Name
  /** Where the workspace lies inside it; `''` for all others. */
  readonly prefix: Name
  /** What holds everywhere in it: the person's own excludes, then those of the repository. */
  readonly everywhere: string
  /** Each `.gitignore`, by its folder in the repository. */
  readonly files: readonly (readonly [folder: Name, text: string])[]
}

/** Files that hold rules are small; one that is not is none that a person wrote. */
const rulesBytesMax = 1024 * 1024

/** What a file of rules says; `''` when it is not there, cannot be read, or is no file, which is how Git reads it too. */
export function readRules(path: string | Buffer): string {
  try {
    const look = lstatSync(path, { throwIfNoEntry: false })
    if (look === undefined || !look.isFile() || look.size > rulesBytesMax) return ''
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

export function isSameRules(one: readonly Rules[], other: readonly Rules[]): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

/** The repository a name lies in, and what it is called there. */
function placeOf(name: Name, all: readonly Rules[]): { rules: Rules; inside: Name } | undefined {
  let found: Rules | undefined
  for (const rules of all)
    if (name.startsWith(rules.at) && (found === undefined || rules.at.length > found.at.length))
      found = rules
  return found === undefined
    ? undefined
    : { rules: found, inside: found.prefix + name.slice(found.at.length) }
}

/** Those of the names that these rules ignore, whatever the rules are now and whatever is tracked. */
export async function ignoredBy(
  all: readonly Rules[],
  names: Iterable<Name>,
  store: Store,
  signal: AbortSignal,
): Promise<Set<Name>> {
  const asked = new Map<Rules, Map<Name, Name>>()
  for (const name of names) {
    const place = placeOf(name, all)
    if (place === undefined) continue
    const inside = asked.get(place.rules) ?? new Map<Name, Name>()
    asked.set(place.rules, inside.set(place.inside, name))
  }
  const ignored = new Set<Name>()
  const folder = join(store.path, 'rules')
  for (const [rules, inside] of asked) {
    await rm(folder, { recursive: true, force: true })
    await lay(rules, folder)
    for (const name of await asks(inside.keys(), folder, store, signal)) {
      const given = inside.get(name)
      if (given !== undefined) ignored.add(given)
    }
  }
  await rm(folder, { recursive: true, force: true })
  return ignored
}

/** The rules alone, laid out as they lie in their repository. */
async function lay(rules: Rules, folder: string): Promise<void> {
  const breathe = breather()
  await mkdir(join(folder, 'top'), { recursive: true })
  await writeFile(join(folder, 'everywhere'), rules.everywhere, 'latin1')
  for (const [at, text] of rules.files) {
    await breathe()
    await mkdir(pathOf(join(folder, 'top'), at), { recursive: true })
    await writeFile(pathOf(join(folder, 'top'), `${at}.gitignore`), text, 'latin1')
  }
}

async function asks(
  names: Iterable<Name>,
  folder: string,
  store: Store,
  signal: AbortSignal,
): Promise<readonly Name[]> {
  const top = join(folder, 'top')
  const at = ['-c', `core.excludesFile=${join(folder, 'everywhere')}`, '-C', top]
  const question = ['check-ignore', '-z', '--stdin', '--no-index']
  const ask = store.pipe([...at, `--work-tree=${top}`, ...question], signal)
  const writing = async () => {
    // What begins with a colon would be magic.
    for (const name of names) await ask.write(`./${name}\0`)
    ask.close()
  }
  const [answer] = await Promise.all([ask.all(), writing()])
  const fault = await ask.end()
  // 1: none of them is ignored.
  if (fault !== undefined && ask.code !== 1) throw fault
  const ignored = answer.toString('latin1').split('\0')
  return ignored.filter((name) => name !== '').map((name) => name.slice(2))
}

/** The rules outside of the workspace that a repository has: those above it, and those for all of it. */
export function rulesAround(
  { top, common }: Repository,
  prefix: Name,
  personal: string,
): Pick<Rules, 'everywhere' | 'files'> {
  const files: (readonly [Name, string])[] = []
  let above: Name = ''
  for (const part of prefix.split('/')) {
    if (part === '') break
    const text = readRules(pathOf(top, `${above}.gitignore`))
    if (text !== '') files.push([above, text])
    above += `${part}/`
  }
  const own = readRules(join(common, 'info', 'exclude'))
  return { everywhere: `${personal}\n${own}`, files }
}
