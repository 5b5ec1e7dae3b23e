/** What becomes of the work in a workspace: lost with its folder and brought back, committed and pushed, looked at and undone. */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateBody } from '@belay/protocol'
import { askedCommand } from '@belay/testing'
import {
  type GitServer,
  gitRepository,
  killHard,
  runnerPid,
  start,
  startGitServer,
  waitFor,
} from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  answerAll,
  belay,
  createDemo,
  expectDense,
  ofType,
  startWorld,
  turnEnd,
  watch,
  type Watching,
  type World,
} from './world.ts'

let world: World
let git: GitServer
beforeAll(async () => {
  world = await startWorld()
  git = await startGitServer(world.repository.path)
})
afterAll(async () => {
  await world.end()
  await git.stop()
})

/** A real agent in a clone, on a branch of its own; every permission is answered until `close`. */
async function inClone(branch: string, more: Partial<CreateBody> = {}) {
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace: { type: 'repository', url: git.url, workBranch: branch },
    ...more,
  })
  const viewer = watch(world, session.id, 'socket')
  const answering = answerAll(viewer, world, session.id)
  let turn = 0
  return {
    id: session.id,
    viewer,
    folder: join(world.dataFolder, 'workspaces', session.id),
    async run(command: string) {
      turn += 1
      const text = `[[reset]] ${askedCommand(command)} [[say done]]`
      await world.client.call('prompt', { id: session.id, promptId: `p${turn}`, text })
      return turnEnd(viewer, turn)
    },
    close() {
      answering.close()
      viewer.close()
    },
  }
}

/** What the last turn left is kept: what is lost later can be brought back. */
async function isKept(id: string): Promise<void> {
  const due = async () => (await world.client.call('getSession', { id })).changesDue
  await waitFor(async () => (await due()) === undefined, 'the checkpoint after the turn', 20_000)
}

/** Loses the runner without its session at work. */
async function killRunner(id: string): Promise<void> {
  const runner = await waitFor(() => runnerPid(world.dataFolder, id), 'it has a runner', 10_000)
  killHard(runner)
  await waitFor(
    async () => (await world.client.call('getSession', { id })).runner.state === 'none',
    'its end is known',
    20_000,
  )
}

const lastReady = (viewer: Watching) => ofType(viewer.events, 'agent-ready').at(-1)

test('[B-37] a workspace that was lost is there again at the next prompt, with its branch, its commits and what was not committed, and the person is told', async () => {
  const session = await inClone('topic')
  const commit = 'git -c user.name=A -c user.email=a@b commit -qam own'
  const work = `echo own > own.txt && git add own.txt && ${commit} && echo draft > draft.txt && echo more >> README.md`
  expect(await session.run(work)).toMatchObject({ outcome: 'completed' })
  expect(readFileSync(join(session.folder, 'draft.txt'), 'utf8')).toBe('draft\n')
  await isKept(session.id)
  await killRunner(session.id)
  rmSync(session.folder, { recursive: true })
  expect(await session.run('cat draft.txt')).toMatchObject({ outcome: 'completed' })
  expect(lastReady(session.viewer)).toMatchObject({ workspace: 'restored', branch: 'topic' })
  // The agent's own conversation came back as well.
  expect(lastReady(session.viewer)?.restored).toMatch(/^(resumed|loaded)$/)
  const told = await start('git', ['-C', session.folder, 'log', '--format=%s', '-1'])
  await told.exited
  expect(told.stdout()).toBe('own\n')
  const status = await start('git', ['-C', session.folder, 'status', '--porcelain'])
  await status.exited
  expect(status.stdout()).toBe(' M README.md\n?? draft.txt\n')
  expect(readFileSync(join(session.folder, 'draft.txt'), 'utf8')).toBe('draft\n')
  const { stdout } = await belay(world, 'attach', session.id, '--until-idle')
  expect(stdout).toContain('The workspace was gone: it is made again')
  expectDense(session.viewer.events)
  session.close()
})

