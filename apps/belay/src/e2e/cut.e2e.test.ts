/** The socket between a runner and its server, cut for 30 s while a real agent goes on talking. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createSession,
  expectDense,
  hearing,
  ofType,
  type ProxiedWorld,
  startProxiedWorld,
  textOf,
  tokens,
  turnEnd,
} from './world.ts'

const cutMs = 30_000
const tokenCount = 900

let world: ProxiedWorld
beforeAll(async () => {
  // Longer than the cut: what is shown is that nothing is lost, not when a runner is given up.
  world = await startProxiedWorld(['--deadline', 'graceMs=120000'])
})
afterAll(async () => {
  await world.end()
  await world.proxy.stop()
})

test.each<[string, () => Promise<void>]>([
  ['reset and refused', async () => (await world.proxy.refuse(), world.proxy.cut())],
  ['half-open, so that neither end hears of it', () => world.proxy.stall()],
])('[B-4] a runner’s socket %s for 30 s under output loses nothing', async (_name, fail) => {
  const session = await createSession(world, `[[slow ${tokenCount} 40]]`)
  const viewer = await hearing(world, session, 'tok20 ')
  await fail()
  const before = textOf(viewer.events, 1)
  await sleep(cutMs)
  const during = textOf(viewer.events, 1)
  await world.proxy.accept()
  await world.proxy.heal()
  expect(await turnEnd(viewer, 1)).toMatchObject({ outcome: 'completed' })
  expect(textOf(viewer.events, 1)).toContain(tokens(tokenCount))
  expectDense(viewer.events)
  expect(ofType(viewer.events, 'turn-ended')).toHaveLength(1)
  // The fault was there: hardly anything came through it, and it was noticed.
  expect(during.length - before.length).toBeLessThan(400)
  expect(ofType(viewer.events, 'runner-lost').length).toBeGreaterThan(0)
  expect(ofType(viewer.events, 'runner-returned').length).toBeGreaterThan(0)
  viewer.close()
})
