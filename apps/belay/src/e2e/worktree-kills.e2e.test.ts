/**
 * A worktree held still while git makes it, half of its files written, by a filter of the person's repository that waits:
 * then a process is killed, or the session deleted.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  agentPids,
  alive,
  endRunners,
  type GitRepository,
  gitRepository,
  killHard,
  runnerPid,
  temporaryFolder,
  waitFor,
} from '@belay/testing/node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ofType, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await endRunners(world.dataFolder)
  await world.end()
})

let repository: GitRepository
let held: string
beforeEach(() => {
  repository = gitRepository()
  held = join(temporaryFolder('hold'), 'held')
  repository.commit('Slow', { '.gitattributes': '*.slow filter=slow\n', 'z.slow': 'slow\n' })
  repository.git(
    'config',
    'filter.slow.smudge',
    `sh -c "while [ -e '${held}' ]; do sleep 0.05; done; cat"`,
  )
  writeFileSync(held, '')
})

const folderOf = (id: string) => join(world.dataFolder, 'workspaces', id)
const registered = () => repository.git('worktree', 'list').split('\n').slice(1)

/** Stands in the middle: files are there, and git holds its own lock on what it makes. */
async function heldHalfway(id: string): Promise<number> {
  await world.client.call('createSession', {
    id,
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: repository.path, worktree: { branch: `work/${id}` } },
    prompt: { promptId: 'p1', text: 'fast no-permission' },
  })
  const admin = join(repository.path, '.git', 'worktrees', id)
  await waitFor(
    () => existsSync(join(folderOf(id), 'README.md')) && existsSync(join(admin, 'locked')),
    'the worktree is half made',
    30_000,
  )
  const { steps } = await world.client.call('getSession', { id })
  expect(steps.at(-1)).toMatchObject({ step: 'worktree', status: 'started' })
  const runner = runnerPid(world.dataFolder, id)
  if (runner === undefined) throw new Error(`${id} has no runner`)
  return runner
}

async function expectTurn(id: string): Promise<void> {
  const viewer = watch(world, id, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ code: 'end-turn', promptId: 'p1' })
  expect(ofType(viewer.events, 'session-ready')).toHaveLength(1)
  viewer.close()
  // The one side effect of the turn happened once, in a whole worktree.
  const written = readFileSync(join(folderOf(id), 'belay-demo.md'), 'utf8')
  expect(written.match(/^- /gm)).toHaveLength(1)
  expect(readFileSync(join(folderOf(id), 'z.slow'), 'utf8')).toBe('slow\n')
  expect(registered()).toEqual([expect.stringContaining(`[work/${id}]`)])
}

test('[B-53] a server killed while a worktree is made changes nothing: it is made, and the first prompt runs once', async () => {
  await heldHalfway('server-1')
  await world.server.kill()
  await world.restart()
  rmSync(held)
  await expectTurn('server-1')
  expect((await world.client.call('getSession', { id: 'server-1' })).attempt).toBe(1)
})

test('[B-53] a runner killed while a worktree is made is told, and a retry meets none of its leftovers', async () => {
  const id = 'runner-1'
  const runner = await heldHalfway(id)
  const below = agentPids(runner)
  expect(below.length).toBeGreaterThan(0)
  killHard(runner)
  await waitFor(
    async () => (await world.client.call('getSession', { id })).status === 'attention',
    'it is told',
    30_000,
  )
  await waitFor(() => below.every((pid) => !alive(pid)), 'its git is gone too', 20_000)
  // What was cut is there still: the next attempt has it to meet.
  expect(existsSync(join(repository.path, '.git', 'worktrees', id, 'locked'))).toBe(true)
  rmSync(held)
  await world.client.call('retry', { id })
  await expectTurn(id)
})

test('[B-53] a session deleted while its worktree is made leaves no folder, no registration and no branch', async () => {
  const id = 'delete-1'
  const runner = await heldHalfway(id)
  const processes = [runner, ...agentPids(runner)]
  const { left } = await world.client.call('deleteSession', { id })
  await waitFor(
    () =>
      processes.every((pid) => !alive(pid)) && !existsSync(join(world.dataFolder, 'runners', id)),
    'the session is gone',
    30_000,
  )
  rmSync(held)
  expect(left).toBeUndefined()
  expect(existsSync(folderOf(id))).toBe(false)
  expect(registered()).toEqual([])
  expect(repository.git('branch', '--list', 'work/*')).toBe('')
})
