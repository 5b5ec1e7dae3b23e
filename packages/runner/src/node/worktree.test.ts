import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { deadlines, type ReportOf, type Workspace } from '@belay/protocol'
import { type GitRepository, gitRepository, temporaryFolder } from '@belay/testing/node'
import { beforeEach, expect, test } from 'vitest'
import { dataFolderAbove, isDataFolder } from './own-files.ts'
import { Checkpoints } from './checkpoints.ts'
import { prepareWorkspace, type PrepareOptions } from './workspace.ts'
import { branchFor, readRecord } from './worktree.ts'

let root: string
let steps: ReportOf<'step'>[]
let repository: GitRepository
beforeEach(() => {
  root = temporaryFolder('worktree')
  steps = []
  repository = gitRepository()
})

const place = () => join(root, 'workspaces', 'session-1')
const never = new AbortController().signal

function prepare(workspace: Workspace, more: Partial<PrepareOptions> = {}) {
  return prepareWorkspace({
    workspace,
    setup: [],
    token: undefined,
    bounds: deadlines,
    diskFreeBytesMin: 0,
    recover: () => Promise.resolve(false),
    stampFile: join(root, 'stamp'),
    cloneFolder: place(),
    env: process.env,
    signal: never,
    onStep: (step) => steps.push(step),
    ...more,
  })
}
const inWorktree = (branch?: string, path = repository.path): Workspace => ({
  type: 'folder',
  path,
  worktree: branch === undefined ? true : { branch },
})
const gitAt = (path: string, ...args: readonly string[]) =>
  execFileSync('git', ['-C', path, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
const messageOf = async (preparing: ReturnType<typeof prepare>) => {
  const prepared = await preparing
  return 'problem' in prepared ? prepared.problem.message : 'prepared'
}

test('[R-140] a worktree has the commit of the folder on a branch of its own, no hook is run, and what is not committed is not in it and said so', async () => {
  const hooked = join(root, 'hooked')
  writeFileSync(
    join(repository.path, '.git', 'hooks', 'post-checkout'),
    `#!/bin/sh\ntouch ${hooked}\n`,
    { mode: 0o755 },
  )
  writeFileSync(join(repository.path, 'README.md'), 'mine, not committed\n')
  writeFileSync(join(repository.path, 'new.txt'), 'new\n')
  expect(await prepare(inWorktree('belay/fix'))).toEqual({
    folder: place(),
    branch: 'belay/fix',
    workspace: 'made',
    notes: [
      `The 2 uncommitted changes in ${repository.path} are not in the worktree, which begins from the last commit.`,
    ],
  })
  expect(readFileSync(join(place(), 'README.md'), 'utf8')).toBe('# Hello\n')
  expect(existsSync(join(place(), 'new.txt'))).toBe(false)
  expect(gitAt(place(), 'rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'HEAD'))
  expect(existsSync(hooked)).toBe(false)
  expect(repository.git('symbolic-ref', '--short', 'HEAD')).toBe('main')
  expect(readFileSync(join(repository.path, 'README.md'), 'utf8')).toBe('mine, not committed\n')
  const done = steps.find(({ step, status }) => step === 'worktree' && status === 'done')
  expect(done?.detail).toMatch(/^belay\/fix, from main at [0-9a-f]{10}\. The 2 uncommitted/)
  // Once more: it is there as it was left.
  writeFileSync(join(place(), 'work.txt'), '')
  expect(await prepare(inWorktree('belay/fix'))).toMatchObject({ workspace: 'kept' })
  expect(existsSync(join(place(), 'work.txt'))).toBe(true)
})

test('[R-140] a package inside a repository is worked on in the same folder of the worktree, through links too', async () => {
  const link = join(root, 'link')
  symlinkSync(join(repository.path, 'src'), link)
  for (const path of [join(repository.path, 'src'), link]) {
    rmSync(join(root, 'stamp'), { force: true })
    // oxlint-disable-next-line no-await-in-loop -- the second finds the place of the first
    expect(await prepare(inWorktree('sub', path))).toMatchObject({ folder: join(place(), 'src') })
    expect(readdirSync(join(place(), 'src'))).toEqual(['hello.js'])
    expect(existsSync(join(place(), 'README.md'))).toBe(true)
  }
})

test('[R-140] a folder that is no Git, a bare repository, one without a commit and one the commit does not hold are refused with what to do', async () => {
  const folder = temporaryFolder('plain')
  expect(await messageOf(prepare(inWorktree('b', folder)))).toContain('run "git init" and commit')
  gitAt(folder, 'init', '--quiet')
  expect(await messageOf(prepare(inWorktree('b', folder)))).toContain('has no commit yet')
  const bare = temporaryFolder('bare')
  gitAt(bare, 'init', '--quiet', '--bare')
  expect(await messageOf(prepare(inWorktree('b', bare)))).toContain('is a bare repository')
  mkdirSync(join(repository.path, 'fresh'))
  const fresh = join(repository.path, 'fresh')
  expect(await messageOf(prepare(inWorktree('b', fresh)))).toContain('is not in the last commit')
  expect(existsSync(place())).toBe(false)
  expect(repository.git('branch', '--list', 'b')).toBe('')
})

test('[R-140] a branch that is named is used as it is, made when it is not there, and refused when it is checked out elsewhere', async () => {
  repository.git('branch', 'theirs', 'HEAD~1')
  expect(await prepare(inWorktree('theirs'))).toMatchObject({ branch: 'theirs' })
  expect(gitAt(place(), 'rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'HEAD~1'))
  expect(readRecord(join(root, 'worktree.json'))).toMatchObject({ created: false })
  const other = { stampFile: join(root, 'other', 'stamp'), cloneFolder: join(root, 'other', 'w') }
  mkdirSync(join(root, 'other'))
  expect(await messageOf(prepare(inWorktree('main'), other))).toBe(
    `The branch main is checked out in ${repository.path}, and a branch can be in one worktree at a time: choose another branch, or check out another one there.`,
  )
  expect(await prepare(inWorktree('mine'), other)).toMatchObject({ branch: 'mine' })
})

test('[R-141] what a cut attempt left is cleared: its folder, its registration and its lock, and no worktree of the person', async () => {
  // One of the person's, on a disk that is not there now.
  const away = join(root, 'away')
  repository.git('worktree', 'add', '--quiet', '-b', 'away', away)
  rmSync(away, { recursive: true })
  // Ours, killed while git made it: before and after it wrote where it is.
  for (const gitdir of [undefined, `${join(place(), '.git')}\n`]) {
    writeFileSync(
      join(root, 'worktree.json'),
      JSON.stringify({
        common: join(repository.path, '.git'),
        top: repository.path,
        prefix: '',
        branch: 'mine',
        created: true,
        base: repository.git('rev-parse', 'HEAD'),
      }),
    )
    const admin = join(repository.path, '.git', 'worktrees', 'session-1')
    mkdirSync(admin, { recursive: true })
    mkdirSync(place(), { recursive: true })
    writeFileSync(join(place(), 'half'), '')
    writeFileSync(join(admin, 'locked'), 'initializing')
    if (gitdir !== undefined) writeFileSync(join(admin, 'gitdir'), gitdir)
    writeFileSync(join(repository.path, '.git', 'refs', 'heads', 'mine.lock'), '')
    // oxlint-disable-next-line no-await-in-loop -- one after the other, in the same place
    expect(await prepare(inWorktree('mine'))).toMatchObject({ workspace: 'made', branch: 'mine' })
    expect(existsSync(join(place(), 'half'))).toBe(false)
    expect(repository.git('worktree', 'list')).toContain(`${away} `)
    expect(repository.git('worktree', 'list').split('\n')).toHaveLength(3)
    rmSync(join(root, 'stamp'))
  }
})

test('[R-142] the lock of another git is waited for and told, and within the bound only', async () => {
  const lock = join(repository.path, '.git', 'refs', 'heads', 'mine.lock')
  writeFileSync(lock, '')
  // The other git goes on as soon as it is told that it is waited for.
  const onStep = (step: ReportOf<'step'>) => {
    steps.push(step)
    if (step.step === 'worktree' && step.status === 'progress') rmSync(lock, { force: true })
  }
  expect(await prepare(inWorktree('mine'), { onStep })).toMatchObject({ workspace: 'made' })
  const told = steps.filter(({ step, status }) => step === 'worktree' && status === 'progress')
  expect(told.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^Another git is at work in .*mine\.lock/),
  ])
  const other = { stampFile: join(root, 'other', 'stamp'), cloneFolder: join(root, 'other', 'w') }
  mkdirSync(join(root, 'other'))
  writeFileSync(join(repository.path, '.git', 'refs', 'heads', 'second.lock'), '')
  const bounds = { ...deadlines, branchMs: 5000 }
  expect(await messageOf(prepare(inWorktree('second'), { ...other, bounds }))).toContain(
    'second.lock',
  )
  // It is somebody else's, and stays.
  expect(existsSync(join(repository.path, '.git', 'refs', 'heads', 'second.lock'))).toBe(true)
})

test('[R-143] a session that moves to another place takes nothing along that is nowhere else', async () => {
  await prepare(inWorktree('first'))
  writeFileSync(join(place(), 'work.txt'), 'work')
  const moved: Workspace[] = [inWorktree('second'), { type: 'repository', url: repository.path }]
  for (const workspace of moved)
    // oxlint-disable-next-line no-await-in-loop -- in the same place
    expect(await messageOf(prepare(workspace))).toMatch(
      /^The session cannot move to another place yet\. .*1 untracked file or folder \(work\.txt\)/,
    )
  expect(readFileSync(join(place(), 'work.txt'), 'utf8')).toBe('work')
  rmSync(join(place(), 'work.txt'))
  expect(await prepare({ type: 'repository', url: repository.path })).toMatchObject({
    workspace: 'cloned',
  })
  expect(repository.git('worktree', 'list').split('\n')).toHaveLength(1)
  expect(repository.git('branch', '--list', 'first')).toBe('')
})

test('[R-37] [R-18] a lost worktree is made again with what its checkpoints hold, and a branch that went on elsewhere is not set back', async () => {
  const checkpoints = new Checkpoints({
    path: join(root, 'checkpoints.git'),
    workspace: place(),
    commits: 'elsewhere',
    origin: 'worktree',
    dataFolder: join(root, 'data'),
    env: process.env,
    bounds: deadlines,
  })
  const recover = () => checkpoints.recover()
  await prepare(inWorktree('mine'), { recover })
  writeFileSync(join(place(), 'work.txt'), 'work')
  writeFileSync(join(place(), 'done.txt'), 'done')
  gitAt(place(), 'add', 'done.txt')
  const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
  gitAt(place(), ...author, 'commit', '--quiet', '-m', 'Done')
  const done = gitAt(place(), 'rev-parse', 'HEAD')
  await checkpoints.save({ turn: 1, at: 'before', hurried: false })
  expect((await checkpoints.save({ turn: 1, at: 'after', hurried: false })).warning).toBeUndefined()
  rmSync(place(), { recursive: true })
  expect(await prepare(inWorktree('mine'), { recover })).toMatchObject({
    workspace: 'restored',
    branch: 'mine',
  })
  expect(readFileSync(join(place(), 'work.txt'), 'utf8')).toBe('work')
  expect(gitAt(place(), 'rev-parse', 'HEAD')).toBe(done)
  // The person goes on with the branch while the worktree is lost.
  rmSync(place(), { recursive: true })
  const theirs = repository.git('commit-tree', '-p', done, '-m', 'Theirs', `${done}^{tree}`)
  repository.git('update-ref', 'refs/heads/mine', theirs)
  expect(await prepare(inWorktree('mine'), { recover })).toMatchObject({ workspace: 'restored' })
  expect(repository.git('rev-parse', 'mine')).toBe(theirs)
  expect(gitAt(place(), 'rev-parse', 'HEAD')).toBe(done)
  expect(readFileSync(join(place(), 'work.txt'), 'utf8')).toBe('work')
  checkpoints.close()
})

test('[R-145] a data folder, and whatever lies in one, is refused by any spelling', async () => {
  const data = join(root, 'data')
  mkdirSync(join(data, 'workspaces', 'other'), { recursive: true })
  for (const name of ['belay.db', 'token']) writeFileSync(join(data, name), '')
  const inside = join(data, 'workspaces', 'other')
  const link = join(root, 'link')
  symlinkSync(inside, link)
  const spellings = [data, inside, link, `${root}/data/../data/workspaces`]
  // Not yet one: the secret is missing.
  expect(await prepare({ type: 'folder', path: data })).toMatchObject({ workspace: 'kept' })
  writeFileSync(join(data, 'secret'), '')
  expect([isDataFolder(data), isDataFolder(inside), isDataFolder(root)]).toEqual([
    true,
    false,
    false,
  ])
  expect([dataFolderAbove(join(link, 'not', 'yet')), dataFolderAbove(root)]).toEqual([
    data,
    undefined,
  ])
  for (const path of spellings)
    for (const worktree of [{}, { worktree: true as const }])
      // oxlint-disable-next-line no-await-in-loop -- small
      expect(await messageOf(prepare({ type: 'folder', path, ...worktree }))).toContain(
        'the data folder of a Belay server',
      )
  expect(await prepare({ type: 'folder', path: root })).toMatchObject({ workspace: 'kept' })
})

test('[R-141] a branch is named after what a person reads and what nobody else has', () => {
  expect(branchFor('Fix the Löwe’s login, please!', 's1abc')).toBe(
    'belay/fix-the-lowe-s-login-please-s1abc',
  )
  expect(branchFor('日本', 's1abc')).toBe('belay/s1abc')
  expect(branchFor('x'.repeat(300), 'abcdefghijklmnop')).toMatch(/^belay\/x{40}-ghijklmnop$/)
})
