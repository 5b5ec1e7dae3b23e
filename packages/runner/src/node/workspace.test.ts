import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines, type ReportOf, type Workspace } from '@belay/protocol'
import {
  alive,
  type GitServer,
  gitRepository,
  startGitServer,
  temporaryFolder,
  waitFor,
} from '@belay/testing/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { git } from './git.ts'
import { credentialOf, prepareWorkspace, type PrepareOptions } from './workspace.ts'

let root: string
let steps: ReportOf<'step'>[]
let server: GitServer | undefined
beforeEach(() => {
  root = temporaryFolder('workspace')
  steps = []
})
afterEach(async () => {
  await server?.stop()
  server = undefined
})

function prepare(workspace: Workspace, more: Partial<PrepareOptions> = {}) {
  return prepareWorkspace({
    workspace,
    setup: [],
    token: undefined,
    bounds: deadlines,
    diskFreeBytesMin: 0,
    recover: () => Promise.resolve(false),
    stampFile: join(root, 'stamp'),
    cloneFolder: join(root, 'clone'),
    env: process.env,
    signal: new AbortController().signal,
    onStep: (step) => steps.push(step),
    ...more,
  })
}
const clone = () => join(root, 'clone')
const said = () =>
  steps
    .filter(({ status }) => status !== 'progress')
    .map(({ step, index, status }) => `${step}${index ?? ''} ${status}`)

test('[R-17] a folder of the person is used as it is, on the branch it is on', async () => {
  const { path } = gitRepository()
  const before = readdirSync(path, { recursive: true })
  expect(await prepare({ type: 'folder', path })).toEqual({
    folder: path,
    branch: 'main',
    workspace: 'kept',
  })
  expect(readdirSync(path, { recursive: true })).toEqual(before)
  expect(await prepare({ type: 'folder', path: root })).toEqual({
    folder: root,
    branch: undefined,
    workspace: 'kept',
  })
})

test('[R-104] a folder that is a package of a repository is on its branch', async () => {
  const { path } = gitRepository()
  expect(await prepare({ type: 'folder', path: join(path, 'src') })).toMatchObject({
    branch: 'main',
  })
})

test('[R-18] another user of the token makes no clone anew', async () => {
  const { path: url } = gitRepository()
  await prepare({ type: 'repository', url })
  expect(await prepare({ type: 'repository', url, user: 'ann' })).toMatchObject({
    workspace: 'kept',
  })
})

test('[R-18] what a cut clone left is made again from nothing; a complete one is left alone', async () => {
  const { path: url } = gitRepository()
  mkdirSync(join(clone(), '.git'), { recursive: true })
  writeFileSync(join(clone(), 'half'), '')
  expect(await prepare({ type: 'repository', url })).toEqual({
    folder: clone(),
    branch: 'main',
    workspace: 'cloned',
  })
  expect(readdirSync(clone()).toSorted()).toEqual(['.git', 'README.md', 'src'])
  writeFileSync(join(clone(), 'mine'), '')
  expect(await prepare({ type: 'repository', url })).toMatchObject({ workspace: 'kept' })
  expect(existsSync(join(clone(), 'mine'))).toBe(true)
  // Another repository was asked for: what is there is not it.
  await prepare({ type: 'repository', url: gitRepository().path })
  expect(existsSync(join(clone(), 'mine'))).toBe(false)
})

test.each([
  ['$(touch hacked)'],
  ['; touch hacked'],
  ['ext::sh -c touch% hacked'],
  ['--upload-pack=touch hacked'],
])('[R-19] an address such as %j runs nothing', async (url) => {
  const marked = join(root, 'hacked')
  const prepared = await prepare({ type: 'repository', url: url.replace('hacked', marked) })
  expect(prepared).toMatchObject({ problem: { step: 'clone', code: 'clone-failed' } })
  expect(existsSync(marked)).toBe(false)
})

test('[R-18] a clone that is stopped is not complete', async () => {
  const { path: url } = gitRepository()
  const stop = new AbortController()
  const preparing = prepare({ type: 'repository', url }, { signal: stop.signal })
  stop.abort()
  expect(await preparing).toMatchObject({
    problem: { code: 'clone-failed', message: expect.stringContaining('stopped') },
  })
  expect(existsSync(join(clone(), '.git', 'belay-complete'))).toBe(false)
})

test('[R-29] a disk with too little room fails the first step, with both numbers', async () => {
  const diskFreeBytesMin = 2 ** 60
  expect(await prepare({ type: 'folder', path: root }, { diskFreeBytesMin })).toMatchObject({
    problem: {
      step: 'disk',
      code: 'disk-full',
      message: expect.stringMatching(/^Only [\d.]+ (MiB|GiB) are free .* 1073741824\.0 GiB/),
    },
  })
  expect(said()).toEqual(['disk started'])
})

