/** A real repository behind a real Git server, prepared for a real agent: well, with a secret, slowly, and not at all. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { follow } from '@belay/client/webapi'
import type { SessionView } from '@belay/protocol'
import {
  agentPids,
  type GitServer,
  runnerPid,
  start,
  startGitServer,
  waitFor,
} from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectDense, ofType, startWorld, textOf, turnEnd, watch, type World } from './world.ts'

const token = 'ghs_0123456789abcdefghijSECRET'
/** Far more than a slow clone takes here, also on a busy machine; the one that hangs takes all of it. */
const cloneMs = 8000

let world: World
let git: GitServer
let locked: GitServer
beforeAll(async () => {
  world = await startWorld(['--deadline', `cloneMs=${cloneMs}`])
  git = await startGitServer(world.repository.path)
  locked = await startGitServer(world.repository.path, { token })
})
afterAll(async () => {
  await world.end()
  await git.stop()
  await locked.stop()
})

const viewOf = (id: string) => world.client.call('getSession', { id })

function attention(id: string): Promise<SessionView> {
  return waitFor(
    async () => {
      const view = await viewOf(id)
      return view.status === 'attention' ? view : undefined
    },
    `the preparation of ${id} fails`,
    30_000,
  )
}

/** Command lines and environments' names aside: what any other person of the machine may read of a process. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        return '' // It ended while we looked.
      }
    })
    .join('\n')
}

/** Every file below a folder that holds the text, whatever kind of file it is. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'latin1').includes(text))
}

test('[B-30] a repository behind a token is cloned, set up and worked on by a real agent; the token is in no file, argument, event or setting', async () => {
  locked.mode = 'slow'
  locked.slowMs = 600
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace: { type: 'repository', url: locked.url, workBranch: 'belay/work', token },
    setup: ['echo installed > .git/installed', 'cat .git/installed'],
    prompt: { promptId: 'p1', text: '[[say all is prepared]]' },
  })
  const { id } = session
  const seen = new Map<string, string>()
  const signals: SessionView[] = []
  const following = follow(world.client, id, {
    after: 0,
    onFrame: (frame) => {
      if (frame.type === 'state' || frame.type === 'snapshot') signals.push(frame.session)
    },
  })
  const viewer = watch(world, id, 'socket')
  await waitFor(
    () => {
      const lines = commandLines()
      expect(lines).not.toContain(token)
      return lines.includes(`clone\0--progress`)
    },
    'git clones',
    20_000,
  )
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  for (const { steps } of signals)
    for (const step of steps) seen.set(`${step.step} ${step.index ?? ''}`.trim(), step.status)
  expect([...seen.keys()]).toEqual([
    'disk',
    'workspace',
    'clone',
    'branch',
    'setup 1',
    'setup 2',
    'agent-start',
    'agent-session',
    'first-prompt',
  ])
  expect(textOf(viewer.events, 1)).toContain('all is prepared')
  expect(ofType(viewer.events, 'agent-ready')).toMatchObject([
    { workspace: 'cloned', branch: 'belay/work' },
  ])
  expectDense(viewer.events)
  const folder = ofType(viewer.events, 'agent-ready')[0]?.folder ?? ''
  const settings = await start('git', ['-C', folder, 'config', '--list', '--show-origin'])
  await settings.exited
  expect(settings.stdout()).toContain(locked.url)
  expect(settings.stdout()).not.toContain(token)
  expect(filesWith(world.dataFolder, token)).toEqual([])
  expect(filesWith(world.dataFolder, 'belay/work').length).toBeGreaterThan(0)
  expect(JSON.stringify([viewer.events, await viewOf(id)])).not.toContain(token)
  following.close()
  viewer.close()
})

test('[B-35] a clone that fails is told with what git said; edited and retried it works, and a second retry beside it is refused', async () => {
  git.mode = 'well'
  const workspace = { type: 'repository', url: git.url, branch: 'nowhere' } as const
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace,
    prompt: { promptId: 'p1', text: '[[say came through]]' },
  })
  const { id } = session
  const failed = await attention(id)
  expect(failed.problem?.message).toMatch(/^The repository could not be cloned: .*nowhere.*\.$/)
  expect([failed.steps.at(-1), failed.queue]).toMatchObject([
    { step: 'clone', status: 'failed' },
    [{ promptId: 'p1', text: '[[say came through]]' }],
  ])
  await waitFor(() => runnerPid(world.dataFolder, id) === undefined, 'no runner is left', 10_000)
  git.mode = 'slow'
  git.slowMs = 300
  await world.client.call('retry', { id, workspace: { ...workspace, branch: 'main' } })
  await expect(
    world.client.call('retry', { id, workspace: { ...workspace, branch: 'other' } }),
  ).rejects.toMatchObject({ status: 409, problem: { code: 'not-ready' } })
  // The same request once more, as whoever lost the answer makes it, is the same attempt.
  const again = { id, workspace: { ...workspace, branch: 'main' } }
  expect(await world.client.call('retry', again)).toMatchObject({ attempt: 2 })
  const viewer = watch(world, id, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed', promptId: 'p1' })
  expect(ofType(viewer.events, 'preparation-started')).toHaveLength(2)
  expect(ofType(viewer.events, 'prompt-accepted')).toHaveLength(1)
  viewer.close()
})

test('[B-36] a clone that hangs is shown to whoever comes, ends at its bound with all its processes, and a retry works', async () => {
  git.mode = 'hang'
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace: { type: 'repository', url: git.url },
    prompt: { promptId: 'p1', text: '[[say at last]]' },
  })
  const { id } = session
  await waitFor(() => git.waiting() > 0, 'git waits for the server', 20_000)
  const runner = await waitFor(() => runnerPid(world.dataFolder, id), 'it has a runner', 10_000)
  const below = agentPids(runner)
  expect(below.length).toBeGreaterThan(0)
  // One who comes in the middle gets the step as it stands.
  const late = Promise.withResolvers<SessionView>()
  const following = follow(world.client, id, {
    after: 0,
    onFrame: (frame) => {
      if (frame.type === 'snapshot') late.resolve(frame.session)
    },
  })
  expect((await late.promise).steps.at(-1)).toMatchObject({ step: 'clone', status: 'started' })
  following.close()
  const why = await world.client.call('why', { id })
  expect(why.sentence).toMatch(/^Cloning the repository/)
  const failed = await attention(id)
  expect(failed.problem?.message).toMatch(/took longer than 8 seconds\.$/)
  // The bound begins some milliseconds before the step is said to have begun.
  expect(failed.steps.at(-1)?.ms).toBeGreaterThan(cloneMs - 250)
  await waitFor(
    () => below.every((pid) => !existsSync(`/proc/${pid}`)) && git.waiting() === 0,
    'nothing of the clone is left',
    10_000,
  )
  git.mode = 'well'
  await world.client.call('retry', { id })
  const viewer = watch(world, id, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  viewer.close()
})
