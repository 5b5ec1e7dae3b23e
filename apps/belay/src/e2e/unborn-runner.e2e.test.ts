/** A runner that was started and had not taken its folder yet when its server died: it may come late, or too late. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { alive, bornRunner, runnerPid, waitFor, waitForExit } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDemo, expectDense, ofType, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const folderOf = (session: string) => join(world.dataFolder, 'runners', session)

/** Creates sessions until the runner of one was stopped between its start and its lock, and kills the server then. */
async function unbornRunner(): Promise<{ session: string; runner: number }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const session = await createDemo(world, 'fast no-permission')
    const runner = await waitFor(
      () => bornRunner(world.dataFolder, session),
      'a runner is born',
      10_000,
    )
    process.kill(runner, 'SIGSTOP')
    if (runnerPid(world.dataFolder, session) === undefined) {
      await world.server.kill()
      return { session, runner }
    }
    process.kill(runner, 'SIGCONT')
  }
  throw new Error('five runners were faster than this test')
}

test('[B-40] a runner whose server died before it took its folder does no harm when it comes late: the prompt runs once', async () => {
  const { session, runner } = await unbornRunner()
  await world.restart()
  const viewer = watch(world, session, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  const second = runnerPid(world.dataFolder, session)
  expect(second).not.toBe(runner)
  process.kill(runner, 'SIGCONT')
  await waitForExit(runner)
  expect(runnerPid(world.dataFolder, session)).toBe(second)
  await world.client.call('prompt', { id: session, promptId: 'p2', text: 'fast no-permission' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  expect(ofType(viewer.events, 'turn-started').map(({ turn }) => turn)).toEqual([1, 2])
  expectDense(viewer.events)
  viewer.close()
})

test('[B-40] woken while its successor starts, one of the two works and the prompt runs once', async () => {
  const { session, runner } = await unbornRunner()
  await world.restart()
  process.kill(runner, 'SIGCONT')
  const viewer = watch(world, session, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  const working = runnerPid(world.dataFolder, session)
  expect(working).toBeDefined()
  if (working !== runner) await waitForExit(runner)
  await waitFor(
    () => bornRunner(world.dataFolder, session) === working,
    'one runner is left',
    10_000,
  )
  expect(ofType(viewer.events, 'turn-started')).toHaveLength(1)
  expectDense(viewer.events)
  viewer.close()
})

test('[B-40] when its session was deleted meanwhile, it ends and brings nothing back', async () => {
  const { session, runner } = await unbornRunner()
  await world.restart()
  await world.client.call('deleteSession', { id: session })
  await waitFor(() => !existsSync(folderOf(session)), 'its folder is gone', 20_000)
  expect(alive(runner)).toBe(true)
  process.kill(runner, 'SIGCONT')
  await waitForExit(runner)
  expect(existsSync(folderOf(session))).toBe(false)
})
