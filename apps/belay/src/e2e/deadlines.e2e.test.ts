/** Stored deadlines across the death of a server: they act in its next life, and not before the facts were looked at. */
import { setTimeout as sleep } from 'node:timers/promises'
import { runnerPid, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createDemo,
  createSession,
  expectDense,
  hearing,
  ofType,
  startWorld,
  textOf,
  turnEnd,
  watch,
  type World,
} from './world.ts'

const shortMs = 2500
let world: World
beforeAll(async () => {
  const deadlines = ['permissionMs', 'turnQuietMs', 'idleMs'].map((name) => `${name}=${shortMs}`)
  // The demo agent starts within a second, and a model that is really asked may be silent for a while.
  world = await startWorld(deadlines.flatMap((deadline) => ['--deadline', deadline]))
})
afterAll(() => world.end())

async function awayAcrossDeadlines(): Promise<void> {
  await world.server.kill()
  await sleep(shortMs + 500)
  await world.restart()
}

test('[K-24] a permission that nobody can answer while the server is away is settled after it, and its turn goes on', async () => {
  const session = await createDemo(world, 'fast')
  const viewer = watch(world, session, 'socket')
  await waitFor(() => ofType(viewer.events, 'permission-asked').length === 1, 'it asks', 20_000)
  await awayAcrossDeadlines()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(ofType(viewer.events, 'permission-settled')).toMatchObject([{ by: 'no answer in time' }])
  expect(textOf(viewer.events, 1)).toContain('You did not allow it')
  expectDense(viewer.events)
  viewer.close()
})

test('[K-24] an agent that talked all the time while the server was away is not called silent', async () => {
  const session = await createDemo(world, 'fast no-permission slow 5')
  const viewer = await hearing(world, session, 'slow-10 ')
  await awayAcrossDeadlines()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 1)).toContain('slow-250 ')
  viewer.close()
})

test('[K-24] an agent that was silent all the time is given up, after its runner was heard', async () => {
  const session = await createDemo(world, 'fast hang')
  const viewer = await hearing(world, session, 'turn 1')
  await awayAcrossDeadlines()
  const end = await turnEnd(viewer, 1)
  expect(end).toMatchObject({ outcome: 'failed', code: 'no-progress' })
  const [returned] = ofType(viewer.events, 'runner-returned')
  expect(returned?.seq ?? Infinity).toBeLessThan(end.seq)
  await world.client.call('prompt', { id: session, promptId: 'p2', text: 'fast no-permission' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  viewer.close()
})

test('[K-26] an idle agent is let go without a word, also by the next server, and woken with its memory', async () => {
  const session = await createDemo(world, 'fast no-permission')
  const viewer = watch(world, session, 'socket')
  await turnEnd(viewer, 1)
  await world.server.kill()
  await world.restart()
  await waitFor(
    () => runnerPid(world.dataFolder, session) === undefined,
    'the runner is gone',
    20_000,
  )
  const { status, why } = await world.client.call('why', { id: session }).then((told) => ({
    status: told.status,
    why: told.sentence,
  }))
  expect([status, why]).toEqual(['idle', expect.stringMatching(/^Asleep; /)])
  // What the turn changed is told after its end, and nothing after that.
  expect(viewer.events.at(-1)?.type).toBe('turn-changes')
  await world.client.call('prompt', { id: session, promptId: 'p2', text: 'fast no-permission' })
  await turnEnd(viewer, 2)
  expect(textOf(viewer.events, 2)).toContain('turn 2 of this conversation')
  expect(ofType(viewer.events, 'agent-ready').at(-1)?.restored).not.toBe('lost')
  expectDense(viewer.events)
  viewer.close()
})

test('[K-26] a real agent that was let go remembers what was said', async () => {
  const session = await createSession(world, '[[say the word is heliotrope]]')
  const viewer = watch(world, session, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  await waitFor(
    () => runnerPid(world.dataFolder, session) === undefined,
    'the runner is gone',
    20_000,
  )
  await world.client.call('prompt', { id: session, promptId: 'p2', text: '[[say awake]]' })
  expect(await turnEnd(viewer, 2)).toMatchObject({ outcome: 'completed' })
  expect(ofType(viewer.events, 'agent-ready').at(-1)?.restored).toMatch(/^(resumed|loaded)$/)
  // The model was asked with an answer of its own before it: the agent has its conversation, not only its name.
  const asked = world.model.requests().filter(({ tools }) => tools.length > 0)
  expect([asked.at(0)?.roles.includes('a'), asked.at(-1)?.roles.includes('a')]).toEqual([
    false,
    true,
  ])
  viewer.close()
})
