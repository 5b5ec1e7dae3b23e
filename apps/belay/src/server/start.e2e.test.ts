/** Starting a server on a folder that is not as it should be. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@belay/client/webapi'
import { temporaryFolder } from '@belay/testing/node'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { serve } from './serve.ts'

const log = pino({ level: 'silent' })

function start(dataFolder: string, port = 0) {
  return serve({ dataFolder, port, host: '127.0.0.1', log, runners: 'elsewhere' })
}

test('[E-18] one session that cannot be read keeps the server and the others from nothing', async () => {
  const dataFolder = temporaryFolder('unreadable')
  const settings = {
    agent: { command: 'played' },
    workspace: { type: 'folder', path: '/' },
  } as const
  const first = await start(dataFolder)
  const token = first.link.split('#token=')[1] ?? ''
  const before = createClient({ url: first.url, token })
  for (const id of ['broken', 'whole']) await before.call('createSession', { ...settings, id })
  await first.close()
  const database = new DatabaseSync(join(dataFolder, 'belay.db'))
  const { changes } = database
    .prepare(
      `UPDATE part SET json = 'not JSON' WHERE name = 'runner' AND actor = (SELECT number FROM actor WHERE id = 'broken')`,
    )
    .run()
  expect(changes).toBe(1)
  database.close()
  const second = await start(dataFolder)
  const client = createClient({ url: second.url, token })
  expect(await client.call('getSession', { id: 'whole' })).toMatchObject({ status: 'preparing' })
  await expect(client.call('getSession', { id: 'broken' })).rejects.toMatchObject({ status: 500 })
  await second.close()
})

test('[E-19] a server that could not start leaves neither its port nor its folder taken', async () => {
  const dataFolder = temporaryFolder('no-start')
  const first = await start(dataFolder)
  const port = Number(new URL(first.url).port)
  await first.close()
  rmSync(join(dataFolder, 'server.json'))
  // What it writes last cannot be written.
  mkdirSync(join(dataFolder, 'server.json'))
  await expect(start(dataFolder, port)).rejects.toThrow(/server\.json/)
  rmSync(join(dataFolder, 'server.json'), { recursive: true })
  const second = await start(dataFolder, port)
  expect(new URL(second.url).port).toBe(String(port))
  await second.close()
})

test('[E-19] a store of a newer version is refused, and its folder is free again', async () => {
  const dataFolder = temporaryFolder('newer')
  await (await start(dataFolder)).close()
  const path = join(dataFolder, 'belay.db')
  const setVersion = (version: number) => {
    const database = new DatabaseSync(path)
    const before = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    database.exec(`PRAGMA user_version = ${version}`)
    database.close()
    return before
  }
  const version = setVersion(1000)
  await expect(start(dataFolder)).rejects.toThrow(/newer|1000/)
  setVersion(version)
  await (await start(dataFolder)).close()
})

test('[E-20] closing a server twice is closing it once', async () => {
  const server = await start(temporaryFolder('twice'))
  await Promise.all([server.close(), server.close()])
  await server.close()
  await expect(fetch(`${server.url}/v1/health`)).rejects.toThrow(/fetch failed/)
})

test('[E-15] the demo agent is always there', async () => {
  const server = await start(temporaryFolder('demo'))
  const token = server.link.split('#token=')[1] ?? ''
  const { agents } = await createClient({ url: server.url, token }).call('agents', {})
  expect(agents.find(({ name }) => name === 'demo')).toMatchObject({
    demo: true,
    found: true,
    missing: [],
  })
  expect(server.agents.map(({ name, found }) => [name, found])).toEqual(
    agents.map(({ name, found }) => [name, found]),
  )
  await server.close()
})
