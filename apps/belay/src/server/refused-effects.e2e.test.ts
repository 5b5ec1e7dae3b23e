/** What the world refuses a server for a while, with real runners: it is told, tried again, and stops nobody else. */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alive, endRunners, runnerPid, temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { clientOf, silentLog } from '../e2e/played-server.ts'
import { serve } from './serve.ts'

test('[K-50] [K-51] a runner whose lock cannot be seen is ended all the same, why says so, and the session is done once it can', async () => {
  const folder = temporaryFolder('refused')
  const real = await serve({ dataFolder: folder, port: 0, host: '127.0.0.1', log: silentLog })
  const client = clientOf(real)
  const { session } = await client.call('createSession', {
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: temporaryFolder('work') },
  })
  const { id } = session
  const pid = await waitFor(() => runnerPid(folder, id), 'the runner holds its lock', 20_000)
  // Somebody's backup tool wrote over the lock.
  const lock = join(folder, 'runners', id, 'lock.db')
  renameSync(lock, `${lock}.kept`)
  writeFileSync(lock, 'this is no database'.repeat(100))
  const { hops } = await client.call('why', { id })
  expect(hops.find(({ hop }) => hop === 'runner')).toMatchObject({
    state: 'silent',
    sentence: expect.stringContaining('cannot be seen'),
  })

  await client.call('deleteSession', { id })
  await waitFor(() => !alive(pid), 'our own child is ended without a look at its lock', 20_000)
  const told = await waitFor(
    async () => {
      const error: unknown = await client.call('getSession', { id }).catch((thrown) => thrown)
      return /could not be ended yet/.test(String(error)) ? String(error) : undefined
    },
    'whoever asks hears what is left',
    30_000,
  )
  expect(told).toContain('It is tried again')
  expect(existsSync(join(folder, 'runners', id)), 'nothing is removed under a runner').toBe(true)

  renameSync(`${lock}.kept`, lock)
  await waitFor(() => !existsSync(join(folder, 'runners', id)), 'its files are removed', 30_000)
  await waitFor(
    async () => {
      const error: unknown = await client.call('getSession', { id }).catch((thrown) => thrown)
      return !/could not be/.test(String(error))
    },
    'and nothing is said to be left',
    10_000,
  )
  await real.close()
  await endRunners(folder)
})
