/** Sessions are kept as long as the owner of the server says. */
import { createDemo, startWorld, turnEnd, watch } from './world.ts'
import { waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'

const secondInDays = 1 / 86_400

test('[K-25] idle sessions older than was said are deleted, a busy one stays; by default all stay', async () => {
  const world = await startWorld()
  try {
    const old = await createDemo(world, 'fast no-permission')
    await turnEnd(watch(world, old, 'socket'), 1)
    const asking = await createDemo(world, 'fast')
    await waitFor(
      async () =>
        (await world.client.call('getSession', { id: asking })).status === 'waiting-person',
      'the other asks',
      20_000,
    )
    const ids = async () =>
      (await world.client.call('listSessions', {})).sessions.map(({ id }) => id)
    expect(await ids()).toEqual([asking, old])
    await world.server.kill()
    await world.restart(['--keep-sessions', String(secondInDays)])
    await waitFor(async () => !(await ids()).includes(old), 'the old one is gone', 20_000)
    expect(await ids()).toEqual([asking])
    await expect(world.client.call('getSession', { id: old })).rejects.toMatchObject({
      status: 410,
    })
  } finally {
    await world.end()
  }
})
