import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './node/temporary-folder.ts'
import {
  changelogComplaints,
  cruiseComplaints,
  type Files,
  forbiddenComplaints,
  leftoverComplaints,
  lockfileComplaints,
  pathComplaints,
  ruleComplaints,
  sizeComplaints,
  titleComplaints,
} from './tidy.ts'

const root = join(import.meta.dirname, '../../..')

/** What is or would be committed: tracked and new files, without ignored and deleted ones. */
const bytes = new Map(
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((path) => path !== '')
    .flatMap((path) => {
      const size = statSync(join(root, path), { throwIfNoEntry: false })?.size
      return size === undefined ? [] : [[path, size] as const]
    }),
)
const paths = [...bytes.keys()]
const repository: Files = new Map(
  paths
    .filter((path) => !/\.(png|jpe?g|gif|ico|woff2?)$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)

function files(record: Readonly<Record<string, string>>): Files {
  return new Map(Object.entries(record))
}

function cruise(folder: string): string {
  const program = join(root, 'node_modules/.bin/depcruise')
  const config = join(root, '.dependency-cruiser.mjs')
  const args = ['--config', config, '--output-type', 'json', 'packages', 'apps']
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout
}

describe('rules', () => {
  test('[T-11] every rule is quoted by a test, and every quoted rule is defined', () => {
    expect(ruleComplaints(repository)).toEqual([])
    const defined = [...repository].filter(([path]) => path.startsWith('spec/'))
    expect(defined.flatMap(([, text]) => text.match(/^- \*\*/gm) ?? []).length).toBeGreaterThan(50)
  })

  test('[T-11] the check of rules sees what is wrong', () => {
    const [id, other, third] = ['X-1', 'X-2', 'X-3']
    const good = {
      'spec/x.md': `# X\n\n- **${id}** Sentence.\n`,
      'packages/x/src/x.test.ts': `test('[${id}] it does', () => {})`,
    }
    expect(ruleComplaints(files(good))).toEqual([])
    const bad = (path: string, text: string) => ruleComplaints(files({ ...good, [path]: text }))
    expect(bad('packages/x/src/x.test.ts', `// [${id}]`)).toEqual([
      `spec/x.md: no test is named [${id}]`,
    ])
    expect(
      bad('packages/x/src/y-contract.ts', `test('[${other}] [${id}] both', () => {})`),
    ).toEqual([`packages/x/src/y-contract.ts: ${other} is in no file of spec/`])
    expect(bad('packages/x/src/y.ts', `/**\n * - ${third} A header.\n */`)).toEqual([
      'packages/x/src/y.ts: X-3 is in no file of spec/',
    ])
    expect(bad('design/failures.md', `| It broke. | ${id} ${other} |`)).toEqual([
      `design/failures.md: ${other} is in no file of spec/`,
    ])
    expect(bad('spec/y.md', `- **${id}** Again.`)).toEqual([
      `spec/y.md: ${id} is defined in spec/x.md too`,
    ])
    expect(bad('spec/x.md', `- **${id}** no stop\n- **x** what\n`)).toEqual([
      `spec/x.md: ${id} has no full stop`,
      'spec/x.md: not a rule: - **x** what',
    ])
  })
})

describe('boundaries', () => {
  test('[T-12] imports keep to the table of the architecture, and all modules were looked at', () => {
    expect(cruiseComplaints(cruise(root), 150)).toEqual([])
  }, 60_000)

  test('[T-12] the check of imports sees each kind of fault in a real tree', () => {
    const folder = temporaryFolder('cruise')
    const tree = {
      'packages/actor/src/index.ts': "import 'node:fs'\nimport '../../protocol/src/index.ts'",
      'packages/protocol/src/index.ts': "import './node/index.ts'",
      'packages/protocol/src/node/index.ts': "import '../browser/index.ts'\nimport './a.ts'",
      'packages/protocol/src/node/a.ts': "import './index.ts'\nimport './missing.ts'",
      'packages/protocol/src/browser/index.ts': "import '../../../../apps/one/src/main.ts'",
      'packages/session/src/index.ts': "import './session.test.ts'",
      'packages/session/src/session.test.ts': "import 'node:fs'",
      'packages/testing/src/index.ts': 'export {}',
      'packages/host/src/index.ts': "import '../../testing/src/index.ts'",
      'apps/one/src/main.ts': "import '../../two/src/main.ts'",
      'apps/two/src/main.ts': 'export {}',
    }
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const complaints = cruiseComplaints(cruise(folder), 8)
    const rules = new Set(complaints.map((complaint) => complaint.split(':')[0]))
    expect(rules).toEqual(
      new Set([
        'apps-are-leaves',
        'apps-do-not-mix',
        'layer-actor',
        'layer-host',
        'layer-protocol',
        'no-circular',
        'one-platform',
        'pure-no-builtins',
        'pure-no-platform',
        'testing-is-for-tests',
        'tests-are-leaves',
        'unresolvable',
      ]),
    )
  }, 60_000)

  test('[T-12] a cruise that read nothing is a failure', () => {
    const empty = JSON.stringify({ summary: { totalCruised: 0, violations: [] } })
    expect(cruiseComplaints(empty, 60)).toEqual(['only 0 modules were looked at, expected 60'])
  })
})

describe('documents', () => {
  test('[T-13] every document has one title, and the changelog begins with what is pending', () => {
    expect(titleComplaints(repository)).toEqual([])
    expect(changelogComplaints(repository)).toEqual([])
  })

  test('[T-13] the checks of documents see what is wrong', () => {
    const code = '# One\n\n```sh\n# a comment\n```\n'
    expect(titleComplaints(files({ 'a.md': code, 'b.ts': '# x\n# y' }))).toEqual([])
    expect(titleComplaints(files({ 'a.md': '# One\n# Two\n' }))).toEqual([
      'a.md: 2 titles instead of one',
    ])
    expect(titleComplaints(files({ 'a.md': 'text' }))).toEqual(['a.md: 0 titles instead of one'])
    expect(titleComplaints(files({ 'a.md': 'text\n# One' }))).toEqual([
      'a.md: does not begin with its title',
    ])
    expect(changelogComplaints(files({ 'CHANGELOG.md': '# C\n\n## 1.0\n\n## Pending' }))).toEqual([
      'CHANGELOG.md: its first section is not "Pending"',
    ])
    expect(changelogComplaints(files({}))).toEqual(['CHANGELOG.md: there is no such file'])
  })

  test.each(['ARCHITECTURE.md', 'AGENTS.md', 'CONTRIBUTING.md'])(
    '[T-14] the paths that %s names are there',
    (document) => {
      expect(pathComplaints(repository, document, paths)).toEqual([])
    },
  )

  test('[T-14] the check of paths sees what is wrong', () => {
    const present = ['packages/actor/src/index.ts', 'STYLE.md']
    const complain = (text: string) => pathComplaints(files({ 'A.md': text }), 'A.md', present)
    const good = '`packages/actor/` `packages/*/src` `STYLE.md` `src/index.ts` `index.ts`'
    expect(complain(good)).toEqual([])
    // Commands, routes, methods and words are no paths.
    expect(complain('`npm start` `/v1/sessions` `session/load` `--json` `a.b` `x`')).toEqual([])
    expect(complain('`packages/gone/` `GONE.md` `src/gone.ts` `packages/*/lib`')).toEqual([
      'A.md: there is no `packages/gone/`',
      'A.md: there is no `GONE.md`',
      'A.md: there is no `src/gone.ts`',
      'A.md: there is no `packages/*/lib`',
    ])
    expect(pathComplaints(files({}), 'A.md', present)).toEqual(['A.md: there is no such file'])
  })
})

describe('what is committed', () => {
  test('[T-15] nothing is left to fix, nothing is too large, nothing tells of one machine', () => {
    expect(leftoverComplaints(repository)).toEqual([])
    expect(sizeComplaints(bytes)).toEqual([])
    expect(forbiddenComplaints(repository)).toEqual([])
    expect(bytes.size).toBeGreaterThan(150)
  })

  test('[T-15] the checks of what is committed see what is wrong', () => {
    const mark = ['FIX', 'ME'].join('')
    expect(
      leftoverComplaints(files({ a: `x() // ${mark} later`, b: `No ${mark} on main.` })),
    ).toEqual(['a: something is left to fix'])
    expect(
      sizeComplaints(
        new Map([
          ['big', 500_001],
          ['small', 500_000],
        ]),
      ),
    ).toEqual(['big: 500001 bytes, more than 500000'])
    const slash = '/'
    const bad = {
      machine: `cd ${slash}work/x`,
      root: `"${slash}root/.npmrc"`,
      home: `${slash}home/anna/code`,
      host: ['https:', '', 'registry', 'npmjs', 'org'].join('.'),
      lock: ['"resolved": "https', '//x/y.tgz"'].join(':'),
      key: ['-----BEGIN', 'RSA', 'PRIVATE', 'KEY-----'].join(' '),
    }
    expect(forbiddenComplaints(files(bad)).map((complaint) => complaint.split(':')[0])).toEqual(
      Object.keys(bad),
    )
    const good = {
      a: 'the /work of many',
      b: `${slash}home/you/project/`,
      c: '"resolved": "apps/web"',
    }
    expect(forbiddenComplaints(files(good))).toEqual([])
  })

  test('[T-16] the lockfile is of these packages', () => {
    expect(lockfileComplaints(repository)).toEqual([])
    const lock = JSON.stringify({
      packages: { 'packages/x': { dependencies: { a: '1', b: '2' } } },
    })
    const manifest = (dependencies: object) =>
      files({
        'package-lock.json': lock,
        'packages/x/package.json': JSON.stringify({ dependencies }),
      })
    expect(lockfileComplaints(manifest({ b: '2', a: '1' }))).toEqual([])
    expect(lockfileComplaints(manifest({ a: '1' }))).toEqual([
      'packages/x/package.json: its dependencies are not those of package-lock.json; run npm install',
    ])
  })
})
