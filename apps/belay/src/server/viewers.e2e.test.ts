/** Viewers of a real server, over real sockets, while a runner played by hand reports. */
import { agentReady } from '@belay/testing'
import { follow, followList, followSse } from '@belay/client/webapi'
import { eventSchema, type Report, type SessionEvent } from '@belay/protocol'
import { waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type PlayedServer, servePlayed } from '../e2e/played-server.ts'

let server: PlayedServer
let client: PlayedServer['client']
beforeAll(async () => {
  server = await servePlayed('viewers')
  client = server.client
})
afterAll(() => server.close())

const text = (words: string): Report => ({ type: 'text', turn: 1, text: words })

/** A session whose first turn runs, and its runner. */
async function running() {
  const id = await server.newSession('go')
  const runner = await server.dial(id)
  await runner.report(agentReady)
  await runner.report({ type: 'turn-taken', turn: 1 })
  return { id, runner }
}

function viewing(id: string, open: typeof follow, after = 0) {
  const events: SessionEvent[] = []
  const types: string[] = []
  const following = open(client, id, {
    after,
    onFrame: (frame) => {
      types.push(frame.type)
      if (frame.type === 'events') events.push(...eventSchema.array().parse(frame.events))
    },
  })
  return { events, types, close: () => following.close() }
}

test('[L-4] [L-1] two viewers and a late third see the same events, over a WebSocket or server-sent events', async () => {
  const { id, runner } = await running()
  const viewers = [viewing(id, follow), viewing(id, followSse)]
  for (let n = 0; n < 50; n++) await runner.report(text(`a${n} `), text(`b${n} `))
  viewers.push(viewing(id, follow), viewing(id, followSse))
  await runner.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  const { seq } = await client.call('getSession', { id })
  expect(seq).toBe(108)
  for (const viewer of viewers)
    await waitFor(() => viewer.events.length >= seq, 'the viewer has all', 10_000)
  for (const viewer of viewers) expect(viewer.events).toEqual(viewers[0]?.events)
  expect(viewers[0]?.events.map((event) => event.seq)).toEqual(
    Array.from({ length: seq }, (_, index) => index + 1),
  )
  expect((await client.call('events', { id, limit: 1000 })).events).toEqual(viewers[0]?.events)
  for (const viewer of viewers) viewer.close()
})

test('[L-1] a stream opened after any cursor goes on with the next event, also from the middle of what was stored at once', async () => {
  const { id, runner } = await running()
  await runner.report(...Array.from({ length: 20 }, (_, n) => text(`t${n} `)))
  const { seq } = await client.call('getSession', { id })
  for (let after = 0; after <= seq; after++) {
    const viewer = viewing(id, after % 2 === 0 ? follow : followSse, after)
    await waitFor(() => viewer.types.includes('caught-up'), `caught up from ${after}`, 10_000)
    expect(viewer.events.map((event) => event.seq)).toEqual(
      Array.from({ length: seq - after }, (_, index) => after + 1 + index),
    )
    viewer.close()
  }
})

test('[L-1] a browser that reconnects by itself goes on after its last event id', async () => {
  const { id, runner } = await running()
  await runner.report(text('x'))
  const response = await fetch(`${server.url}/v1/sessions/${id}/stream?after=0`, {
    headers: {
      authorization: `Bearer ${server.token}`,
      accept: 'text/event-stream',
      'last-event-id': '5',
    },
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let got = ''
  while (!got.includes('caught-up')) got += (await reader?.read())?.value ?? ''
  await reader?.cancel()
  expect(got).toContain('"from":6')
  expect(got).not.toContain('"seq":5,')
  expect(/^id: \d+$/m.test(got)).toBe(true)
})

test('[L-2] caught-up is said once, after what was stored, and before what is live', async () => {
  const { id, runner } = await running()
  const viewer = viewing(id, follow)
  await waitFor(() => viewer.types.includes('caught-up'), 'the viewer is caught up', 10_000)
  const stored = viewer.events.length
  await runner.report(text('live'))
  await waitFor(() => viewer.events.length > stored, 'the live event comes', 10_000)
  expect(viewer.types.filter((type) => type === 'caught-up')).toHaveLength(1)
  const at = viewer.types.indexOf('caught-up')
  expect(viewer.types[0]).toBe('snapshot')
  expect(viewer.types.slice(at + 1)).toContain('events')
  viewer.close()
})

test('[L-5] deleting a session ends its viewers’ streams and says why', async () => {
  const { id } = await running()
  const ends: string[] = []
  const following = follow(client, id, {
    after: 0,
    onFrame: (frame) => {
      if (frame.type === 'end') ends.push(`${frame.code} ${frame.retry}`)
    },
  })
  await waitFor(async () => (await client.call('getSession', { id })).seq > 0, 'it is there', 5000)
  await client.call('deleteSession', { id })
  await waitFor(() => ends.length > 0, 'the end comes', 10_000)
  expect(ends).toEqual(['session-deleted false'])
  following.close()
})

test('[L-6] the list of sessions comes whole, then each change', async () => {
  const { id } = await running()
  const seen: string[] = []
  const following = followList(client, {
    onFrame: (frame) => {
      if (frame.type === 'sessions')
        seen.push(`all ${frame.sessions.some((session) => session.id === id)}`)
      if (frame.type === 'session') seen.push(`${frame.session.id} ${frame.session.status}`)
      if (frame.type === 'removed') seen.push(`removed ${frame.session}`)
    },
  })
  await waitFor(() => seen.length > 0, 'the list comes', 10_000)
  await client.call('interrupt', { id })
  await waitFor(() => seen.includes(`${id} stopping`), 'the change comes', 10_000)
  await client.call('deleteSession', { id })
  await waitFor(() => seen.includes(`removed ${id}`), 'the removal comes', 10_000)
  expect(seen[0]).toBe('all true')
  following.close()
})

test('[L-1] a client that sends nonsense to a stream harms nobody', async () => {
  const { id, runner } = await running()
  const other = viewing(id, follow)
  const rude = new WebSocket(`${server.url.replace('http', 'ws')}/v1/sessions/${id}/stream`, {
    headers: { authorization: `Bearer ${server.token}` },
  })
  await new Promise((resolve) => rude.once('open', resolve))
  const closed = new Promise((resolve) => rude.once('close', resolve))
  rude.on('error', () => undefined)
  rude.send('x'.repeat(200_000))
  await closed
  await runner.report(text('still here'))
  await waitFor(
    () => other.events.some((event) => event.type === 'text'),
    'the other viewer goes on',
    10_000,
  )
  other.close()
})
