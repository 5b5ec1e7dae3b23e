/** One process dies, or one socket: what the person is told, and that the next prompt works. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askedCommand } from '@belay/testing'
import { agentPids, alive, killHard, runnerPid, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  answerAll,
  createSession,
  expectDense,
  hearing,
  ofType,
  startWorld,
  textOf,
  tokens,
  turnEnd,
  watch,
  type Watching,
  type World,
} from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const runnerOf = (session: string) =>
  waitFor(() => runnerPid(world.dataFolder, session), 'the runner holds its lock', 10_000)

async function nextPromptWorks(session: string, viewer: Watching): Promise<void> {
  await world.client.call('prompt', {
    id: session,
    promptId: 'p2',
    text: '[[reset]] [[say still here]]',
  })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 2)).toContain('still here')
}

test('[B-2] an agent killed in mid-turn ends the turn once with its signal, and the next prompt works', async () => {
  const session = await createSession(world, '[[slow 2000 20]]')
  const viewer = await hearing(world, session, 'tok5 ')
  const runner = await runnerOf(session)
  const agents = agentPids(runner)
  expect(agents.length).toBeGreaterThan(0)
  for (const pid of agents) killHard(pid)
  const end = await turnEnd(viewer, 1)
  expect(end).toMatchObject({
    outcome: 'failed',
    code: 'agent-exited',
    reached: 'yes',
    fault: 'agent',
  })
  expect(ofType(viewer.events, 'agent-exited')).toMatchObject([
    { signal: 'SIGKILL', expected: false },
  ])
  await nextPromptWorks(session, viewer)
  expect(await runnerOf(session)).toBe(runner)
  expect(ofType(viewer.events, 'turn-ended')).toHaveLength(2)
  expectDense(viewer.events)
  viewer.close()
})

test('[B-3] a runner killed in mid-turn ends the turn once and its agent with it, and the next prompt works', async () => {
  const session = await createSession(world, '[[slow 2000 20]]')
  const viewer = await hearing(world, session, 'tok5 ')
  const runner = await runnerOf(session)
  const agents = agentPids(runner)
  killHard(runner)
  const end = await turnEnd(viewer, 1)
  expect(end).toMatchObject({ outcome: 'failed', code: 'runner-exited', reached: 'yes' })
  expect(ofType(viewer.events, 'runner-exited')).toMatchObject([
    { signal: 'SIGKILL', expected: false },
  ])
  await waitFor(() => agents.every((pid) => !alive(pid)), 'the agent ends with its runner', 10_000)
  await nextPromptWorks(session, viewer)
  expect(await runnerOf(session)).not.toBe(runner)
  expect(ofType(viewer.events, 'turn-ended')).toHaveLength(2)
  expectDense(viewer.events)
  viewer.close()
})

test('[B-3] a runner that dies while the server is away is found dead by the next start', async () => {
  const session = await createSession(world, '[[slow 2000 20]]')
  const viewer = await hearing(world, session, 'tok5 ')
  const runner = await runnerOf(session)
  await world.server.kill()
  killHard(runner)
  await world.restart()
  expect(await turnEnd(viewer, 1)).toMatchObject({
    outcome: 'failed',
    code: 'runner-exited',
    reached: 'yes',
  })
  expectDense(viewer.events)
  viewer.close()
})

test('[B-6] a prompt sent five times at once with one id runs once', async () => {
  const session = await createSession(world, '[[say first]]')
  const viewer = watch(world, session, 'socket')
  await turnEnd(viewer, 1)
  const file = join(world.repository.path, 'once.txt')
  const prompt = {
    id: session,
    promptId: 'p2',
    text: `[[reset]] ${askedCommand(`echo once >> ${file}`)} [[say done]]`,
  }
  const answering = answerAll(viewer, world, session)
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => world.client.call('prompt', prompt)))
  expect(new Set(answers.map(({ promptId }) => promptId))).toEqual(new Set(['p2']))
  await turnEnd(viewer, 2)
  expect(await world.client.call('prompt', prompt)).toMatchObject({ state: 'ended', turn: 2 })
  answering.close()
  expect(
    ofType(viewer.events, 'prompt-accepted').filter(({ promptId }) => promptId === 'p2'),
  ).toHaveLength(1)
  expect(readFileSync(file, 'utf8')).toBe('once\n')
  viewer.close()
})

test('[B-7] Ctrl-C stops the server and not the runners; the next start takes them back', async () => {
  const session = await createSession(world, '[[slow 100 25]]')
  const viewer = await hearing(world, session, 'tok5 ')
  const runner = await runnerOf(session)
  expect(await world.server.interrupt()).toEqual({ code: 0, signal: undefined })
  await sleep(500)
  expect(alive(runner)).toBe(true)
  await world.restart()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 1)).toContain(tokens(100))
  expect(await runnerOf(session)).toBe(runner)
  expectDense(viewer.events)
  viewer.close()
})

test('[B-8] a real agent edits a file of a real repository after its permission was answered', async () => {
  const file = join(world.repository.path, 'src/hello.js')
  const session = await createSession(
    world,
    `${askedCommand(`echo "console.log('edited')" > ${file}`)} [[say edited]]`,
  )
  const viewer = watch(world, session, 'socket')
  await waitFor(
    () => ofType(viewer.events, 'permission-asked').length === 1,
    'the agent asks',
    20_000,
  )
  expect(readFileSync(file, 'utf8')).toBe("console.log('HELLO')\n")
  const answering = answerAll(viewer, world, session)
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  answering.close()
  expect(readFileSync(file, 'utf8')).toBe("console.log('edited')\n")
  expect(world.repository.git('diff', '--name-only')).toBe('src/hello.js')
  viewer.close()
})

test('[B-8] [B-9] a session on a repository works in a clone; deleting it, the server killed in between, leaves nothing', async () => {
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace: { type: 'repository', url: world.repository.path, branch: 'main' },
    prompt: { promptId: 'p1', text: '[[slow 2000 20]]' },
  })
  const viewer = watch(world, session.id, 'socket')
  await waitFor(() => textOf(viewer.events, 1).includes('tok3 '), 'the agent streams', 30_000)
  const clone = join(world.dataFolder, 'workspaces', session.id)
  expect(ofType(viewer.events, 'agent-ready')[0]?.folder).toContain(clone)
  const runner = await runnerOf(session.id)
  const agents = agentPids(runner)
  const deleting = world.client.call('deleteSession', { id: session.id })
  await deleting
  await world.server.kill()
  await world.restart()
  await waitFor(() => !existsSync(clone) && !alive(runner), 'runner and clone are gone', 20_000)
  await waitFor(() => agents.every((pid) => !alive(pid)), 'the agent is gone', 10_000)
  await waitFor(
    () => !existsSync(join(world.dataFolder, 'runners', session.id)),
    'its folder is gone',
    10_000,
  )
  await expect(world.client.call('getSession', { id: session.id })).rejects.toMatchObject({
    status: 410,
  })
  viewer.close()
})

test('[B-10] an interrupt stops a real agent’s turn, and the next prompt works', async () => {
  const session = await createSession(world, '[[slow 2000 20]]')
  const viewer = await hearing(world, session, 'tok5 ')
  expect(await world.client.call('interrupt', { id: session, turn: 1 })).toEqual({ turn: 1 })
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'interrupted', code: 'interrupted' })
  await world.client.call('prompt', { id: session, promptId: 'p2', text: '[[reset]] [[say next]]' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 2)).toContain('next')
  viewer.close()
})
