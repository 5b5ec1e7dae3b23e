/** kill -9 of the server at random moments, again and again, while a real agent works. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionEvent } from '@belay/protocol'
import { askedCommand, seededRandom, seedFromEnv, seedLine } from '@belay/testing'
import { belayMain, runnerPid, start, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  answerAll,
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

const killsMin = 20
const tokenCount = 60

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

test('[B-1] [B-5] a server killed 20 times in the middle of turns loses nothing and repeats nothing', async () => {
  const random = seededRandom(seedFromEnv(process.env, Date.now()))
  console.info(seedLine('server kill test', random.seed))
  const script = (turn: number) =>
    `${askedCommand(`echo turn ${turn} >> ${join(world.repository.path, 'done.txt')}`)} [[slow ${tokenCount} 25]]`
  const session = await createSession(world, script(1))
  const socket = watch(world, session, 'socket')
  const sse = watch(world, session, 'sse')
  const attach = await start(process.execPath, [
    belayMain,
    'attach',
    session,
    '--json',
    '--data',
    world.dataFolder,
  ])
  // Also when the test fails on its way.
  onTestFinished(() => void attach.killHard())
  // A command that meets no server says so and ends; it is what follows already that must survive.
  await waitFor(() => attached(attach.stdout()).length > 0, 'belay attach follows', 20_000)
  const answering = answerAll(socket, world, session)
  const runner = await waitFor(
    () => runnerPid(world.dataFolder, session),
    'the runner holds its lock',
    10_000,
  )
  let kills = 0
  let turn = 1
  while (kills < killsMin) {
    await sleep(random.integer(0, 900))
    await world.server.kill()
    kills += 1
    await sleep(random.integer(0, 300))
    await world.restart()
    const { seq: stored } = await world.client.call('getSession', { id: session })
    await waitFor(() => socket.events.length >= stored, 'the viewer is back', 10_000)
    if (ofType(socket.events, 'turn-ended').some((event) => event.turn === turn)) {
      turn += 1
      await waitFor(() => prompted(turn, script(turn)), `prompt ${turn} is accepted`, 10_000)
    }
  }
  const end = await turnEnd(socket, turn)
  const { seq } = await world.client.call('getSession', { id: session })
  await waitFor(
    () => sse.events.length >= end.seq,
    'the viewer over server-sent events is there',
    20_000,
  )
  await waitFor(
    () => attached(attach.stdout()).length >= end.seq,
    `belay attach is there; it says: ${attach.stderr()}`,
    20_000,
  )
  answering.close()
  const late = watch(world, session, 'socket')
  await waitFor(() => late.events.length >= seq, 'a late viewer has all', 10_000)

  // A session says that its server was started again only while a turn runs.
  const returned = ofType(late.events, 'runner-returned')
  const inTurn = returned.filter(({ restart }) => restart === true).length
  console.info(
    `server kill test: ${kills} kills, ${inTurn} of them in a turn, ${turn} turns, ${seq} events`,
  )
  expect(inTurn).toBeGreaterThan(killsMin / 2)
  expect(runnerPid(world.dataFolder, session)).toBe(runner)
  expectDense(late.events)
  expect(socket.events.slice(0, seq)).toEqual(late.events.slice(0, seq))
  expect(sse.events.slice(0, seq)).toEqual(late.events.slice(0, seq))
  expect(attached(attach.stdout()).slice(0, end.seq)).toEqual(late.events.slice(0, end.seq))
  expect(ofType(late.events, 'turn-started').map((event) => event.turn)).toEqual(numbers(turn))
  expect(ofType(late.events, 'turn-ended').map((event) => [event.turn, event.outcome])).toEqual(
    numbers(turn).map((n) => [n, 'completed']),
  )
  for (const n of numbers(turn)) expect(textOf(late.events, n)).toContain(tokens(tokenCount))
  const done = readFileSync(join(world.repository.path, 'done.txt'), 'utf8')
  expect(done).toBe(
    numbers(turn)
      .map((n) => `turn ${n}\n`)
      .join(''),
  )
  expect(answering.answered()).toBe(turn)
  attach.signal('SIGINT')
  await attach.exited
  for (const viewer of [socket, sse, late]) viewer.close()

  async function prompted(n: number, text: string): Promise<boolean> {
    const { state } = await world.client.call('prompt', { id: session, promptId: `p${n}`, text })
    return state !== 'cancelled'
  }
})

/** The events that `belay attach --json` printed. */
function attached(output: string): SessionEvent[] {
  const lines = output.split('\n').slice(0, -1)
  return lines.flatMap((line): SessionEvent[] => {
    const value: { type: string; events?: SessionEvent[] } = JSON.parse(line)
    return value.type === 'events' ? (value.events ?? []) : []
  })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