describe('a clone', () => {
  test('[R-28] is of the branch, the tag or the full ref that was asked for', async () => {
    const repository = gitRepository()
    const first = repository.git('rev-parse', 'HEAD~1')
    repository.git('branch', 'topic', first)
    repository.git('tag', 'v1', first)
    repository.git('update-ref', 'refs/pull/12/head', first)
    const at = async (more: object) => {
      const prepared = await prepare({ type: 'repository', url: repository.path, ...more })
      const { output } = await gitIn(clone(), 'rev-parse', 'HEAD')
      return [output, 'branch' in prepared ? prepared.branch : prepared]
    }
    expect(await at({ branch: 'topic' })).toEqual([first, 'topic'])
    expect(await at({ ref: 'v1' })).toEqual([first, undefined])
    expect(await at({ ref: 'refs/tags/v1' })).toEqual([first, undefined])
    expect(await at({ ref: 'refs/pull/12/head' })).toEqual([first, undefined])
    expect(await at({ ref: 'refs/pull/12/head', workBranch: 'belay/12' })).toEqual([
      first,
      'belay/12',
    ])
    expect(
      await prepare({ type: 'repository', url: repository.path, ref: 'refs/pull/13/head' }),
    ).toMatchObject({
      problem: { step: 'clone', message: expect.stringContaining('refs/pull/13/head') },
    })
  })

  test('[R-28] that is shallow has one commit', async () => {
    const repository = gitRepository()
    await prepare({ type: 'repository', url: `file://${repository.path}`, shallow: true })
    expect((await gitIn(clone(), 'rev-list', '--count', 'HEAD')).output).toBe('1')
  })

  test('[R-25] whose work branch is there already fails at that step, with what git said', async () => {
    const { path: url } = gitRepository()
    expect(await prepare({ type: 'repository', url, workBranch: 'main' })).toMatchObject({
      problem: { step: 'branch', code: 'branch-failed', message: expect.stringContaining('main') },
    })
  })

  test('[R-27] is tried three times when the network fails, and then says so', async () => {
    server = await startGitServer(gitRepository().path)
    server.mode = 'fail'
    expect(await prepare({ type: 'repository', url: server.url })).toMatchObject({
      problem: { step: 'clone', message: expect.stringMatching(/after 3 tries.*500/) },
    })
    expect(server.requests).toHaveLength(3)
    expect(steps.flatMap(({ detail }) => detail ?? []).join('\n')).toContain('Try 3 of 3')
  })

  test('[R-27] comes through when the network is well again, from nothing', async () => {
    const faulty = await startGitServer(gitRepository().path)
    server = faulty
    faulty.mode = 'cut'
    const preparing = prepare({ type: 'repository', url: faulty.url })
    await waitFor(
      () => steps.some(({ detail }) => detail?.startsWith('Try 2') === true),
      'the second try',
      10_000,
    )
    faulty.mode = 'well'
    expect(await preparing).toMatchObject({ workspace: 'cloned', branch: 'main' })
  })

  test('[R-27] that is refused or not found is not tried again', async () => {
    server = await startGitServer(gitRepository().path, { token: 'right' })
    expect(
      await prepare({ type: 'repository', url: server.url }, { token: 'wrong' }),
    ).toMatchObject({ problem: { step: 'clone', code: 'clone-failed' } })
    expect(server.requests.length).toBeLessThanOrEqual(2)
  })

  test('[R-25] [R-31] that hangs ends at its bound, and all its processes with it', async () => {
    const faulty = await startGitServer(gitRepository().path)
    server = faulty
    faulty.mode = 'hang'
    const bounds = { ...deadlines, cloneMs: 1500 }
    expect(await prepare({ type: 'repository', url: faulty.url }, { bounds })).toMatchObject({
      problem: { step: 'clone', message: expect.stringContaining('longer than 2 seconds') },
    })
    expect(faulty.requests).toHaveLength(1)
    await waitFor(() => faulty.waiting() === 0, 'its connection is gone', 10_000)
  })

  test('[R-32] with a token is let in, and the token is nowhere on disk', async () => {
    const token = 'secret-token-0123456789'
    server = await startGitServer(gitRepository().path, { token })
    expect(await prepare({ type: 'repository', url: server.url }, { token })).toMatchObject({
      workspace: 'cloned',
    })
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    )
    expect(files.length).toBeGreaterThan(10)
    const telling = files.filter((file) =>
      readFileSync(join(file.parentPath, file.name)).includes(token),
    )
    expect(telling.map(({ name }) => name)).toEqual([])
    expect(JSON.stringify(steps)).not.toContain(token)
  })

  test('[R-32] gives its token to the address it is for, and to no other', async () => {
    const other = await startGitServer(gitRepository().path, { token: 'theirs' })
    server = other
    const prepared = await prepare(
      { type: 'repository', url: other.url.replace('127.0.0.1', 'localhost') },
      { token: 'theirs' },
    )
    expect(prepared).toMatchObject({ workspace: 'cloned' })
    const end = await git(['ls-remote', other.url], {
      env: process.env,
      signal: new AbortController().signal,
      msMax: 10_000,
      credential: credentialOf(
        { type: 'repository', url: 'http://elsewhere.example/a.git' },
        'theirs',
      ),
    })
    expect(end.fault).toBeDefined()
  })
})

