/** Runners at a real server's door: played by hand for the channel, real processes for their coming and going. */
import { agentReady } from '@belay/testing'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lockFolder } from '@belay/actor/node'
import { closeCodes } from '@belay/protocol'
import { runnerLockName } from '@belay/runner/node'
import { alive, endRunners, runnerPid, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, type PlayedServer, servePlayed, silentLog } from '../e2e/played-server.ts'
import { serve } from './serve.ts'

let server: PlayedServer
let client: PlayedServer['client']
beforeAll(async () => {
  server = await servePlayed('runners')
  client = server.client
})
afterAll(() => server.close())

test('[K-1] what was acknowledged is in the log, and the welcome says from where to go on', async () => {
  const id = await server.newSession('go')
  const runner = await server.dial(id)
  expect([...runner.commands.values()].map(({ type }) => type)).toEqual(['prepare'])
  await runner.report(agentReady, { type: 'step', step: 'agent-start', status: 'done' })
  expect(runner.acked()).toBe(2)
  const { events } = await client.call('events', { id })
  expect(events.map(({ type }) => type)).toContain('agent-ready')
  runner.end()
  const again = await server.dial(id, { received: 1 })
  expect(again.acked()).toBe(2)
  await waitFor(() => again.commands.size > 0, 'the missing command comes', 5000)
  expect([...again.commands.keys()]).toEqual([2])
  again.end()
})

test('[E-32] a session that is deleted while a page of its log is waited for is told as deleted', async () => {
  const id = await server.newSession('go')
  const runner = await server.dial(id)
  const finished = { type: 'turn-finished', turn: 1, stopReason: 'end_turn' } as const
  await runner.report(agentReady)
  await runner.report({ type: 'turn-taken', turn: 1 }, finished)
  const page: Promise<unknown> = client.call('events', { id }).then(
    () => 'a page',
    (error: unknown) => error,
  )
  // Whatever was asked before this is answered, or waits.
  await client.call('health', {})
  await client.call('deleteSession', { id })
  expect(await page).toMatchObject({ status: 410, problem: { code: 'session-deleted' } })
  runner.end()
})

test('[K-2] a newer socket of the same runner replaces the older', async () => {
  const id = await server.newSession('go')
  const older = await server.dial(id)
  const newer = await server.dial(id)
  await waitFor(() => older.closed() !== undefined, 'the older socket is closed', 5000)
  expect(older.closed()?.code).toBe(closeCodes.replaced)
  await newer.report(agentReady)
  expect(newer.acked()).toBe(1)
  expect((await client.call('getSession', { id })).runner.state).toBe('linked')
  newer.end()
})

test('[K-3] without its token a runner is not let in; another generation or session is fenced', async () => {
  const id = await server.newSession('go')
  const other = await server.newSession('go')
  await expect(server.dial(id, { token: 'runner.x.1.00' })).rejects.toThrow(/401/)
  await expect(server.dial(id, { token: server.token })).rejects.toThrow(/401/)
  const late = await server.dial(id, { generation: 2 })
  expect(late.closed()).toMatchObject({ code: closeCodes.fenced })
  const stranger = await server.dial(id, { token: server.runnerToken(other) })
  expect(stranger.closed()).toMatchObject({ code: closeCodes.protocolError })
  await client.call('deleteSession', { id })
  expect((await server.dial(id)).closed()).toMatchObject({ code: closeCodes.done })
})

test.each<[string, string]>([
  ['no channel line', 'hello?'],
  ['a report that is none', 'M 1 {"type":"nothing"}'],
  ['a report that forges its number', 'M 1 {"type":"closing","reason":"x","seq":7}'],
  ['a gap', 'M 7 {"type":"closing","reason":"x"}'],
  ['an ack of what was never sent', 'A 99'],
  ['a second hello', 'H {}'],
])(
  '[K-8] a runner that sends %s loses its socket and nothing of it is stored',
  async (_name, frame) => {
    const id = await server.newSession('go')
    const runner = await server.dial(id)
    const { seq } = await client.call('getSession', { id })
    runner.raw(frame)
    await waitFor(() => runner.closed() !== undefined, 'the socket is closed', 5000)
    expect(runner.closed()?.code).toBe(closeCodes.protocolError)
    expect((await client.call('getSession', { id })).seq).toBe(seq)
  },
)

/** A server that starts real runners, with the demo agent. */
async function realServer(folder: string) {
  const real = await serve({
    dataFolder: folder,
    port: 0,
    host: '127.0.0.1',
    log: silentLog,
    deadlines: { dialMs: 60_000 },
  })
  return { real, client: clientOf(real) }
}