test('[B-37] a workspace that is removed under a living runner lets the runner go, and is prepared again at the next prompt', async () => {
  const session = await inClone('under')
  await session.run('echo draft > draft.txt')
  await isKept(session.id)
  rmSync(session.folder, { recursive: true })
  const exits = () => ofType(session.viewer.events, 'runner-exited')
  await waitFor(() => exits().length === 1, 'its runner ends', 20_000)
  expect(exits()).toMatchObject([{ expected: true }])
  expect(await session.run('cat draft.txt')).toMatchObject({ outcome: 'completed' })
  expect(lastReady(session.viewer)).toMatchObject({ workspace: 'restored', branch: 'under' })
  expect(readFileSync(join(session.folder, 'draft.txt'), 'utf8')).toBe('draft\n')
  session.close()
})

test('[B-38] a turn is committed and pushed before its end is told; a push that fails is a warning on a completed turn', async () => {
  const session = await inClone('finished', { finish: { commit: true, push: true } })
  const end = await session.run('echo one > one.txt')
  expect(end).toMatchObject({
    outcome: 'completed',
    finish: { branch: 'finished', pushed: true, commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
  })
  expect(end.finish?.warning).toBeUndefined()
  expect(world.repository.git('rev-parse', 'finished')).toBe(end.finish?.commit)
  expect(world.repository.git('show', 'finished:one.txt')).toBe('one')
  git.mode = 'fail'
  const second = await session.run('echo two > two.txt')
  git.mode = 'well'
  expect(second).toMatchObject({ outcome: 'completed', finish: { pushed: false } })
  expect(second.finish?.warning).toMatch(/^The commit was made and not pushed: /)
  // It is in the clone, and goes out with the next one.
  expect(world.repository.git('rev-parse', 'finished')).toBe(end.finish?.commit)
  const third = await session.run('echo three > three.txt')
  expect(third.finish).toMatchObject({ pushed: true })
  expect(world.repository.git('show', 'finished:two.txt')).toBe('two')
  session.close()
})

test('[B-39] what a turn changed is shown, undone and done again, beside uncommitted work of the person that nothing touches', async () => {
  const own = gitRepository()
  writeFileSync(join(own.path, 'README.md'), '# Mine, not committed\n')
  writeFileSync(join(own.path, 'notes.txt'), 'untracked\n')
  own.git('stash', 'push', '--quiet', '--', 'README.md')
  writeFileSync(join(own.path, 'README.md'), '# Mine again\n')
  own.git('add', 'README.md')
  const workspace = { type: 'folder', path: own.path } as const
  const id = await createDemo(world, 'fast no-permission', { workspace })
  const viewer = watch(world, id, 'socket')
  const mine = () => [
    own.git('stash', 'list'),
    own.git('diff', '--cached'),
    own.git('for-each-ref'),
    readFileSync(join(own.path, 'notes.txt'), 'utf8'),
  ]
  const before = mine()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(mine()).toEqual(before)
  const shown = await belay(world, 'diff', id)
  expect(shown.code).toBe(0)
  expect(shown.stdout).toMatch(/belay-demo\.md[\s\S]*\+- fast no-permission/)
  expect(shown.stdout).not.toContain('notes.txt')
  const file = join(own.path, 'belay-demo.md')
  const after = readFileSync(file, 'utf8')
  const restoredTimes = (times: number) =>
    waitFor(() => ofType(viewer.events, 'restored').length === times, 'it is restored', 20_000)
  expect((await belay(world, 'restore', id, '--turn', '1', '--to', 'before')).code).toBe(0)
  await restoredTimes(1)
  expect(existsSync(file)).toBe(false)
  expect((await belay(world, 'restore', id, '--turn', '1', '--to', 'after')).code).toBe(0)
  await restoredTimes(2)
  expect(readFileSync(file, 'utf8')).toBe(after)
  // As nobody's turn left it: it stays, unless a person says otherwise.
  writeFileSync(file, 'written by hand')
  const back = ['restore', id, '--turn', '1', '--to', 'before']
  expect((await belay(world, ...back)).stdout).toContain('Something else changed it since.')
  await restoredTimes(3)
  expect(readFileSync(file, 'utf8')).toBe('written by hand')
  expect((await belay(world, ...back, '--take-all')).code).toBe(0)
  await restoredTimes(4)
  expect(existsSync(file)).toBe(false)
  expect((await belay(world, 'restore', id, '--undo')).code).toBe(0)
  await restoredTimes(5)
  expect(readFileSync(file, 'utf8')).toBe('written by hand')
  expect(mine()).toEqual(before)
  viewer.close()
})

test('[B-39] [E-31] a restore is planned, done and undone, and what there is no checkpoint of is refused in words', async () => {
  const own = gitRepository()
  const workspace = { type: 'folder', path: own.path } as const
  const id = await createDemo(world, 'fast no-permission', { workspace })
  const viewer = watch(world, id, 'socket')
  await turnEnd(viewer, 1)
  const file = join(own.path, 'belay-demo.md')
  const made = readFileSync(file, 'utf8')
  const point = { id, turn: 1, to: 'before' } as const
  const nothing = world.client.call('planRestore', { ...point, to: 'undo' })
  await expect(nothing).rejects.toMatchObject({ status: 409, message: expect.any(String) })
  expect((await belay(world, 'restore', id, '--undo')).code).toBe(1)
  const plan = await world.client.call('planRestore', point)
  expect(plan).toMatchObject({ turn: 1, to: 'before', stay: [] })
  expect(plan.back).toEqual([{ path: 'belay-demo.md', does: 'remove' }])
  expect((await world.client.call('getSession', { id })).restorePlan).toEqual(plan)
  // By a runner that is woken for it, too.
  await killRunner(id)
  const shown = await belay(world, 'restore', id, '--turn', '1', '--dry-run')
  expect(shown).toMatchObject({ code: 0 })
  expect(shown.stdout).toContain('- belay-demo.md is removed')
  expect(readFileSync(file, 'utf8')).toBe(made)
  const done = await belay(world, 'restore', id, '--turn', '1')
  expect(done.stdout).toMatch(/back to how it was before turn 1: 1 file was put back/)
  expect(existsSync(file)).toBe(false)
  const undoing = await world.client.call('planRestore', { ...point, to: 'undo' })
  expect(undoing.back).toEqual([{ path: 'belay-demo.md', does: 'create' }])
  expect((await belay(world, 'restore', id, '--undo')).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(made)
  viewer.close()
})

test('[E-30] while another session has a turn in the same folder nothing is put back, and it is named', async () => {
  const own = gitRepository()
  const link = `${own.path}-linked`
  symlinkSync(own.path, link)
  const create = (path: string, title: string, text: string) =>
    createDemo(world, text, { workspace: { type: 'folder', path }, title })
  const id = await create(own.path, 'Mine', 'fast no-permission')
  const viewer = watch(world, id, 'socket')
  await turnEnd(viewer, 1)
  // It asks for permission, and nobody answers.
  const other = await create(link, 'The other', 'fast')
  await waitFor(
    async () => (await world.client.call('getSession', { id: other })).status === 'waiting-person',
    'the other has a turn',
    20_000,
  )
  const refused = await belay(world, 'restore', id, '--turn', '1')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`Session “The other” (${other}) has a turn running`)
  expect(existsSync(join(own.path, 'belay-demo.md'))).toBe(true)
  await world.client.call('interrupt', { id: other })
  await waitFor(
    async () => (await world.client.call('getSession', { id: other })).turn === undefined,
    'its turn is over',
    20_000,
  )
  expect((await belay(world, 'restore', id, '--turn', '1')).code).toBe(0)
  expect(existsSync(join(own.path, 'belay-demo.md'))).toBe(false)
  rmSync(link)
  viewer.close()
})