describe('setup', () => {
  test('[R-26] runs line after line in the workspace, each with its output and exit code', async () => {
    const setup = ['echo one > one; cat one', 'test -f one && echo two >&2']
    expect(await prepare({ type: 'folder', path: root }, { setup })).toMatchObject({
      workspace: 'kept',
    })
    expect(steps.filter(({ step, status }) => step === 'setup' && status === 'done')).toEqual([
      { type: 'step', step: 'setup', status: 'done', index: 1, count: 2, tail: 'one', exitCode: 0 },
      { type: 'step', step: 'setup', status: 'done', index: 2, count: 2, tail: 'two', exitCode: 0 },
    ])
    expect(steps.find(({ step }) => step === 'setup')).toMatchObject({ label: setup[0] })
  })

  test('[R-26] ends with the first line that fails, and says which, how and with what output', async () => {
    const setup = ['true', 'echo broken; exit 3', 'touch never']
    expect(await prepare({ type: 'folder', path: root }, { setup })).toEqual({
      problem: {
        step: 'setup',
        code: 'setup-failed',
        message: 'Setup command 2 of 3 ended with exit code 3: echo broken; exit 3',
        stderr: ['broken'],
      },
    })
    expect(existsSync(join(root, 'never'))).toBe(false)
    expect(said().slice(-4)).toEqual([
      'setup1 started',
      'setup1 done',
      'setup2 started',
      'setup2 failed',
    ])
  })

  test('[R-18] [R-17] is done once for each list of lines, and again when it did not come to its end', async () => {
    const setup = ['echo run >> runs']
    const runs = () => readFileSync(join(root, 'runs'), 'utf8').split('\n').length - 1
    await prepare({ type: 'folder', path: root }, { setup })
    await prepare({ type: 'folder', path: root }, { setup })
    expect(runs()).toBe(1)
    await prepare({ type: 'folder', path: root }, { setup: [...setup, 'false'] })
    expect(runs()).toBe(2)
    await prepare({ type: 'folder', path: root }, { setup: [...setup, 'false'] })
    expect(runs()).toBe(3)
  })

  test('[R-18] that fails leaves no clone to be taken for complete', async () => {
    const { path: url } = gitRepository()
    await prepare({ type: 'repository', url }, { setup: ['touch left', 'false'] })
    await prepare({ type: 'repository', url }, { setup: ['test ! -e left'] })
    expect(said().at(-1)).toBe('setup1 done')
  })

  test('[R-18] that was changed runs again in a clone that is complete, and what is in it stays', async () => {
    const { path: url } = gitRepository()
    await prepare({ type: 'repository', url })
    writeFileSync(join(clone(), 'mine'), '')
    const again = await prepare({ type: 'repository', url }, { setup: ['test -e mine'] })
    expect(again).toMatchObject({ workspace: 'kept' })
    expect(said().at(-1)).toBe('setup1 done')
  })

  test('[R-25] [R-31] that hangs ends at its bound, with everything it started', async () => {
    const setup = ['sleep 600 & echo $! > pid; sleep 600']
    const bounds = { ...deadlines, setupMs: 400 }
    expect(await prepare({ type: 'folder', path: root }, { setup, bounds })).toMatchObject({
      problem: { step: 'setup', message: expect.stringContaining('took longer than 1 second') },
    })
    const pid = Number(readFileSync(join(root, 'pid'), 'utf8'))
    await waitFor(() => !alive(pid), 'what it left in the background is gone', 10_000)
  })

  test('[R-31] that is stopped ends at once', async () => {
    const stop = new AbortController()
    const setup = ['echo begun; sleep 600']
    const preparing = prepare({ type: 'folder', path: root }, { setup, signal: stop.signal })
    await waitFor(() => steps.some(({ tail }) => tail === 'begun'), 'its output is told', 10_000)
    stop.abort()
    expect(await preparing).toMatchObject({
      problem: { message: expect.stringContaining('was stopped') },
    })
  })
})

async function gitIn(folder: string, ...args: readonly string[]) {
  const end = await git(['-C', folder, ...args], {
    env: process.env,
    signal: new AbortController().signal,
    msMax: 10_000,
  })
  return { output: end.output.trim() }
}
