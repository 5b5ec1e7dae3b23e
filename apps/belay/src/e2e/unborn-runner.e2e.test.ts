/** A runner that was started and had not taken its folder yet when its server died: it may come late, or too late. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { alive, runnerPid, waitFor, waitForExit } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDemo, expectDense, ofType, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const folderOf = (session: string) => join(world.dataFolder, 'runners', session)

/** The process that works in a runner's folder, before any lock tells of it. */
function bornIn(folder: string): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const isRunner = readFileSync(`/proc/${name}/cmdline`, 'utf8').endsWith('\0runner\0')
      if (isRunner && readlinkSync(`/proc/${name}/cwd`) === folder) return Number(name)
    } catch {
      // It ended while we looked.
    }
  }
  return undefined
}

/** Creates sessions until the runner of one was stopped between its start and its lock, and kills the server then. */
async function unbornRunner(): Promise<{ session: string; runner: number }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const session = await createDemo(world, 'fast no-permission')
    const runner = await waitFor(() => bornIn(folderOf(session)), 'a runner is born', 10_000)
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
  await waitFor(() => bornIn(folderOf(session)) === working, 'one runner is left', 10_000)
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
