/** What a checkpoint keeps and a restore touches, one small situation for each rule. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { gitRepository, temporaryFolder } from '@belay/testing/node'
import { beforeEach, expect, test } from 'vitest'
import { type CheckpointOptions, Checkpoints } from './checkpoints.ts'

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }
let folder: string
let options: CheckpointOptions
let checkpoints: Checkpoints
let turns: number

beforeEach(() => {
  begin(temporaryFolder('folder'))
})

function begin(workspace: string): void {
  folder = workspace
  turns = 0
  const path = join(temporaryFolder('store'), 'checkpoints.git')
  options = { path, workspace, origin: workspace, dataFolder: '/nowhere', env, bounds: deadlines }
  checkpoints = new Checkpoints(options)
}

function write(name: string, words: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), words)
}
function text(name: string): string | undefined {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined
}

/** One turn whose agent does this. @returns what is told of it */
async function turn(work: () => void) {
  turns += 1
  expect(await checkpoints.save({ turn: turns, at: 'before', hurried: false })).toEqual({})
  work()
  const { changes } = await checkpoints.save({ turn: turns, at: 'after', hurried: false })
  return { paths: changes?.files.map(({ path }) => path), notes: changes?.notes ?? [] }
}
const before = (number: number) => ({ turn: number, to: 'before' }) as const
const undo = { turn: 1, to: 'undo' } as const

test('[R-70] [R-71] a restore takes back what its turns did, and names what something else changed since', async () => {
  write('mine', 'person')
  write('a', 'one')
  await turn(() => write('a', 'two'))
  await turn(() => {
    write('b', 'made')
    write('c', 'made')
  })
  write('c', 'person')
  write('mine', 'person again')
  expect(await checkpoints.plan(before(1))).toMatchObject({
    back: [
      { path: 'a', does: 'change' },
      { path: 'b', does: 'remove' },
    ],
    stay: [{ path: 'c', why: 'changed-since', canTake: true }],
  })
  expect(await checkpoints.restore(before(1))).toMatchObject({ files: 2, stayed: 1 })
  expect([text('a'), text('b'), text('c'), text('mine')]).toEqual([
    'one',
    undefined,
    'person',
    'person again',
  ])
  expect(await checkpoints.restore({ ...before(1), take: ['c'] })).toEqual({ files: 1 })
  expect(text('c')).toBeUndefined()
})

test('[R-71] a file that something else changed between two turns stays, also when the second one left it', async () => {
  write('a', 'one')
  await turn(() => write('a', 'two'))
  write('a', 'person')
  await turn(() => write('a', 'three'))
  expect(await checkpoints.restore(before(1))).toMatchObject({ files: 0, stayed: 1 })
  expect(text('a')).toBe('three')
  // The second turn alone goes back to what the person wrote.
  expect(await checkpoints.restore(before(2))).toEqual({ files: 1 })
  expect(text('a')).toBe('person')
})

test('[R-66] undo and its undo change places for ever, whatever the clock says', async () => {
  write('a', 'one')
  await turn(() => write('a', 'two'))
  await checkpoints.restore(before(1))
  const now = Date.now
  try {
    for (const year of [-1, 1, -2, 2]) {
      Date.now = () => now() + year * 365 * 24 * 3600_000
      // oxlint-disable-next-line no-await-in-loop
      expect(await checkpoints.restore(undo)).toEqual({ files: 1 })
      expect(text('a')).toBe(year < 0 ? 'two' : 'one')
    }
  } finally {
    Date.now = now
  }
})

