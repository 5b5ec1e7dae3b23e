/** Sessions that keep out of each other's way: in worktrees of their own, in shared folders, and away from Belay's own files. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateBody } from '@belay/protocol'
import { gitRepository, killHard, runnerOf, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { belay, ofType, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const folderOf = (id: string) => join(world.dataFolder, 'workspaces', id)
const runnersOf = (id: string) => join(world.dataFolder, 'runners', id)

/** A session of the demo agent, whose turn writes one file into its folder. */
async function demoIn(
  workspace: CreateBody['workspace'],
  more: Partial<CreateBody> = {},
): Promise<string> {
  const { session } = await world.client.call('createSession', {
    agent: { name: 'demo' },
    workspace,
    ...more,
  })
  return session.id
}
const prompt = { promptId: 'p1', text: 'fast no-permission' }

async function ready(id: string) {
  await waitFor(
    async () => (await world.client.call('getSession', { id })).status === 'idle',
    `${id} is ready`,
    30_000,
  )
}

test('[B-50] a session works in a worktree beside the person’s own work, comes back after its runner and its folder were lost, and leaves what it wrote', async () => {
  const { path, git, commit } = gitRepository()
  commit('A package', { 'packages/a/index.js': 'a\n' })
  writeFileSync(join(path, 'README.md'), 'not committed\n')
  const id = await demoIn(
    { type: 'folder', path: join(path, 'packages', 'a'), worktree: true },
    { title: 'Fix the login', prompt },
  )
  const viewer = watch(world, id, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  const place = join(folderOf(id), 'packages', 'a')
  const branch = `belay/fix-the-login-${id.slice(-10)}`
  expect(ofType(viewer.events, 'agent-ready')).toMatchObject([
    {
      folder: place,
      branch,
      workspace: 'made',
      notes: [expect.stringContaining('The uncommitted change in')],
    },
  ])
  const written = readFileSync(join(place, 'belay-demo.md'), 'utf8')
  expect(existsSync(join(path, 'packages', 'a', 'belay-demo.md'))).toBe(false)
  expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('not committed\n')
  // The checkpoint after the turn is made once its end was told.
  await waitFor(
    () => ofType(viewer.events, 'turn-changes').length === 1,
    'what the turn changed is kept',
    20_000,
  )
  killHard(runnerOf(world.dataFolder, id))
  await waitFor(
    async () => (await world.client.call('getSession', { id })).runner.state === 'none',
    'its runner is gone',
    20_000,
  )
  rmSync(folderOf(id), { recursive: true })
  await world.client.call('prompt', { id, promptId: 'p2', text: 'no-permission fast' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  expect(ofType(viewer.events, 'agent-ready').at(-1)).toMatchObject({
    workspace: 'restored',
    branch,
  })
  expect(readFileSync(join(place, 'belay-demo.md'), 'utf8').startsWith(written)).toBe(true)
  const answer = await world.client.call('deleteSession', { id })
  expect(answer.left).toMatchObject({
    path: folderOf(id),
    branch,
    why: expect.stringContaining('1 untracked file or folder (packages/a/belay-demo.md)'),
  })
  await waitFor(() => !existsSync(runnersOf(id)), 'the session is gone', 20_000)
  expect(existsSync(join(place, 'belay-demo.md'))).toBe(true)
  expect(git('worktree', 'list')).toContain(id)
  // Asked again, the answer is the same; discarded, it goes, and nothing of the person's with it.
  expect((await world.client.call('deleteSession', { id })).left?.path).toBe(folderOf(id))
  await world.client.call('deleteSession', { id, discard: 'true' })
  await waitFor(() => !existsSync(folderOf(id)), 'it is discarded', 20_000)
  expect(git('worktree', 'list')).not.toContain(id)
  expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('not committed\n')
  viewer.close()
})

test('[B-51] [K-46] [E-42] a worktree with nothing of its own goes with its session, as a person deletes it and as it expires; one that got something stays', async () => {
  const { path, git } = gitRepository()
  const own = { type: 'folder', path, worktree: true } as const
  const clean = await demoIn(own)
  await ready(clean)
  expect(await world.client.call('deleteSession', { id: clean })).toEqual({ ok: true })
  await waitFor(() => !existsSync(folderOf(clean)), 'it is gone', 20_000)
  await waitFor(() => git('branch', '--list', 'belay/*') === '', 'its branch too', 20_000)
  expect(git('worktree', 'list').split('\n')).toHaveLength(1)
  const [old, used] = [await demoIn(own), await demoIn(own)]
  await Promise.all([ready(old), ready(used)])
  writeFileSync(join(folderOf(used), 'work.txt'), 'work')
  await world.server.kill()
  await world.restart(['--keep-sessions', String(1 / 86_400)])
  await waitFor(
    () => !existsSync(runnersOf(old)) && !existsSync(runnersOf(used)),
    'both are expired',
    30_000,
  )
  expect(existsSync(folderOf(old))).toBe(false)
  expect(readFileSync(join(folderOf(used), 'work.txt'), 'utf8')).toBe('work')
  const log = readFileSync(join(world.dataFolder, 'server.log'), 'utf8')
  expect(log).toMatch(/work\.txt.*a worktree of a deleted session stays/)
  await world.server.kill()
  await world.restart()
})

test('[K-45] [S-120] sessions in one folder are both told of the other, whatever the spelling, and no more once it is over', async () => {
  const { path } = gitRepository()
  const link = join(temporaryFolder('link'), 'link')
  symlinkSync(path, link)
  const first = await demoIn({ type: 'folder', path }, { title: 'First' })
  await ready(first)
  const second = await demoIn({ type: 'folder', path: `${link}/src/..` }, { title: 'Second' })
  const apart = await demoIn({ type: 'folder', path, worktree: true })
  const sharedWith = async (id: string) =>
    (await world.client.call('getSession', { id })).sharedWith
  const told = async (id: string) =>
    (await world.client.call('events', { id })).events.filter(
      ({ type }) => type === 'folder-shared',
    )
  await waitFor(async () => (await sharedWith(first)) !== undefined, 'the first is told', 10_000)
  expect(await sharedWith(first)).toEqual([{ id: second, title: 'Second' }])
  expect(await told(first)).toMatchObject([{ session: second, title: 'Second' }])
  await waitFor(async () => (await sharedWith(second)) !== undefined, 'the second too', 10_000)
  expect(await told(second)).toMatchObject([{ session: first, title: 'First' }])
  await ready(apart)
  expect(await sharedWith(apart)).toBeUndefined()
  const listed = await belay(world, 'ls')
  expect(listed.stdout).toContain('Shares its folder with “Second”.')
  // A server that dies in between changes nothing: it is told no second time, and taken back when it is over.
  await world.server.kill()
  await world.restart()
  await world.client.call('deleteSession', { id: second })
  await waitFor(async () => (await sharedWith(first)) === undefined, 'it is over', 10_000)
  expect(await told(first)).toHaveLength(1)
})

test('[E-41] a folder can be asked about: whether it is there, its repository, and who is in it', async () => {
  const { path } = gitRepository()
  const place = (at: string) => world.client.call('place', { path: at })
  expect(await place(join(path, 'nowhere'))).toEqual({ exists: false, sessions: [] })
  expect(await place(join(path, 'README.md'))).toEqual({ exists: false, sessions: [] })
  expect(await place(temporaryFolder('plain'))).toEqual({ exists: true, sessions: [] })
  const id = await demoIn({ type: 'folder', path: join(path, 'src') }, { title: 'In src' })
  await waitFor(async () => (await place(join(path, 'src'))).sessions.length > 0, 'it is in', 5000)
  expect(await place(`${path}/src/../src`)).toMatchObject({
    exists: true,
    git: { top: path, branch: 'main' },
    sessions: [{ id, title: 'In src' }],
  })
  expect((await place(path)).sessions).toEqual([])
  await expect(place('src')).rejects.toMatchObject({ status: 400 })
})

test('[E-40] a data folder and what lies in one is refused at the edge, for a new session and a retry', async () => {
  const other = temporaryFolder('other')
  for (const name of ['belay.db', 'secret', 'token']) writeFileSync(join(other, name), '')
  mkdirSync(join(other, 'workspaces', 'theirs'), { recursive: true })
  const link = join(temporaryFolder('link'), 'link')
  symlinkSync(join(world.dataFolder, 'workspaces'), link)
  const inside = join(world.dataFolder, 'workspaces', '..', 'runners')
  const refused = [world.dataFolder, inside, link, other, join(other, 'workspaces', 'theirs')]
  for (const path of refused) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(demoIn({ type: 'folder', path })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('the data folder of a Belay server'),
    })
    // oxlint-disable-next-line no-await-in-loop
    expect((await world.client.call('place', { path })).refusal).toContain(path)
  }
  const id = await demoIn({ type: 'folder', path: join(other, 'nowhere', 'deep') })
  await waitFor(
    async () => (await world.client.call('getSession', { id })).status === 'attention',
    'what the edge cannot see, the runner refuses',
    20_000,
  )
  await expect(
    world.client.call('retry', { id, workspace: { type: 'folder', path: other } }),
  ).rejects.toMatchObject({ status: 400 })
})

test('[B-52] the command line makes a worktree, says who is in a folder already, and what a deleted session leaves', async () => {
  const { path, git } = gitRepository()
  const first = await demoIn({ type: 'folder', path }, { title: 'First' })
  await ready(first)
  const run = (...more: readonly string[]) =>
    belay(world, 'run', 'fast no-permission', '--agent', 'demo', '--dir', path, ...more)
  const shared = await run()
  expect(shared.stderr).toContain(`Session “First” (${first}) works in this folder too`)
  expect(shared.stderr).toContain('Give --worktree')
  const own = await run('--worktree', 'login')
  expect(own.code).toBe(0)
  expect(own.stderr).not.toContain('SHARED FOLDER')
  const id = /Session (\S+)/.exec(own.stderr)?.[1] ?? ''
  expect(git('worktree', 'list')).toContain(`${folderOf(id)} `)
  expect(git('worktree', 'list')).toContain('[login]')
  const removed = await belay(world, 'rm', id, '--yes')
  expect(removed.stdout).toMatch(
    /is deleted\. The worktree stays, .*belay-demo\.md.* on the branch login;/,
  )
  const named = await run('--worktree', 'login')
  expect(named.stdout + named.stderr).toContain('The branch login is checked out in')
  const other = await run('--worktree')
  const gone = /Session (\S+)/.exec(other.stderr)?.[1] ?? ''
  expect((await belay(world, 'rm', gone, '--yes', '--discard')).stdout).toBe(
    `Session ${gone} is deleted.\n`,
  )
  await waitFor(() => !existsSync(folderOf(gone)), 'it is discarded', 20_000)
  const wrong = await belay(world, 'run', 'x', '--repo', path, '--worktree')
  expect(wrong.stderr).toContain('A --worktree is of a folder')
})
