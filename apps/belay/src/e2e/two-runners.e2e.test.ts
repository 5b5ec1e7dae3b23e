/** Two runners of one session, started elsewhere so that nobody can end them by a signal: the older is out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { createClient, follow } from '@belay/client/webapi'
import { eventSchema, type SessionEvent } from '@belay/protocol'
import type { RunnerConfig } from '@belay/runner/node'
import { belayMain, startTcpProxy, temporaryFolder, waitFor } from '@belay/testing/node'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { serve } from '../server/serve.ts'
import { deadlines } from '@belay/protocol'
import { runnerToken } from '../server/tokens.ts'
import { expectDense, ofType, textOf } from './world.ts'

interface Launch {
  readonly session: string
  readonly generation: number
  readonly url: string
  readonly secret: Buffer
}

/** A runner with a folder of its own, as on another machine. */
function startRunner({ session, generation, url, secret }: Launch): ChildProcess {
  const dataFolder = temporaryFolder('elsewhere')
  writeFileSync(join(dataFolder, 'server.json'), JSON.stringify({ url }))
  const runnerFolder = join(dataFolder, 'runner')
  mkdirSync(runnerFolder)
  const config: RunnerConfig = {
    session,
    generation,
    token: runnerToken(secret, { session, generation }),
    dataFolder,
    runnerFolder,
    workspaceFolder: join(dataFolder, 'workspace'),
    version: '0.0.0',
    demoCommand: [process.execPath, belayMain, 'demo-agent'],
    bounds: deadlines,
    diskFreeBytesMin: 0,
  }
  const child = spawn(process.execPath, [belayMain, 'runner'], {
    cwd: runnerFolder,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [, , , pipe] = child.stdio
  if (pipe !== null && pipe !== undefined && 'end' in pipe) {
    const writable: Writable = pipe
    writable.end(JSON.stringify(config))
  }
  return child
}

test('[K-2] [S-19] of two runners the older is refused, told so and ends; nothing of it is stored', async () => {
  const dataFolder = temporaryFolder('data')
  const server = await serve({
    dataFolder,
    port: 0,
    host: '127.0.0.1',
    log: pino({ enabled: false }),
    runners: 'elsewhere',
    deadlines: { graceMs: 1500 },
  })
  const proxy = await startTcpProxy(Number(new URL(server.url).port))
  const secret = Buffer.from(readFileSync(join(dataFolder, 'secret'), 'utf8').trim(), 'hex')
  const token = readFileSync(join(dataFolder, 'token'), 'utf8').trim()
  const client = createClient({ url: server.url, token })
  const session = 'two'
  await client.call('createSession', {
    id: session,
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: temporaryFolder('work') },
    prompt: { promptId: 'p1', text: 'fast no-permission slow 60' },
  })
  const events: SessionEvent[] = []
  const viewer = follow(client, session, {
    after: 0,
    onFrame: (frame) => {
      if (frame.type === 'events') events.push(...eventSchema.array().parse(frame.events))
    },
  })
  const ends = () => ofType(events, 'turn-ended')
  const older = startRunner({
    session,
    generation: 1,
    url: `http://127.0.0.1:${proxy.port}`,
    secret,
  })
  const olderExit = once(older, 'exit')
  await waitFor(() => textOf(events, 1).includes('slow-20 '), 'the older works', 30_000)
  await proxy.refuse()
  await proxy.cut()
  await waitFor(() => ends().length === 1, 'the turn ends', 20_000)
  await client.call('prompt', { id: session, promptId: 'p2', text: 'fast no-permission slow 5' })
  const newer = startRunner({ session, generation: 2, url: server.url, secret })
  const newerExit = once(newer, 'exit')
  await waitFor(() => textOf(events, 2).includes('slow-20 '), 'the newer works', 30_000)
  expect(older.exitCode).toBe(null)
  await proxy.accept()
  expect(await olderExit).toEqual([0, null])
  await waitFor(() => ends().length === 2, 'the newer finishes', 30_000)
  expect(ends()).toMatchObject([
    { turn: 1, code: 'runner-lost' },
    { turn: 2, code: 'end-turn' },
  ])
  const { seq } = ends()[0] ?? { seq: 0 }
  // The session's own word: the runner that could have said it was refused.
  expect(
    events.filter((event) => event.seq > seq && 'turn' in event && event.turn === 1),
  ).toMatchObject([
    { type: 'turn-changes', files: [], problem: expect.stringContaining('looks at it ended') },
  ])
  expectDense(events)
  await client.call('deleteSession', { id: session })
  expect(await newerExit).toEqual([0, null])
  viewer.close()
  await server.close()
  await proxy.stop()
})
