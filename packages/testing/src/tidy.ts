/**
 * What a repository must look like, as functions of its files: each takes text and gives complaints, one sentence
 * each. `tidy.test.ts` reads the real repository and wants none, and shows each function something bad.
 *
 * Owns: what compilers and linters do not see. Imports and directions are dependency-cruiser's, style is the linter's.
 */

/** The text of files by their path from the root of the repository. */
export type Files = ReadonlyMap<string, string>

const ruleLine = /^- \*\*([A-Z]+-\d+)\*\* (.*)$/
const testIds = /['"`]((?:\[[A-Z]+-\d+\] ?)+)/g
const headerIds = /^ \* - ([A-Z]+-\d+) /gm

/** What went wrong elsewhere, each with the rules that stand against it. */
const failures = 'design/failures.md'

/** Every rule of the specification is quoted by a test, every rule a test or a header quotes is defined, once. */
export function ruleComplaints(files: Files): readonly string[] {
  const complaints: string[] = []
  const defined = new Map<string, string>()
  for (const [path, text] of files) {
    if (!/^spec\/[^/]+\.md$/.test(path)) continue
    for (const line of text.split('\n')) {
      if (!line.startsWith('- **')) continue
      const [, id, sentence = ''] = ruleLine.exec(line) ?? []
      if (id === undefined) complaints.push(`${path}: not a rule: ${line.slice(0, 60)}`)
      else if (defined.has(id))
        complaints.push(`${path}: ${id} is defined in ${defined.get(id)} too`)
      else defined.set(id, path)
      if (id !== undefined && !sentence.endsWith('.'))
        complaints.push(`${path}: ${id} has no full stop`)
    }
  }
  const tested = new Set<string>()
  for (const [path, text] of files) {
    const named = isTest(path) ? idsInNames(text) : isSource(path) ? idsInHeaders(text) : []
    for (const id of named) {
      if (isTest(path)) tested.add(id)
      if (!defined.has(id)) complaints.push(`${path}: ${id} is in no file of spec/`)
    }
  }
  for (const id of files.get(failures)?.match(/\b[A-Z]+-\d+\b/g) ?? []) {
    if (!defined.has(id)) complaints.push(`${failures}: ${id} is in no file of spec/`)
  }
  for (const [id, path] of defined) {
    if (!tested.has(id)) complaints.push(`${path}: no test is named [${id}]`)
  }
  return [...new Set(complaints)]
}

/** Suites that a test file runs with its own subject hold test names too. */
function isTest(path: string): boolean {
  return /\.test\.tsx?$|contract\.ts$/.test(path)
}

function isSource(path: string): boolean {
  return /^(packages|apps)\/.*\.tsx?$/.test(path)
}

function idsInNames(text: string): readonly string[] {
  return [...text.matchAll(testIds)].flatMap(([, ids = '']) =>
    [...ids.matchAll(/[A-Z]+-\d+/g)].map(([id]) => id),
  )
}

function idsInHeaders(text: string): readonly string[] {
  return [...text.matchAll(headerIds)].map(([, id = '']) => id)
}

/** One title per document, as its first line. */
export function titleComplaints(files: Files): readonly string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.endsWith('.md')) return []
    const titles = outsideCode(text).filter((line) => line.startsWith('# '))
    if (titles.length !== 1) return [`${path}: ${titles.length} titles instead of one`]
    return text.startsWith('# ') ? [] : [`${path}: does not begin with its title`]
  })
}

function outsideCode(text: string): readonly string[] {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '').split('\n')
}

/** A mark for work left undone is for a branch, never for what others build on. */
export function leftoverComplaints(files: Files): readonly string[] {
  const mark = /(?:\/\/|\/\*|^\s*\*|#|<!--)\s*F[I]XME\b/m
  return [...files]
    .filter(([, text]) => mark.test(text))
    .map(([path]) => `${path}: something is left to fix`)
}

/** Files that name paths in backticks name what is there. `*` stands for one part of a path. */
export function pathComplaints(
  files: Files,
  document: string,
  paths: readonly string[],
): readonly string[] {
  const text = files.get(document)
  if (text === undefined) return [`${document}: there is no such file`]
  const present = new Set([...paths, ...paths.flatMap(foldersOf)])
  const roots = new Set(paths.map((path) => path.split('/')[0]))
  const named = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name)
  return named
    .filter((name) => isPath(name, roots))
    .filter((name) => !isPresent(name.replace(/\/$/, ''), present))
    .map((name) => `${document}: there is no \`${name}\``)
}