const demo = (text: string) => ({
  agent: { name: 'demo' },
  workspace: { type: 'folder', path: temporaryFolder('demo-work') } as const,
  prompt: { promptId: 'p1', text },
})

test('[K-4] [K-7] a runner that is there is found by its lock after a restart, and not started again', async () => {
  const folder = temporaryFolder('restart')
  const first = await realServer(folder)
  const { session } = await first.client.call('createSession', demo('slow 60 no-permission'))
  const pid = await waitFor(
    () => runnerPid(folder, session.id),
    'the runner holds its lock',
    20_000,
  )
  // Stopped as soon as it has its lock: whether it has dialled in or not, the next start meets it.
  await first.real.close()
  expect(alive(pid)).toBe(true)
  const second = await realServer(folder)
  await waitFor(
    async () => (await second.client.call('getSession', { id: session.id })).status === 'working',
    'the turn goes on',
    20_000,
  )
  expect(runnerPid(folder, session.id)).toBe(pid)
  expect((await second.client.call('getSession', { id: session.id })).runner.generation).toBe(1)
  await second.client.call('deleteSession', { id: session.id })
  await waitFor(() => !alive(pid), 'the runner is ended', 20_000)
  await second.real.close()
  await endRunners(folder)
})

test('[K-4] a process that took over a dead runner’s pid is not harmed', async () => {
  const folder = temporaryFolder('pid')
  const { real, client: asking } = await realServer(folder)
  const { session } = await asking.call('createSession', demo('fast no-permission'))
  const runners = join(folder, 'runners', session.id)
  const pid = await waitFor(
    () => runnerPid(folder, session.id),
    'the runner holds its lock',
    20_000,
  )
  process.kill(pid, 'SIGKILL')
  await waitFor(() => runnerPid(folder, session.id) === undefined, 'its lock is free', 5000)
  // This very process now stands under the old runner's name, with the lock let go: a pid alone says nothing.
  const lock = lockFolder(runners, {
    pid: process.pid,
    since: Date.now(),
    name: runnerLockName(session.id, 1),
  })
  if ('release' in lock) lock.release()
  await asking.call('deleteSession', { id: session.id })
  await waitFor(() => !existsSync(runners), 'its folder is gone', 20_000)
  await real.close()
  await endRunners(folder)
})

test('[K-5] what a dead runner could not send is in the log before it is called gone', async () => {
  const folder = temporaryFolder('spool')
  const first = await realServer(folder)
  const { session } = await first.client.call('createSession', demo('slow 3 no-permission'))
  await waitFor(
    async () => (await first.client.call('getSession', { id: session.id })).status === 'working',
    'the agent works',
    20_000,
  )
  await first.real.close()
  const pid = await waitFor(() => runnerPid(folder, session.id), 'the runner lives on', 5000)
  // Long enough for the whole turn to end in the spool, with nobody there to hear it.
  await waitFor(
    () =>
      readFileSync(join(folder, 'runners', session.id, 'spool-1.log'), 'utf8').includes(
        '"turn-finished"',
      ),
    'the turn ends unheard',
    60_000,
  )
  process.kill(pid, 'SIGKILL')
  const second = await realServer(folder)
  const events = await waitFor(
    async () => {
      const page = await second.client.call('events', { id: session.id, limit: 1000 })
      return page.events.some(({ type }) => type === 'runner-exited') ? page.events : undefined
    },
    'the runner is found gone',
    20_000,
  )
  const types = events.map(({ type }) => type)
  expect(events.filter(({ type }) => type === 'turn-ended')).toMatchObject([
    { outcome: 'completed' },
  ])
  expect(types.indexOf('turn-ended')).toBeLessThan(types.indexOf('runner-exited'))
  await second.real.close()
  await endRunners(folder)
})

test('[K-6] a start, a stop and a removal decided in one breath are done one after the other', async () => {
  const folder = temporaryFolder('lane')
  const { real, client: asking } = await realServer(folder)
  const { session } = await asking.call('createSession', demo('fast no-permission'))
  await asking.call('interrupt', { id: session.id }).catch(() => undefined)
  await asking.call('deleteSession', { id: session.id })
  await waitFor(
    () => !existsSync(join(folder, 'runners', session.id)),
    'its folder is gone',
    20_000,
  )
  await sleep(500)
  expect(existsSync(join(folder, 'runners', session.id))).toBe(false)
  expect(runnerPid(folder, session.id)).toBeUndefined()
  await real.close()
  await endRunners(folder)
})