test.each([
  ['removed', (at: string) => rmSync(join(at, '.git'), { recursive: true })],
  [
    'begun anew and tidied up',
    (at: string) => {
      rmSync(join(at, '.git'), { recursive: true })
      execFileSync('git', ['-C', at, 'init', '--quiet'])
      execFileSync('git', ['-C', at, 'gc', '--quiet', '--prune=now'])
    },
  ],
])('[R-72] a checkpoint gives everything back when the repository was %s', async (_, lose) => {
  const repository = gitRepository()
  begin(repository.path)
  write('untracked', 'u')
  const names = readdirSync(folder).filter((name) => name !== '.git')
  const told = await turn(() => {
    for (const name of names) rmSync(join(folder, name), { recursive: true })
    lose(folder)
  })
  expect(told.paths).toContain('untracked')
  expect(told.notes.join()).toContain('The Git repository of the folder was removed or replaced')
  expect(await checkpoints.restore(before(1))).toMatchObject({ files: told.paths?.length })
  expect(readdirSync(folder).filter((name) => name !== '.git')).toEqual(names)
  expect(text('untracked')).toBe('u')
})

test('[R-72] many checkpoints are put together while nobody waits, and give everything back after it', async () => {
  const packs = join(options.path, 'objects/pack')
  const count = () => readdirSync(packs).filter((name) => name.endsWith('.pack')).length
  let most = 0
  for (let number = 0; number < 60; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn comes after the other
    await turn(() => write('a', `words ${number}`))
    most = Math.max(most, count())
  }
  await checkpoints.ready()
  expect(most).toBeGreaterThan(20)
  expect(count()).toBeLessThan(most)
  await checkpoints.restore(before(2))
  expect(text('a')).toBe('words 0')
}, 120_000)

test('[R-73] rules above the folder, of the repository and of the person are kept to', async () => {
  const repository = gitRepository()
  const personal = join(temporaryFolder('home'), 'ignore')
  writeFileSync(personal, '*.mine\n')
  repository.git('config', 'core.excludesFile', personal)
  writeFileSync(join(repository.path, '.gitignore'), '/packages/app/build/\n.env\n')
  writeFileSync(join(repository.path, '.git/info/exclude'), '/packages/app/local\n')
  mkdirSync(join(repository.path, 'packages/app'), { recursive: true })
  begin(join(repository.path, 'packages/app'))
  const ignored = ['build/o', '.env', 'deep/.env', 'local', 'x.mine']
  for (const name of ignored) write(name, 'secret one')
  const { paths } = await turn(() => {
    for (const name of [...ignored, 'new']) write(name, 'secret two')
  })
  expect(paths).toEqual(['new'])
  await checkpoints.restore(before(1))
  expect(text('new')).toBeUndefined()
  for (const name of ignored) expect(text(name)).toBe('secret two')
})

test('[R-73] what a person excludes for all their repositories counts from the next turn on', async () => {
  const repository = gitRepository()
  const personal = join(temporaryFolder('home'), 'ignore')
  repository.git('config', 'core.excludesFile', personal)
  begin(repository.path)
  write('x', 'one')
  await turn(() => write('a', 'one'))
  await checkpoints.ready()
  writeFileSync(personal, 'x\n')
  const { paths } = await turn(() => {
    write('a', 'two')
    write('x', 'two')
  })
  expect(paths).toEqual(['a'])
  expect(await checkpoints.plan(before(2))).toMatchObject({ back: [{ path: 'a' }], stay: [] })
})

test('[R-80] [R-82] a file that a turn began to ignore goes back with the rule, untold; one that was ignored stays', async () => {
  begin(gitRepository().path)
  write('.gitignore', '.env\n')
  write('.env', 'precious')
  write('notes', 'one')
  const { paths, notes } = await turn(() => {
    write('.gitignore', 'notes\n')
    write('notes', 'two')
  })
  expect(paths).toEqual(['.gitignore'])
  expect(notes).toEqual([
    '1 file that Git ignores now changed too, and what is in it is not shown.',
    '1 file that Git ignored before the turn is neither kept nor shown.',
  ])
  await checkpoints.restore(before(1))
  expect([text('notes'), text('.env')]).toEqual(['one', 'precious'])
})

