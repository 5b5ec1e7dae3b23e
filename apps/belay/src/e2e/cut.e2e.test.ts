/** The socket between a runner and its server, cut for 30 s while a real agent goes on talking. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createSession,
  expectDense,
  ofType,
  startWorld,
  textOf,
  tokens,
  turnEnd,
  watch,
  type World,
} from './world.ts'

const cutMs = 30_000
const tokenCount = 900

let world: World
let proxy: TcpProxy
beforeAll(async () => {
  // Longer than the cut: what is shown is that nothing is lost, not when a runner is given up.
  world = await startWorld(['--deadline', 'graceMs=120000'])
  proxy = await startTcpProxy(Number(new URL(world.server.url).port))
  const path = join(world.dataFolder, 'server.json')
  const address: object = JSON.parse(readFileSync(path, 'utf8'))
  // Runners read the address of their server here: this puts the proxy between them.
  writeFileSync(path, JSON.stringify({ ...address, url: `http://127.0.0.1:${proxy.port}` }))
})
afterAll(async () => {
  await world.end()
  await proxy.stop()
})

test.each<[string, () => Promise<void>]>([
  ['reset and refused', async () => (await proxy.refuse(), proxy.cut())],
  ['half-open, so that neither end hears of it', () => proxy.stall()],
])('[B-4] a runner’s socket %s for 30 s under output loses nothing', async (_name, fail) => {
  const session = await createSession(world, `[[slow ${tokenCount} 40]]`)
  const viewer = watch(world, session, 'socket')
  await waitFor(() => textOf(viewer.events, 1).includes('tok20 '), 'the agent streams', 20_000)
  await fail()
  const before = textOf(viewer.events, 1)
  await sleep(cutMs)
  const during = textOf(viewer.events, 1)
  await proxy.accept()
  await proxy.heal()
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
