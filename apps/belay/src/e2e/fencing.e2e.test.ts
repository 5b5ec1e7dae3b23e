/** A runner that cannot be heard for less and for more than its grace, and two runners of one session. */
import { setTimeout as sleep } from 'node:timers/promises'
import { alive, runnerPid, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createDemo,
  expectDense,
  hearing,
  ofType,
  type ProxiedWorld,
  startProxiedWorld,
  textOf,
  turnEnd,
} from './world.ts'

const graceMs = 4000

let world: ProxiedWorld
beforeAll(async () => {
  world = await startProxiedWorld(['--deadline', `graceMs=${graceMs}`])
})
afterAll(async () => {
  await world.end()
  await world.proxy.stop()
})

test('[S-19] a turn longer than the grace survives a cut that is shorter than it', async () => {
  const session = await createDemo(world, 'fast no-permission slow 9')
  const viewer = await hearing(world, session, 'slow-20 ')
  await world.proxy.refuse()
  await world.proxy.cut()
  await sleep(graceMs / 2)
  await world.proxy.accept()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 1)).toContain('slow-450 ')
  expect(ofType(viewer.events, 'runner-returned').length).toBeGreaterThan(0)
  expectDense(viewer.events)
  viewer.close()
})

test('[S-19] [S-20] after a cut longer than the grace the turn has ended once, its runner is out, and nothing late is stored', async () => {
  const session = await createDemo(world, 'fast no-permission slow 60')
  const viewer = await hearing(world, session, 'slow-20 ')
  const old = runnerPid(world.dataFolder, session)
  await world.proxy.refuse()
  await world.proxy.cut()
  expect(await turnEnd(viewer, 1)).toMatchObject({
    outcome: 'failed',
    code: 'runner-lost',
    reached: 'yes',
  })
  await world.proxy.accept()
  await waitFor(() => old !== undefined && !alive(old), 'the old runner is gone', 20_000)
  await world.client.call('prompt', { id: session, promptId: 'p2', text: 'fast no-permission' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  const [end] = ofType(viewer.events, 'turn-ended')
  const late = viewer.events.filter(
    (event) => event.seq > (end?.seq ?? 0) && 'turn' in event && event.turn === 1,
  )
  // The session's own word: the runner that could have said it was out.
  expect(late).toMatchObject([
    { type: 'turn-changes', files: [], problem: expect.stringContaining('looks at it ended') },
  ])
  expect(ofType(viewer.events, 'turn-ended')).toHaveLength(2)
  expectDense(viewer.events)
  viewer.close()
})

test('[S-38] a turn that was cut off is continued once, by the word of a person', async () => {
  const session = await createDemo(world, 'fast no-permission slow 60')
  const viewer = await hearing(world, session, 'slow-20 ')
  const runner = runnerPid(world.dataFolder, session)
  if (runner !== undefined) process.kill(runner, 'SIGKILL')
  await turnEnd(viewer, 1)
  const { lastTurn } = await world.client.call('getSession', { id: session })
  expect(lastTurn?.actions).toEqual(['continue', 'send-again', 'discard'])
  const decision = { id: session, turn: 1, action: 'continue', promptId: 'p2' } as const
  const answers = await Promise.all([1, 2, 3].map(() => world.client.call('resolveTurn', decision)))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  await waitFor(
    () => ofType(viewer.events, 'permission-asked').length === 1,
    'the next turn is under way',
    20_000,
  )
  expect(ofType(viewer.events, 'prompt-accepted').at(-1)?.text).toMatch(/^Continue where/)
  expect(ofType(viewer.events, 'turn-resolved')).toHaveLength(1)
  await world.client.call('interrupt', { id: session })
  await turnEnd(viewer, 2)
  viewer.close()
})

test('[S-36] a steering prompt stops a real turn and runs next', async () => {
  const session = await createDemo(world, 'fast no-permission slow 60')
  const viewer = await hearing(world, session, 'slow-20 ')
  const text = 'fast no-permission'
  await world.client.call('prompt', { id: session, promptId: 'p2', text })
  await world.client.call('prompt', { id: session, promptId: 'p3', text, steer: true })
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'interrupted' })
  await turnEnd(viewer, 3)
  expect(ofType(viewer.events, 'turn-started').map(({ promptId }) => promptId)).toEqual([
    'p1',
    'p3',
    'p2',
  ])
  viewer.close()
})