test('[R-82] what a person ignores since stays, and may be chosen', async () => {
  begin(gitRepository().path)
  await turn(() => write('log', 'words'))
  write('.gitignore', 'log\n')
  expect(await checkpoints.plan(before(1))).toMatchObject({
    back: [],
    stay: [{ path: 'log', why: 'ignored', canTake: true }],
  })
  await checkpoints.restore({ ...before(1), take: 'all' })
  expect(text('log')).toBeUndefined()
})

test('[R-82] what is gone and would be ignored now is not brought back by itself, so that its undo is exact', async () => {
  begin(gitRepository().path)
  write('log', 'words')
  write('.git/info/exclude', '')
  await turn(() => {
    unlinkSync(join(folder, 'log'))
    write('.git/info/exclude', 'log\n')
  })
  expect(await checkpoints.plan(before(1))).toMatchObject({
    back: [],
    stay: [{ path: 'log', why: 'ignored', canTake: true }],
  })
  await checkpoints.restore({ ...before(1), take: 'all' })
  expect(text('log')).toBe('words')
  await checkpoints.restore(undo)
  expect(text('log')).toBeUndefined()
  // Over what a person wrote since it is not done by itself.
  await checkpoints.restore(undo)
  write('log', 'mine')
  await checkpoints.restore(undo)
  expect(text('log')).toBe('mine')
})

test('[R-66] an undo leaves a folder empty that was empty and ignored before the restore put a file into it', async () => {
  begin(gitRepository().path)
  write('d/secret/t', 't')
  await turn(() => {
    unlinkSync(join(folder, 'd/secret/t'))
    write('.gitignore', 'secret/\n')
  })
  await checkpoints.restore(before(1))
  expect(text('d/secret/t')).toBe('t')
  await checkpoints.restore(undo)
  expect(readdirSync(join(folder, 'd/secret'))).toEqual([])
})

test('[R-66] an undo takes empty folders away that its restore made where Git ignores them', async () => {
  begin(gitRepository().path)
  mkdirSync(join(folder, 'd/secret/deep'), { recursive: true })
  await turn(() => rmSync(join(folder, 'd'), { recursive: true }))
  write('.gitignore', 'secret/\n')
  await checkpoints.restore({ ...before(1), take: 'all' })
  expect(existsSync(join(folder, 'd/secret/deep'))).toBe(true)
  await checkpoints.restore(undo)
  expect(existsSync(join(folder, 'd'))).toBe(false)
})

test('[R-80] an empty folder that was ignored before a turn, and is not any more, is none that the turn made', async () => {
  begin(gitRepository().path)
  write('.git/info/exclude', 'cache/\n')
  mkdirSync(join(folder, 'a/cache/deep'), { recursive: true })
  await turn(() => {
    write('.git/info/exclude', '')
    mkdirSync(join(folder, 'made'))
  })
  await checkpoints.restore(before(1))
  expect([existsSync(join(folder, 'a/cache/deep')), existsSync(join(folder, 'made'))]).toEqual([
    true,
    false,
  ])
})

test('[R-79] a repository inside is kept with its files, and said to be without its commits', async () => {
  write('outer', 'o')
  const inner = gitRepository()
  renameSync(inner.path, join(folder, 'inner'))
  write('inner/draft', 'hours of work')
  const { paths, notes } = await turn(() => rmSync(join(folder, 'inner'), { recursive: true }))
  expect(paths).toContain('inner/draft')
  expect(notes).toEqual([
    'inner/ was a Git repository of its own and is none any more: its files are kept, its commits are not.',
  ])
  expect(await checkpoints.restore(before(1))).toMatchObject({
    notes: ['inner/ was a Git repository of its own: its files go back, its commits do not.'],
  })
  expect(text('inner/draft')).toBe('hours of work')
})

