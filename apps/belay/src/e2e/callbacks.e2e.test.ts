/** Callbacks on real processes: a server that dies between attempts, and addresses that are refused. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { closeServer, listenOnLoopback, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ofType, startWorld, turnEnd, watch, type World } from './world.ts'

interface Taken {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const secret = 'a secret of the receiver'
const taken: Taken[] = []
let status = 500
const receiver = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    taken.push({ headers: request.headers, body })
    response.writeHead(status).end()
  })
})

let world: World
let url: string
beforeAll(async () => {
  url = `http://127.0.0.1:${await listenOnLoopback(receiver)}/hook`
  world = await startWorld(['--allow-private-callbacks'])
})
afterAll(async () => {
  await world.end()
  await closeServer(receiver)
})

async function create(id: string, callback: { url: string; secret: string }) {
  return world.client.call('createSession', {
    id,
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: world.repository.path },
    prompt: { promptId: 'p1', text: 'fast no-permission' },
    callback,
  })
}

test('[S-40] [K-20] a turn’s end is told under one id until it is heard, though the server is killed in between', async () => {
  const { session } = await create('told', { url, secret })
  const viewer = watch(world, session.id, 'socket')
  await turnEnd(viewer, 1)
  await waitFor(() => taken.length >= 1, 'the first attempt', 10_000)
  expect(await world.client.call('callbacks', { id: session.id })).toMatchObject({
    url,
    callbacks: [{ turn: 1, attempts: 1 }],
  })
  await world.server.kill()
  await world.restart()
  await waitFor(() => taken.length >= 2, 'an attempt of the next life', 20_000)
  status = 204
  await waitFor(
    async () => {
      const { callbacks } = await world.client.call('callbacks', { id: session.id })
      return callbacks[0]?.state === 'delivered'
    },
    'it is delivered',
    30_000,
  )
  const attempts = taken.length
  expect(attempts).toBeGreaterThan(2)
  for (const { headers, body } of taken) {
    expect([headers['webhook-id'], body]).toEqual(['turn_told_1', taken[0]?.body])
    const signed = `turn_told_1.${String(headers['webhook-timestamp'])}.${body}`
    const signature = createHmac('sha256', secret).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  }
  expect(JSON.parse(taken[0]?.body ?? '')).toMatchObject({
    type: 'turn.ended',
    data: { session: 'told', turn: 1, outcome: 'completed' },
  })
  const callbackId = 'turn_told_1'
  await world.client.call('resendCallback', { id: session.id, callbackId })
  await waitFor(() => taken.length > attempts, 'it is sent again', 10_000)
  expect(ofType(viewer.events, 'callback-failed')).toEqual([])
  viewer.close()
})

test('[K-22] the secret is shown nowhere, and the same request finds its session again', async () => {
  const shown = JSON.stringify([
    await create('told', { url, secret }),
    await world.client.call('getSession', { id: 'told' }),
    await world.client.call('callbacks', { id: 'told' }),
    await world.client.call('events', { id: 'told' }),
  ])
  expect(shown).not.toContain(secret)
  await expect(create('told', { url, secret: 'another secret of it' })).rejects.toMatchObject({
    status: 409,
  })
})

test('[K-21] without being told so a server calls no address of its own machine', async () => {
  await world.server.kill()
  const strict = await startWorld()
  try {
    const refused = strict.client.call('createSession', {
      agent: { name: 'demo' },
      workspace: { type: 'folder', path: strict.repository.path },
      callback: { url, secret },
    })
    await expect(refused).rejects.toMatchObject({
      status: 400,
      problem: { code: 'address-refused', message: '127.0.0.1 is not a public address.' },
    })
    expect((await strict.client.call('listSessions', {})).sessions).toEqual([])
  } finally {
    await strict.end()
  }
})
