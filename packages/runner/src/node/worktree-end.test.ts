import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { type GitRepository, gitRepository, temporaryFolder } from '@belay/testing/node'
import { beforeEach, expect, test } from 'vitest'
import { prepareWorkspace } from './workspace.ts'
import { discardWorktree, endWorktree, lookAtWorktree } from './worktree-end.ts'
import { readRecord, type WorktreeRecord } from './worktree.ts'

const bound = { env: process.env, signal: new AbortController().signal, msMax: 20_000 }
const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']

let root: string
let repository: GitRepository
let place: string
let record: WorktreeRecord | undefined
beforeEach(async () => {
  root = temporaryFolder('ended')
  repository = gitRepository()
  repository.commit('Ignore', { '.gitignore': '*.log\nnode_modules/\n.env*\n' })
  place = join(root, 'workspaces', 'session-1')
  await prepareWorkspace({
    ...bound,
    workspace: { type: 'folder', path: repository.path, worktree: { branch: 'mine' } },
    setup: [],
    token: undefined,
    bounds: deadlines,
    diskFreeBytesMin: 0,
    recover: () => Promise.resolve(false),
    stampFile: join(root, 'stamp'),
    cloneFolder: place,
    onStep: () => undefined,
  })
  record = readRecord(join(root, 'worktree.json'))
})

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', place, ...author, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
const write = (name: string, text = 'text') => {
  mkdirSync(join(place, name, '..'), { recursive: true })
  writeFileSync(join(place, name), text)
}
const commit = (name: string) => {
  write(name)
  git('add', name)
  git('commit', '--quiet', '-m', name)
  return git('rev-parse', 'HEAD')
}
const admin = () => join(repository.path, '.git', 'worktrees', 'session-1')
const inner = (name: string) => execFileSync('git', ['init', '--quiet', join(place, name)])

test('[R-143] [R-144] a worktree with nothing of its own goes, and the branch that was made with it', async () => {
  expect(await lookAtWorktree(place, bound)).toBeUndefined()
  expect(await endWorktree(place, record, bound)).toBeUndefined()
  expect(existsSync(place)).toBe(false)
  expect(existsSync(admin())).toBe(false)
  expect(repository.git('branch', '--list', 'mine')).toBe('')
  // Asked once more, after a crash say, it is done.
  expect(await endWorktree(place, record, bound)).toBeUndefined()
})

test('[R-144] a branch that holds a commit of its own stays, and so does one that was there before', async () => {
  const own = commit('a.txt')
  expect(await endWorktree(place, record, bound)).toBeUndefined()
  expect(existsSync(place)).toBe(false)
  expect(repository.git('rev-parse', 'mine')).toBe(own)
  repository.git('branch', 'before')
  const before = record === undefined ? undefined : { ...record, branch: 'before', created: false }
  expect(await endWorktree(place, before, bound)).toBeUndefined()
  expect(repository.git('branch', '--list', 'before')).toBe('before')
})

test('[R-144] a branch stays while what was reset away is in its list of where it was alone', async () => {
  commit('a.txt')
  git('reset', '--quiet', '--hard', 'HEAD~1')
  expect(await endWorktree(place, record, bound)).toBeUndefined()
  expect(existsSync(place)).toBe(false)
  expect(repository.git('branch', '--list', 'mine')).toBe('mine')
})

