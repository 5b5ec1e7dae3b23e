import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { callbackBodySchema, endOf } from '@belay/protocol'
import type { SessionInput } from '@belay/session'
import { closeServer, listenOnLoopback, waitFor } from '@belay/testing/node'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCallbacks } from './callbacks.ts'
import { createSeal } from './seal.ts'

interface Taken {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string | undefined
}

let taken: Taken[] = []
let answer = { status: 204, headers: {} }
let port = 0
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    taken.push({ headers: request.headers, body, path: request.url })
    // A status of 0: never.
    if (answer.status > 0) response.writeHead(answer.status, answer.headers).end('words')
  })
})
beforeEach(async () => {
  taken = []
  answer = { status: 204, headers: {} }
  port = await listenOnLoopback(server)
})
afterEach(() => {
  server.closeAllConnections()
  return closeServer(server)
})

const secret = 'a secret of the receiver'
const data = {
  session: 's1',
  turn: 1,
  promptId: 'p1',
  ...endOf('end-turn', 'yes'),
}

function callbacks(allowPrivate = true) {
  const inputs: SessionInput[] = []
  const made = createCallbacks({
    // Only what came of an attempt is submitted.
    host: {
      submit(_id, input) {
        inputs.push(input)
        return Promise.resolve({ type: 'done' })
      },
    },
    seal: createSeal(randomBytes(32)),
    clock: () => 1_700_000_000_123,
    log: pino({ enabled: false }),
    allowPrivate,
  })
  async function attempt(url: string, { signWith = secret, tryMs = 5000, number = 1 } = {}) {
    const target = made.admit({ url, secret: signWith })
    const before = inputs.length
    made.deliver('s1', {
      type: 'deliver-callback',
      turn: 1,
      attempt: number,
      callbackId: 'turn_s1_1',
      target,
      tryMs,
      endedAt: 1_700_000_000_000,
      data,
    })
    await waitFor(() => inputs.length > before, 'the attempt has an outcome', 10_000)
    return inputs.at(-1)
  }
  return { made, attempt, inputs }
}

test('[K-20] every attempt has the same id and body, and a signature that its receiver can check', async () => {
  const { attempt } = callbacks()
  const url = `http://127.0.0.1:${port}/hook?x=1`
  expect(await attempt(url)).toEqual({
    type: 'callback-tried',
    turn: 1,
    attempt: 1,
    problem: undefined,
  })
  await attempt(url, { number: 2 })
  const [first, second] = taken
  expect(second?.body).toBe(first?.body)
  expect(second?.headers['webhook-id']).toBe('turn_s1_1')
  expect(first?.path).toBe('/hook?x=1')
  const headers = first?.headers ?? {}
  expect(headers).toMatchObject({
    'webhook-id': 'turn_s1_1',
    'webhook-timestamp': '1700000000',
    'content-type': 'application/json',
  })
  const signed = `turn_s1_1.1700000000.${first?.body}`
  const signature = createHmac('sha256', secret).update(signed).digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  expect(callbackBodySchema.parse(JSON.parse(first?.body ?? ''))).toEqual({
    type: 'turn.ended',
    timestamp: '2023-11-14T22:13:20.000Z',
    data,
  })
})

test('[K-20] a secret written as Standard Webhooks does is decoded first', async () => {
  const { attempt } = callbacks()
  const key = randomBytes(24)
  await attempt(`http://127.0.0.1:${port}/`, { signWith: `whsec_${key.toString('base64')}` })
  const signed = `turn_s1_1.1700000000.${taken[0]?.body}`
  const signature = createHmac('sha256', key).update(signed).digest('base64')
  expect(taken[0]?.headers['webhook-signature']).toBe(`v1,${signature}`)
})

test('[K-20] whatever is no success is said in a sentence: a status, no answer, nobody there', async () => {
  const { attempt } = callbacks()
  const url = `http://127.0.0.1:${port}/`
  answer = { status: 500, headers: {} }
  expect(await attempt(url)).toMatchObject({ problem: 'It answered 500.' })
  answer = { status: 0, headers: {} }
  expect(await attempt(url, { tryMs: 100 })).toMatchObject({ problem: 'No answer within 0.1 s.' })
  expect(await attempt('http://127.0.0.1:1/')).toMatchObject({
    problem: expect.stringContaining('ECONNREFUSED'),
  })
})

test('[K-21] a redirect is not followed', async () => {
  const { attempt } = callbacks()
  answer = { status: 302, headers: { location: `http://127.0.0.1:${port}/elsewhere` } }
  expect(await attempt(`http://127.0.0.1:${port}/`)).toMatchObject({
    problem: 'It answered 302, and redirects are not followed.',
  })
  expect(taken).toHaveLength(1)
})

test('[K-21] an address of this machine is refused when it is given, a name of one when it is called', async () => {
  const { made, attempt } = callbacks(false)
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    'localhost',
    '10.0.0.1',
    '169.254.169.254',
  ])
    expect(() => made.admit({ url: `http://${host}:${port}/`, secret })).toThrow(
      'not a public address',
    )
  // A name with a dot at its end is the same name, and no longer looks like one of this machine.
  expect(await attempt(`http://localhost.:${port}/`)).toMatchObject({
    problem: expect.stringMatching(/not a public address|ENOTFOUND/),
  })
  expect(taken).toEqual([])
})
