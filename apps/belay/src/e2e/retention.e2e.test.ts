/** Sessions and events are kept as long as the owner of the server says. */
import { follow } from '@belay/client/webapi'
import { waitFor } from '@belay/testing/node'
import { belay, createDemo, ofType, startWorld, turnEnd, watch } from './world.ts'
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

test('[K-28] older events are removed up to the end of a turn, and a viewer that comes with an older cursor is told so', async () => {
  const world = await startWorld()
  try {
    const id = await createDemo(world, 'fast no-permission')
    const early = watch(world, id, 'socket')
    const first = await turnEnd(early, 1)
    await world.client.call('prompt', { id, promptId: 'p2', text: 'fast no-permission' })
    await turnEnd(early, 2)
    // What the turn changed is told behind its end, and this waits for it.
    const { seq } = await world.client.call('events', { id, after: 0 })
    early.close()
    await world.server.kill()
    // One event more than the second turn has, so the cut is the end of the first, and not in between.
    await world.restart(['--keep-events', String(seq - first.seq)])
    const page = () => world.client.call('events', { id, after: 0 })
    await waitFor(async () => (await page()).trimmedTo !== undefined, 'the log is cut', 20_000)
    const { events, trimmedTo = 0 } = await page()
    expect(events[0]?.seq).toBe(trimmedTo + 1)
    // What was stored together goes together: at most the rest of one commit is left of the first turn.
    expect(trimmedTo).toBeLessThanOrEqual(first.seq)
    expect(trimmedTo).toBeGreaterThan(first.seq / 2)
    const snapshots: unknown[] = []
    const late = watch(world, id, 'sse', 2)
    const following = follow(world.client, id, {
      after: 2,
      onFrame: (frame) => void (frame.type === 'snapshot' && snapshots.push(frame.trimmedTo)),
    })
    await waitFor(() => late.events.at(-1)?.seq === seq, 'all that is kept', 20_000)
    expect(late.events.map((event) => event.seq)).toEqual(events.map((event) => event.seq))
    await waitFor(() => snapshots.length > 0, 'it is told', 5000)
    expect(snapshots).toEqual([trimmedTo])
    const told = await belay(world, 'attach', id, '--until-idle')
    expect(told.stdout).toMatch(/^· Older events were removed by this server’s retention setting\./)
    expect(told.stdout).toContain('turn 2 of this conversation')
    expect((await belay(world, 'log', id)).stderr).toContain('Older events were removed')
    // The session goes on as before, and the answer to a repeated prompt does not need its events.
    const again = { id, promptId: 'p1', text: 'fast no-permission' }
    expect(await world.client.call('prompt', again)).toMatchObject({ state: 'ended', turn: 1 })
    await world.client.call('prompt', { id, promptId: 'p3', text: 'fast no-permission' })
    expect(await turnEnd(late, 3)).toMatchObject({ outcome: 'completed' })
    expect(ofType(late.events, 'turn-ended').length).toBeGreaterThan(1)
    late.close()
    following.close()
  } finally {
    await world.end()
  }
})