/** A path begins with something at the root, or is a file of the repository's own kinds. */
function isPath(name: string, roots: ReadonlySet<string | undefined>): boolean {
  if (!/^[\w.@*-]+(\/[\w.@*-]+)*\/?$/.test(name)) return false
  const first = name.split('/')[0]
  return (name.includes('/') && roots.has(first)) || /\.(md|ts|tsx|mjs)$/.test(name)
}

function isPresent(name: string, present: ReadonlySet<string>): boolean {
  const escaped = name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')
  const pattern = new RegExp(`^(.*/)?${escaped}$`)
  return present.has(name) || [...present].some((path) => pattern.test(path))
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Words that must not be published: paths of one machine, and hosts that packages came from. */
export function forbiddenComplaints(files: Files): readonly string[] {
  const kinds = [
    { what: 'a path of one machine', pattern: /(?<![\w.~})-])\/(work|root)\/[\w.]/ },
    { what: 'a home folder', pattern: /(?<![\w.])\/(home|Users)\/(?!you\b|me\b)[a-z]\w*\// },
    { what: 'a registry host', pattern: /\bregistry\.(npmjs|yarnpkg|npmmirror)\.(org|com)\b/ },
    { what: 'the origin of a package', pattern: /"resolved": "(https?|git)[:+]/ },
    {
      what: 'a secret key',
      pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-ant-\w{8}|\bghp_\w{20}/,
    },
  ]
  return [...files].flatMap(([path, text]) =>
    kinds
      .filter(({ pattern }) => pattern.test(text))
      .map(({ what, pattern }) => `${path}: ${what}, ${JSON.stringify(pattern.exec(text)?.[0])}`),
  )
}

const fileBytesMax = 500 * 1000

/** A large file makes every clone slow for ever. */
export function sizeComplaints(bytes: ReadonlyMap<string, number>): readonly string[] {
  return [...bytes]
    .filter(([, size]) => size > fileBytesMax)
    .map(([path, size]) => `${path}: ${size} bytes, more than ${fileBytesMax}`)
}

/** What changes for people is written down with the change. */
export function changelogComplaints(files: Files): readonly string[] {
  const text = files.get('CHANGELOG.md')
  if (text === undefined) return ['CHANGELOG.md: there is no such file']
  const [first] = text.split('\n').filter((line) => line.startsWith('## '))
  return first === '## Pending' ? [] : [`CHANGELOG.md: its first section is not "Pending"`]
}

/** The lockfile knows what every package asks for: npm takes the lockfile's word only where the two agree. */
export function lockfileComplaints(files: Files): readonly string[] {
  const lock: { packages?: Record<string, Manifest> } = JSON.parse(
    files.get('package-lock.json') ?? '{}',
  )
  return [...files].flatMap(([path, text]) => {
    const folder = /^(?:(.*)\/)?package\.json$/.exec(path)
    if (folder === null) return []
    const asked: Manifest = JSON.parse(text)
    const locked = lock.packages?.[folder[1] ?? '']
    return (['dependencies', 'devDependencies'] as const)
      .filter((kind) => sorted(asked[kind]) !== sorted(locked?.[kind]))
      .map((kind) => `${path}: its ${kind} are not those of package-lock.json; run npm install`)
  })
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function sorted(wanted: Readonly<Record<string, string>> | undefined): string {
  const names = Object.keys(wanted ?? {}).toSorted((left, right) => (left < right ? -1 : 1))
  return JSON.stringify(names.map((name) => [name, wanted?.[name]]))
}

/** What dependency-cruiser's JSON report says. With a missing parser it reads no module and finds no fault. */
export function cruiseComplaints(report: string, modulesMin: number): readonly string[] {
  const { summary }: CruiseReport = JSON.parse(report)
  const faults = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
  const few = `only ${summary.totalCruised} modules were looked at, expected ${modulesMin}`
  return summary.totalCruised < modulesMin ? [few, ...faults] : faults
}

interface CruiseReport {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly {
      readonly rule: { readonly name: string }
      readonly from: string
      readonly to: string
    }[]
  }
}