test('[R-81] permissions, empty folders and names of any bytes come back', async () => {
  const odd = [Buffer.from('a\xe9', 'latin1'), Buffer.from('a\xe8', 'latin1')]
  const paths = odd.map((name) => Buffer.concat([Buffer.from(`${folder}/`), name]))
  for (const path of paths) writeFileSync(path, path)
  write('key', 'k')
  chmodSync(join(folder, 'key'), 0o600)
  mkdirSync(join(folder, 'empty/inside'), { recursive: true })
  const told = await turn(() => {
    for (const path of paths) unlinkSync(path)
    rmSync(join(folder, 'key'))
    rmSync(join(folder, 'empty'), { recursive: true })
  })
  expect(told.paths).toEqual(['a\\xE8', 'a\\xE9', 'key'])
  await checkpoints.restore(before(1))
  for (const path of paths) expect(readFileSync(path)).toEqual(path)
  expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o600)
  expect(existsSync(join(folder, 'empty/inside'))).toBe(true)
})

test('[R-78] nothing is written through a link that took the place of a folder, nor over a folder that holds something', async () => {
  write('d/a', 'one')
  write('e', 'file')
  const elsewhere = temporaryFolder('elsewhere')
  await turn(() => {
    rmSync(join(folder, 'd'), { recursive: true })
    rmSync(join(folder, 'e'))
  })
  symlinkSync(elsewhere, join(folder, 'd'))
  write('e/mine', 'person')
  expect(await checkpoints.restore(before(1))).toMatchObject({ files: 0, stayed: 2 })
  expect(readdirSync(elsewhere)).toEqual([])
  expect(text('e/mine')).toBe('person')
})

test('[R-76] after the death of a runner in a turn nothing of it goes back by itself; a restore that was cut is taken back as far as it came', async () => {
  write('a', 'one')
  write('b', 'one')
  await turn(() => {
    write('a', 'two')
    write('b', 'two')
  })
  await checkpoints.save({ turn: 2, at: 'before', hurried: false })
  write('a', 'three')
  checkpoints.close()
  checkpoints = new Checkpoints(options)
  expect(await checkpoints.plan(before(2))).toMatchObject({
    back: [],
    stay: [{ path: 'a', why: 'not-kept', canTake: true }],
  })
  write('a', 'two')
  // A restore that wrote down what it means to do, did half of it and died.
  expect(await checkpoints.restore(before(1))).toMatchObject({ files: 1, stayed: 1 })
  const acts = join(options.path, 'belay-acts')
  const last = readdirSync(acts)
    .filter((name) => /^\d+\.json$/.test(name))
    .toSorted()
    .at(-1)
  const path = join(acts, last ?? '')
  const { after: _, ...cut } = JSON.parse(readFileSync(path, 'utf8'))
  const [change] = cut.changes
  writeFileSync(path, JSON.stringify({ ...cut, changes: [change, ['a', change[1], change[2]]] }))
  checkpoints.close()
  checkpoints = new Checkpoints(options)
  expect(await checkpoints.restore(undo)).toEqual({ files: 1 })
  expect([text('a'), text('b')]).toEqual(['two', 'two'])
})

test('[R-245] what a killed restore had in the making is taken away, and nobody else’s file for it, also where its folder is none any more', async () => {
  write('a', 'one')
  write('gone/b', 'one')
  await turn(() => {
    write('a', 'two')
    write('gone/b', 'two')
  })
  expect(await checkpoints.restore(before(1))).toEqual({ files: 2 })
  // As it is when the runner dies with both files in the making: its end was not written down.
  const acts = join(options.path, 'belay-acts')
  const path = join(acts, '000000002.json')
  const { after: _, ...cut } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(cut))
  const made = `.belay-restore-2-${cut.before.commit.slice(0, 12)}.tmp`
  write(made, 'one')
  write('.belay-restore-2.tmp', 'a person’s')
  rmSync(join(folder, 'gone'), { recursive: true })
  write('gone', 'a file now')
  checkpoints.close()
  checkpoints = new Checkpoints(options)
  expect(await checkpoints.save({ turn: 2, at: 'before', hurried: false })).toEqual({})
  expect(readdirSync(folder).toSorted()).toEqual(['.belay-restore-2.tmp', 'a', 'gone'])
})