test.each<[string, () => void, RegExp]>([
  [
    'a change',
    () => appendFileSync(join(place, 'README.md'), 'x'),
    /1 uncommitted change \(README/,
  ],
  ['a deleted file', () => rmSync(join(place, 'README.md')), /1 uncommitted change \(README/],
  [
    'what is only in the index',
    () => {
      write('README.md', 'staged')
      git('add', 'README.md')
      write('README.md', '# Hello\n')
    },
    /1 uncommitted change \(README/,
  ],
  ['an untracked file', () => write('new.txt'), /1 untracked file or folder \(new\.txt\)/],
  ['an ignored file', () => write('.env', 'KEY=1'), /1 file or folder that Git ignores \(\.env\)/],
  [
    'ignored files',
    () => ['.env', 'a.log', 'node_modules/m/index.js', 'b.log'].forEach((name) => write(name)),
    /4 files or folders that Git ignores, such as \.env, a\.log, b\.log/,
  ],
  [
    'a change that Git was told not to see',
    () => {
      git('update-index', '--assume-unchanged', 'README.md')
      appendFileSync(join(place, 'README.md'), 'x')
    },
    /1 change that Git was told not to see \(README\.md\)/,
  ],
  [
    'a change in a file that is to be skipped',
    () => {
      git('update-index', '--skip-worktree', 'README.md')
      appendFileSync(join(place, 'README.md'), 'x')
    },
    /1 change that Git was told not to see \(README\.md\)/,
  ],
  ['a repository inside', () => inner('inner'), /untracked file or folder \(inner\/\)/],
  [
    'an ignored repository',
    () => {
      inner('node_modules/m')
    },
    /that Git ignores \(node_modules\/\)/,
  ],
  [
    'a repository in a tracked folder, of which Git says nothing',
    () => inner('src'),
    /1 repository inside it \(src\)/,
  ],
  [
    'a commit on no branch',
    () => {
      git('checkout', '--quiet', '--detach')
      commit('a.txt')
    },
    /1 commit on no branch \([0-9a-f]{10}\)/,
  ],
  [
    'a commit on no branch that was left again',
    () => {
      git('checkout', '--quiet', '--detach')
      commit('a.txt')
      git('checkout', '--quiet', 'mine')
    },
    /1 commit on no branch/,
  ],
  [
    'a merge that is half done',
    () => {
      commit('a.txt')
      repository.commit('Theirs', { 'b.txt': 'theirs' })
      git('merge', '--no-commit', '--no-ff', '--quiet', 'main')
    },
    /a merge that is half done/,
  ],
  [
    'a rebase that is half done',
    () => {
      commit('a.txt')
      git('-c', 'sequence.editor=sed -i s/pick/edit/', 'rebase', '--quiet', '-i', 'HEAD~1')
    },
    /a rebase that is half done/,
  ],
  ['a lock', () => repository.git('worktree', 'lock', place), /a lock that somebody put on it/],
  ['a repository that is gone', () => rmSync(admin(), { recursive: true }), /Git cannot look at/],
  ['a .git that is gone', () => rmSync(join(place, '.git')), /Git cannot look at/],
])('[R-143] a worktree with %s stays, and what and where is said', async (_, make, words) => {
  make()
  const left = await endWorktree(place, record, bound)
  expect(left?.why).toMatch(words)
  expect(left?.why).toContain(`It is ${place}`)
  expect(left?.path).toBe(place)
  expect(existsSync(place)).toBe(true)
  expect(repository.git('branch', '--list', 'mine')).toContain('mine')
})

test('[R-143] a stash is the repository’s, and stays there', async () => {
  appendFileSync(join(place, 'README.md'), 'x')
  git('stash', '--quiet')
  expect(await endWorktree(place, record, bound)).toBeUndefined()
  expect(repository.git('stash', 'list')).toContain('stash@{0}')
})

test('[R-143] git that cannot be run, or does not end, keeps the worktree', async () => {
  for (const broken of [{ env: { PATH: '/nowhere' } }, { msMax: 1 }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, in the same place
    const left = await endWorktree(place, record, { ...bound, ...broken })
    expect(left?.why).toContain('what Git cannot look at')
    expect(existsSync(join(place, 'README.md'))).toBe(true)
  }
})

test('[R-144] one that is discarded goes with all that is in it, and its commits stay on their branch', async () => {
  const own = commit('a.txt')
  write('.env')
  write('new.txt')
  const away = join(root, 'away')
  repository.git('worktree', 'add', '--quiet', '-b', 'away', away)
  rmSync(away, { recursive: true })
  await discardWorktree(place, record, bound)
  expect(existsSync(place)).toBe(false)
  expect(existsSync(admin())).toBe(false)
  expect(repository.git('rev-parse', 'mine')).toBe(own)
  // The person's own, on a disk that is away, stays known.
  expect(repository.git('worktree', 'list')).toContain(away)
  expect(readFileSync(join(repository.path, 'README.md'), 'utf8')).toBe('# Hello\n')
})
