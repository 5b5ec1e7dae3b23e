import { randomInt } from 'node:crypto'
import type { ListFrame, SessionEvent } from '@belay/protocol'
import { seededRandom, seedFromEnv, seedLine } from '@belay/testing'
import { startViewerServer, type ViewerServer, waitFor } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ViewerFrame } from '../frame.ts'
import { ApiError, createClient, ServerAway } from './client.ts'
import { follow, followList, followSse } from './follow.ts'
import type { Following, LinkState } from '../link.ts'

let server: ViewerServer
const running: Following[] = []

beforeEach(async () => {
  server = await startViewerServer()
})
afterEach(async () => {
  for (const following of running.splice(0)) following.close()
  await server.stop()
})

function client(token = server.token) {
  return createClient({ url: () => server.url, token })
}

/** Follows into arrays. */
function watch(open: typeof follow, after = 0, id = 's1', token = server.token) {
  const frames: ViewerFrame[] = []
  const links: LinkState[] = []
  const following = open(client(token), id, {
    after,
    onFrame: (frame) => frames.push(frame),
    onLink: (state) => links.push(state),
  })
  running.push(following)
  const events = () => frames.flatMap((frame) => (frame.type === 'events' ? frame.events : []))
  return { following, frames, links, events, seqs: () => events().map((event) => event.seq) }
}

function say(text: string) {
  return { type: 'text', turn: 1, text } as const
}

function dense(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const ways = [
  ['WebSocket', follow],
  ['server-sent events', followSse],
] as const

test.each(ways)(
  '[V-50] over %s every event is handed on once and in order, whatever the connection does',
  async (name, open) => {
    const seed = seedFromEnv(process.env, randomInt(2 ** 32))
    console.info(seedLine(`follow over ${name}`, seed))
    const random = seededRandom(seed)
    let repeated = 0
    const session = server.create('s1')
    session.append(say('0'), say('1'))
    server.faults = {
      framesMax: () => random.integer(1, 12),
      repeated: () => {
        const some = random.integer(0, 5)
        repeated += some
        return some
      },
    }
    const { seqs, links, events, following } = watch(open)
    for (let index = 2; index < 60; index += 2) {
      session.append(say(`${index}`), say(`${index + 1}`))
      if (random.chance(0.2)) server.cutStreams()
      following.retryNow()
      // oxlint-disable-next-line no-await-in-loop -- the events come over time
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await waitFor(
      () => {
        // Cut before it is open, on a slow machine, a line would never come up.
        if (links.at(-1)?.state === 'open') server.cutStreams()
        following.retryNow()
        return links.filter((link) => link.state === 'open').length > 3
      },
      'four lines',
      30_000,
    )
    server.faults = {}
    await waitFor(() => seqs().length >= 60, 'all events', 30_000)
    expect(seqs()).toEqual(dense(1, 60))
    expect(events().map((event) => (event.type === 'text' ? event.text : ''))).toEqual(
      dense(0, 59).map(String),
    )
    expect(repeated).toBeGreaterThan(0)
  },
  60_000,
)

test('[V-41] a server that was away is dialled until it is back, and the stream goes on after the cursor', async () => {
  const session = server.create('s1')
  session.append(say('a'))
  const { seqs, links, frames } = watch(follow)
  await waitFor(() => frames.some((frame) => frame.type === 'caught-up'), 'caught up', 5000)
  await server.stop()
  await waitFor(
    () => links.some((link) => link.state === 'waiting' && link.attempt >= 2),
    'two failed tries',
    10_000,
  )
  const waiting = links.find((link) => link.state === 'waiting')
  expect(waiting?.nextAt).toBeGreaterThan(0)
  expect(waiting?.reason).not.toBe('')
  session.append(say('b'))
  await server.start()
  await waitFor(() => seqs().length === 2, 'the event that was missed', 10_000)
  expect(frames.filter((frame) => frame.type === 'snapshot')).toMatchObject([
    { from: 1 },
    { from: 2 },
  ])
})

test('[V-44] retrying now dials at once, and leaves a line alone that is alive', async () => {
  server.create('s1').append(say('a'))
  const { following, links } = watch(follow)
  await waitFor(() => links.at(-1)?.state === 'open', 'open', 5000)
  following.retryNow()
  expect(links.at(-1)?.state).toBe('open')
  await server.stop()
  await waitFor(
    () => links.some((link) => link.state === 'waiting' && link.attempt >= 4),
    'a long wait',
    20_000,
  )
  await server.start()
  following.retryNow()
  expect(links.at(-1)?.state).toBe('connecting')
  await waitFor(() => links.at(-1)?.state === 'open', 'open again', 1000)
})

test.each(ways)(
  '[V-52] over %s a session that is not there, a token that is wrong and a deleted session end it in words',
  async (_name, open) => {
    const missing = watch(open, 0, 'nobody')
    await waitFor(() => missing.links.at(-1)?.state === 'over', 'over', 5000)
    expect(missing.frames).toMatchObject([{ type: 'end', code: 'session-not-found', retry: false }])
    server.create('s1')
    const stranger = watch(open, 0, 's1', 'wrong')
    await waitFor(() => stranger.links.at(-1)?.state === 'over', 'over', 5000)
    expect(stranger.frames).toMatchObject([{ type: 'end', code: 'unauthorized', retry: false }])
    const deleted = watch(open)
    await waitFor(() => deleted.links.at(-1)?.state === 'open', 'open', 5000)
    await client().call('deleteSession', { id: 's1' })
    await waitFor(() => deleted.links.at(-1)?.state === 'over', 'over', 5000)
    expect(deleted.frames.at(-1)).toMatchObject({ code: 'session-deleted', retry: false })
  },
)

test('[V-52] an end that may be retried is handed on, and the stream is opened again', async () => {
  const session = server.create('s1')
  const { frames, links } = watch(follow)
  await waitFor(() => links.at(-1)?.state === 'open', 'open', 5000)
  session.end({ type: 'end', code: 'going-away', message: 'Stopping.', retry: true })
  await waitFor(() => server.streamsOpened === 2, 'opened again', 5000)
  expect(frames.filter((frame) => frame.type === 'end')).toHaveLength(1)
})

test('[V-51] a gap hands nothing on and opens the stream again after the cursor', async () => {
  const session = server.create('s1')
  session.append(say('a'))
  const { seqs, links, frames } = watch(follow)
  await waitFor(() => frames.some((frame) => frame.type === 'caught-up'), 'caught up', 5000)
  // An event is stored without being sent, the way a broken server would.
  const lost: SessionEvent = { ...say('b'), seq: 2, at: 2 }
  session.log.push(lost)
  session.append(say('c'))
  await waitFor(() => seqs().length === 3, 'all three', 5000)
  expect(seqs()).toEqual([1, 2, 3])
  expect(links.some((link) => link.reason === 'event 2 is missing before 3')).toBe(true)
})

test('[V-54] what is not kept any more is passed over once, and the stream goes on behind it', async () => {
  const session = server.create('s1')
  session.append(say('a'), say('b'), say('c'), say('d'))
  session.trimmedTo = 3
  const { seqs, frames, links } = watch(follow, 1)
  await waitFor(() => frames.some((frame) => frame.type === 'caught-up'), 'caught up', 5000)
  server.cutStreams()
  session.append(say('e'))
  await waitFor(() => seqs().length === 2, 'both events', 5000)
  expect(seqs()).toEqual([4, 5])
  const snapshots = frames.filter((frame) => frame.type === 'snapshot')
  expect(snapshots).toMatchObject([{ from: 4, trimmedTo: 3 }, { from: 5 }])
  expect(snapshots[1]).not.toHaveProperty('trimmedTo')
  expect(links.some(({ reason }) => reason?.includes('is missing'))).toBe(false)
})

test('[V-50] a log that is shorter than the cursor is read from its beginning', async () => {
  server.create('s1').append(say('a'), say('b'))
  const { seqs } = watch(follow, 7)
  await waitFor(() => seqs().length === 2, 'both events', 5000)
  expect(seqs()).toEqual([1, 2])
})

test('[V-40] closing ends it: no frame and no try after that', async () => {
  const session = server.create('s1')
  const { following, frames, links } = watch(follow)
  await waitFor(() => links.at(-1)?.state === 'open', 'open', 5000)
  following.close()
  const before = frames.length
  session.append(say('late'))
  server.cutStreams()
  following.retryNow()
  await client().call('health', {})
  expect(frames).toHaveLength(before)
  expect(links.at(-1)?.state).toBe('over')
  expect(server.streamsOpened).toBe(1)
})

test('[V-30] a refusal is the server’s own words; no answer, or an answer of something else, is the server being away', async () => {
  const refused = client().call('getSession', { id: 'nobody' })
  await expect(refused).rejects.toMatchObject({
    name: 'ApiError',
    status: 404,
    problem: { code: 'session-not-found' },
  })
  await expect(refused).rejects.toBeInstanceOf(ApiError)
  const other = createClient({
    url: server.url,
    token: '',
    fetch: () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 })),
  })
  await expect(other.call('health', {})).rejects.toBeInstanceOf(ServerAway)
  await server.stop()
  await expect(client().call('health', {})).rejects.toBeInstanceOf(ServerAway)
})

