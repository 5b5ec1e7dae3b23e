/** A store that takes nothing for a while, at a real server's door. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { agentReady } from '@belay/testing'
import { waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { servePlayed } from '../e2e/played-server.ts'

test('[H-52] while another program holds the store, reads and health answer, writes are refused in words, and all goes on by itself', async () => {
  const server = await servePlayed('held-store')
  const { client } = server
  const id = await server.newSession('go')
  const runner = await server.dial(id)
  await runner.report(agentReady)
  const tool = new DatabaseSync(join(server.dataFolder, 'belay.db'))
  tool.exec('BEGIN IMMEDIATE')
  const refused: Promise<unknown> = client
    .call('prompt', { id, promptId: 'p2', text: 'more' })
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  // What the session waits for has nothing to do with what is read meanwhile.
  expect((await client.call('getSession', { id })).id).toBe(id)
  expect(await client.call('health', {})).toEqual({ ok: true })
  expect((await client.call('why', { id })).session).toBe(id)
  runner.end()
  const error = await refused
  expect(error).toMatchObject({ status: 503, problem: { code: 'store-busy' } })
  expect(String(error)).toContain(join(server.dataFolder, 'belay.db'))
  tool.exec('ROLLBACK')
  tool.close()
  await waitFor(
    async () => (await client.call('getSession', { id })).runner.state === 'lost',
    'the end of the socket was not forgotten',
    10_000,
  )
  const again = await server.dial(id, { received: 1 })
  const { prompt } = await client
    .call('prompt', { id, promptId: 'p2', text: 'more' })
    .then((answer) => ({ prompt: answer }))
  expect(prompt.promptId).toBe('p2')
  again.end()
  await server.close()
})