test('[V-53] the list is followed too, and refused in words', async () => {
  server.create('s1')
  const frames: ListFrame[] = []
  running.push(followList(client(), { onFrame: (frame) => frames.push(frame) }))
  await waitFor(() => frames.length > 0, 'the list', 5000)
  server.cutStreams()
  await waitFor(() => frames.length > 1, 'the list again', 5000)
  expect(frames).toMatchObject([
    { type: 'sessions', sessions: [{ id: 's1' }] },
    { type: 'sessions', sessions: [{ id: 's1' }] },
  ])
  const refused: ListFrame[] = []
  running.push(followList(client('wrong'), { onFrame: (frame) => refused.push(frame) }))
  await waitFor(() => refused.length > 0, 'the refusal', 5000)
  expect(refused).toMatchObject([{ type: 'end', code: 'unauthorized', retry: false }])
})

test('[V-31] an input’s fields go where the route wants them: path, query and body', async () => {
  server.create('s1').append(say('a'), say('b'), say('c'))
  const page = await client().call('events', { id: 's1', after: 1, limit: 1 })
  expect(page.events.map((event) => event.seq)).toEqual([2])
  await client().call('prompt', { id: 's1', promptId: 'p1', text: 'a $& b' })
  await client().call('cancelPrompt', { id: 's1', promptId: 'p1' })
  expect(server.asked.slice(1)).toEqual([
    { route: 'prompt', args: { id: 's1', promptId: 'p1', text: 'a $& b' } },
    { route: 'cancelPrompt', args: { id: 's1', promptId: 'p1' } },
  ])
})
