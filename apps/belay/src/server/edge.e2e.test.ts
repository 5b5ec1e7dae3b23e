/** The edge of a real server, asked as programs and strangers ask it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createClient } from '@belay/client/webapi'
import { deadlines, errorTable, limits, problemSchema, routes } from '@belay/protocol'
import { loneHost, temporaryFolder } from '@belay/testing/node'
import { pino } from 'pino'
import { z } from 'zod'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttp } from './http.ts'
import { createCallbacks } from './callbacks.ts'
import { createHandlers } from './handlers.ts'
import { createSeal } from './seal.ts'
import { type RunningServer, serve } from './serve.ts'
import { createTickets } from './tokens.ts'
import type { SessionHost } from './session-host.ts'

const log = pino({ level: 'silent' })
const dataFolder = temporaryFolder('edge')
let server: RunningServer
let token: string
beforeAll(async () => {
  server = await serve({ dataFolder, port: 0, host: '127.0.0.1', log, runners: 'elsewhere' })
  token = server.link.split('#token=')[1] ?? ''
})
afterAll(() => server.close())

const settings = {
  agent: { command: 'agent' },
  workspace: { type: 'folder', path: '/somewhere' },
} as const
const json = { 'content-type': 'application/json' }

interface Asked {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Asks with the token and expects the one shape of errors for every refusal. */
async function ask(path: string, { method = 'GET', body, headers = {} }: Asked = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...json, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  const problem = response.ok ? undefined : problemSchema.strict().parse(answer).error
  const expected = problem === undefined ? response.status : errorTable[problem.code].status
  expect(response.status).toBe(expected)
  return { status: response.status, answer, problem }
}

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  ask(path, { method: 'POST', body, ...(headers === undefined ? {} : { headers }) })

let made = 0
async function newSession(): Promise<string> {
  const id = `s${(made += 1)}`
  expect(await post('/v1/sessions', { ...settings, id })).toMatchObject({ status: 201 })
  return id
}
const logOf = async (id: string) => (await ask(`/v1/sessions/${id}/events`)).answer

test('[E-1] [E-2] unknown sessions and addresses are refused in one shape', async () => {
  for (const path of [
    '/v1/sessions/nobody',
    '/v1/sessions/nobody/events',
    '/v1/sessions/nobody/prompts/p',
  ]) {
    expect(await ask(path)).toMatchObject({ status: 404, problem: { code: 'session-not-found' } })
  }
  for (const verb of ['prompts', 'interrupt', 'retry']) {
    expect(await post(`/v1/sessions/nobody/${verb}`, { promptId: 'p', text: 't' })).toMatchObject({
      status: verb === 'prompts' ? 404 : 400,
    })
  }
  expect(await post('/v1/sessions/nobody/interrupt', {})).toMatchObject({ status: 404 })
  expect(await post('/v1/sessions/nobody/retry', {})).toMatchObject({ status: 404 })
  expect(await ask('/v1/nothing')).toMatchObject({
    status: 404,
    problem: { code: 'route-not-found' },
  })
  expect(await ask('/v1/sessions/nobody', { method: 'PUT', body: {} })).toMatchObject({
    status: 404,
    problem: { code: 'route-not-found' },
  })
  const stream = await ask('/v1/sessions/nobody/stream', {
    headers: { accept: 'text/event-stream' },
  })
  expect(stream).toMatchObject({ status: 404, problem: { code: 'session-not-found' } })
  const id = await newSession()
  expect(await ask(`/v1/sessions/${id}`, { method: 'DELETE' })).toMatchObject({ status: 200 })
  expect(await ask(`/v1/sessions/${id}`)).toMatchObject({
    status: 410,
    problem: { code: 'session-deleted' },
  })
})

test.each<[string, string, unknown, string]>([
  ['a missing field', '/v1/sessions', { workspace: settings.workspace }, 'agent'],
  [
    'a relative folder',
    '/v1/sessions',
    { ...settings, workspace: { type: 'folder', path: 'here' } },
    'workspace.path',
  ],
  ['a field nobody knows', '/v1/sessions', { ...settings, colour: 'red' }, 'colour'],
  ['an id with spaces', '/v1/sessions', { ...settings, id: 'a b' }, 'id'],
  [
    'a prompt without text',
    '/v1/sessions',
    { ...settings, prompt: { promptId: 'p' } },
    'prompt.text',
  ],
  [
    'an option for a branch',
    '/v1/sessions',
    { ...settings, workspace: { type: 'repository', url: 'x', branch: '--upload-pack=x' } },
    'workspace.branch',
  ],
  ['an empty prompt', '/v1/sessions/s1/prompts', { promptId: 'p', text: '' }, 'text'],
  [
    'a prompt above its limit',
    '/v1/sessions/s1/prompts',
    { promptId: 'p', text: 'é'.repeat(limits.promptBytesMax / 2 + 1) },
    'text',
  ],
])(
  '[E-3] %s is refused with its path, what was expected and what came',
  async (_name, path, body, field) => {
    const { status, problem } = await post(path, body)
    expect([status, problem?.code]).toEqual([400, 'bad-request'])
    const named = problem?.fields?.find((one) => one.path === field)
    expect(named, JSON.stringify(problem)).toMatchObject({
      expected: expect.stringMatching(/\w/),
      got: expect.stringMatching(/./),
    })
  },
)

test('[E-3] a query that is no number is refused with its path', async () => {
  const id = await newSession()
  expect(await ask(`/v1/sessions/${id}/events?after=soon`)).toMatchObject({
    status: 400,
    problem: { fields: [{ path: 'after', got: '"soon"' }] },
  })
  expect(
    await ask(`/v1/sessions/${id}/stream?after=99`, { headers: { accept: 'text/event-stream' } }),
  ).toMatchObject({ status: 400 })
})

test('[E-4] what is too large, not JSON, or not said to be JSON is refused', async () => {
  const huge = JSON.stringify({ ...settings, title: 'x'.repeat(limits.requestBytesMax) })
  expect(await post('/v1/sessions', huge)).toMatchObject({
    status: 413,
    problem: { limit: limits.requestBytesMax },
  })
  expect(await chunked(huge)).toBe(413)
  expect(await post('/v1/sessions', '{"agent":')).toMatchObject({
    status: 400,
    problem: { fields: [{ path: 'body' }] },
  })
  expect(await post('/v1/sessions', settings, { 'content-type': 'text/plain' })).toMatchObject({
    status: 415,
  })
})

/** Posts without a content-length, so that only counting shows the size. @returns the status */
function chunked(body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...json, 'transfer-encoding': 'chunked' }
    const posting = request(
      `${server.url}/v1/sessions`,
      { method: 'POST', headers },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    // The server may stop reading in the middle, which is the point.
    posting.on('error', reject)
    posting.write(body)
    posting.end()
  })
}

test('[E-5] the same id with the same content returns the first answer, with other content 409', async () => {
  const first = await post('/v1/sessions', {
    ...settings,
    id: 'twice',
    prompt: { promptId: 'p1', text: 'go' },
  })
  const again = await post('/v1/sessions', {
    ...settings,
    id: 'twice',
    prompt: { promptId: 'p1', text: 'go' },
  })
  expect(again).toEqual(first)
  expect(await post('/v1/sessions', { ...settings, id: 'twice', title: 'other' })).toMatchObject({
    status: 409,
    problem: { code: 'session-conflict' },
  })
  expect(await post('/v1/sessions/twice/prompts', { promptId: 'p1', text: 'other' })).toMatchObject(
    { status: 409, problem: { code: 'prompt-conflict' } },
  )
  expect(await post('/v1/sessions/twice/prompts', { promptId: 'p1', text: 'go' })).toMatchObject({
    status: 202,
  })
})

test('[K-30] an attachment is found again as it was, and refused beyond its limits with nothing kept', async () => {
  await post('/v1/sessions', { ...settings, id: 'with-files' })
  const prompts = '/v1/sessions/with-files/prompts'
  const file = { name: 'a.png', type: 'image/png', data: btoa('picture') }
  const prompt = { promptId: 'p1', text: 'look', attachments: [file] }
  expect(await post(prompts, prompt)).toMatchObject({ status: 202 })
  expect(await post(prompts, prompt)).toMatchObject({ status: 202 })
  const other = { ...prompt, attachments: [{ ...file, data: btoa('another') }] }
  expect(await post(prompts, other)).toMatchObject({ problem: { code: 'prompt-conflict' } })
  expect(await ask('/v1/sessions/with-files/attachments/p1.1')).toMatchObject({
    status: 200,
    answer: { ...file, id: 'p1.1', bytes: 7 },
  })
  expect(await ask('/v1/sessions/with-files/attachments/p1.2')).toMatchObject({
    problem: { code: 'attachment-not-found' },
  })
  const half = 'A'.repeat(Math.ceil(limits.attachmentsBytesMax / 2 / 3 + 1) * 4)
  for (const attachments of [
    [
      { ...file, data: half },
      { ...file, data: half },
    ],
    Array.from({ length: limits.attachedFilesMax + 1 }, () => file),
    [{ ...file, data: 'not base64!' }],
    [{ ...file, name: '../a.png' }],
    [{ ...file, type: 'image/png; charset=x' }],
    [],
  ]) {
    const refused = await post(prompts, { promptId: 'p2', text: 'look', attachments })
    expect(refused, JSON.stringify(attachments).slice(0, 80)).toMatchObject({ status: 400 })
  }
  expect(await ask(`${prompts}/p2`)).toMatchObject({ problem: { code: 'prompt-not-found' } })
})

test('[E-6] [E-10] the eleventh waiting prompt is refused with the limit, and nothing of it is kept', async () => {
  const id = await newSession()
  for (let n = 1; n <= 10; n++)
    expect(
      await post(`/v1/sessions/${id}/prompts`, { promptId: `p${n}`, text: 't' }),
    ).toMatchObject({ status: 202 })
  const before = await logOf(id)
  expect(await post(`/v1/sessions/${id}/prompts`, { promptId: 'p11', text: 't' })).toMatchObject({
    status: 429,
    problem: { limit: 10 },
  })
  expect(await post(`/v1/sessions/${id}/prompts`, { promptId: 'p1', text: 'other' })).toMatchObject(
    { status: 409 },
  )
  expect(await post(`/v1/sessions/${id}/interrupt`, { turn: 4 })).toMatchObject({ status: 409 })
  expect(await post(`/v1/sessions/${id}/permissions/none`, { optionId: 'x' })).toMatchObject({
    status: 404,
  })
  expect(await ask(`/v1/sessions/${id}/prompts/p11`)).toMatchObject({
    status: 404,
    problem: { code: 'prompt-not-found' },
  })
  expect(await logOf(id)).toEqual(before)
})

test('[E-10] a refused create leaves no session', async () => {
  await post('/v1/sessions', { ...settings, id: 'never', colour: 'red' })
  await post('/v1/sessions', { ...settings, id: 'never', agent: { name: 'no-such-agent' } })
  expect(await ask('/v1/sessions/never')).toMatchObject({ status: 404 })
})

test('[E-7] without the right token every route but health and version is 401', async () => {
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/\{\w+\}/g, 'x')
    for (const authorization of ['', 'Bearer wrong', `Basic ${token}`]) {
      const response = await fetch(`${server.url}${path}`, {
        method: route.method.toUpperCase(),
        headers: { authorization },
      })
      expect([name, response.status]).toEqual([
        name,
        name === 'health' || name === 'version' ? 200 : 401,
      ])
      await response.arrayBuffer()
    }
  }
  expect(
    await ask('/v1/stream', {
      headers: { accept: 'text/event-stream', authorization: 'Bearer wrong' },
    }),
  ).toMatchObject({ status: 401 })
})

test('[E-8] a ticket opens one stream once, and expires', async () => {
  const id = await newSession()
  const client = createClient({ url: server.url, token })
  const { ticket } = await client.call('ticket', {})
  const open = () =>
    fetch(`${server.url}/v1/sessions/${id}/stream?ticket=${ticket}`, {
      headers: { accept: 'text/event-stream' },
    })
  const first = await open()
  expect(first.status).toBe(200)
  await first.body?.cancel()
  expect((await open()).status).toBe(401)
  const tickets = createTickets()
  const issued = tickets.issue(1000)
  expect(tickets.redeem(issued.ticket, issued.expiresAt)).toBe(false)
  const fresh = tickets.issue(1000)
  expect([tickets.redeem(fresh.ticket, 1001), tickets.redeem(fresh.ticket, 1001)]).toEqual([
    true,
    false,
  ])
})

test('[E-9] foreign pages and foreign names are refused, with the token too', async () => {
  expect(await ask('/v1/sessions', { headers: { origin: 'http://evil.example' } })).toMatchObject({
    status: 403,
    problem: { code: 'origin-refused' },
  })
  expect(await ask('/v1/sessions', { headers: { origin: server.url } })).toMatchObject({
    status: 200,
  })
  expect(await withHost('evil.example')).toBe(403)
  expect(await withHost(`localhost:${new URL(server.url).port}`)).toBe(200)
})

function withHost(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, host }
    request(`${server.url}/v1/sessions`, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}

test('[E-11] a second server on the same data folder fails and says who holds it', async () => {
  await expect(
    serve({ dataFolder, port: 0, host: '127.0.0.1', log, runners: 'elsewhere' }),
  ).rejects.toThrow(
    new RegExp(`${dataFolder} is served by another server \\(process ${process.pid}\\)`),
  )
  expect(await ask('/v1/health')).toMatchObject({ status: 200 })
})

test('[E-12] creating answers with all ids while nothing is prepared', async () => {
  const { answer } = await post('/v1/sessions', {
    ...settings,
    prompt: { promptId: 'first', text: 'go' },
  })
  expect(answer).toMatchObject({
    promptId: 'first',
    session: {
      status: 'preparing',
      runner: { state: 'starting', generation: 1 },
      queue: [{ promptId: 'first' }],
    },
  })
})

test('[E-13] the OpenAPI document is served and names every route', async () => {
  const { answer } = await ask('/v1/openapi.json')
  const document = z
    .object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(answer)
  expect(document.openapi).toBe('3.1.0')
  for (const route of Object.values(routes))
    expect(Object.keys(document.paths[route.path] ?? {})).toContain(route.method)
})

test('[E-50] no cache keeps what the API says, nothing takes it for something else, and the page runs, embeds and sends to nothing foreign', async () => {
  const headers = { authorization: `Bearer ${token}` }
  const paths = [
    '/v1/sessions',
    '/v1/health',
    '/v1/nowhere',
    '/v1/openapi.json',
    '/v1/sessions/none',
  ]
  const list = { ...headers, accept: 'text/event-stream' }
  const stream = await fetch(`${server.url}/v1/sessions/stream`, { headers: list })
  const answers = await Promise.all(paths.map((path) => fetch(`${server.url}${path}`, { headers })))
  const refused = await fetch(`${server.url}/v1/health`, {
    headers: { origin: 'http://elsewhere' },
  })
  for (const { url, headers: got } of [...answers, stream, refused]) {
    expect(got.get('cache-control'), url).toBe('no-store')
    expect(got.get('x-content-type-options'), url).toBe('nosniff')
  }
  await stream.body?.cancel()
})

test('[E-14] [E-50] the page’s files come from its folder and from nowhere else', async () => {
  const outer = temporaryFolder('page')
  const pageFolder = join(outer, 'dist')
  mkdirSync(join(pageFolder, 'assets'), { recursive: true })
  writeFileSync(join(pageFolder, 'index.html'), 'the page')
  writeFileSync(join(pageFolder, 'assets/a.js'), 'a script')
  mkdirSync(join(outer, 'dist-of-old'))
  for (const name of ['secret.txt', 'dist-of-old/secret.txt'])
    writeFileSync(join(outer, name), 'a secret')
  const host = loneHost('page-host')
  const handlers = createHandlers({
    started: { since: 0, minDiskBytes: 0, allowPrivateCallbacks: false },
    host,
    tickets: createTickets(),
    clock: Date.now,
    agents: () => [],
    version: '0',
    ...whatWaits(host),
  })
  const app = createHttp({ handlers, version: '0', authorize: () => undefined, pageFolder, log })
  const text = async (path: string) => (await app.request(`http://localhost${path}`)).text()
  expect(await text('/')).toBe('the page')
  const policy = (await app.request('http://localhost/')).headers.get('content-security-policy')
  for (const rule of ["base-uri 'none'", "form-action 'self'", "object-src 'none'"])
    expect(policy).toContain(rule)
  expect(await text('/s/any-session')).toBe('the page')
  expect(await text('/assets/a.js')).toBe('a script')
  for (const path of [
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/..%5cdist-of-old%5csecret.txt',
    '/..%2fdist-of-old%2fsecret.txt',
    '//secret.txt',
    '/%ff',
    '/missing.js',
    '/%',
  ]) {
    expect(await text(path), path).not.toContain('a secret')
  }
  host.stop()
})

test.each<[string, string]>([
  ['an escape that is none in a stream', 'GET /v1/sessions/%/stream'],
  ['an escape that is none in a session', 'GET /v1/sessions/%'],
  ['an escape that is none in a file', 'GET /%E0%A4%A'],
  ['an address that is none', 'GET //'],
  ['a file that is not there', 'GET /assets/gone.js'],
  ['a way that nothing takes', 'POST /'],
  ['a port that is none', 'GET /v1/nothing'],
])(
  '[E-1] %s is refused as everything is, as a request, a stream and an upgrade',
  async (name, line) => {
    const host = name.startsWith('a port') ? '127.0.0.1:99999' : 'localhost'
    const answers = [
      'Accept: */*',
      'Accept: text/event-stream',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ].map((header) => answerTo(`${line} HTTP/1.1\r\nHost: ${host}\r\n${header}`))
    for (const { status, body } of await Promise.all(answers)) {
      expect(problemSchema.strict().parse(JSON.parse(body)).error.code).toMatch(
        /not-found|bad-request/,
      )
      expect([400, 404]).toContain(status)
    }
  },
)

test('[E-1] what is no WebSocket handshake is refused as everything is', async () => {
  const id = await newSession()
  const { status, body } = await answerTo(
    `GET /v1/sessions/${id}/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket`,
  )
  expect(status).toBe(400)
  expect(problemSchema.strict().parse(JSON.parse(body)).error.code).toBe('bad-request')
})

/** Asks in bytes that no client would send, with the token. */
function answerTo(text: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    let got = ''
    socket.on('data', (data) => {
      got += data.toString()
      const [head = '', body = ''] = got.split('\r\n\r\n', 2)
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      // Without a length it comes in chunks, the first of them whole.
      const whole = length === undefined ? /\{.*\}/s.exec(body)?.[0] : body
      if (whole === undefined || whole.length < Number(length ?? 1)) return
      socket.destroy()
      resolve({ status: Number(head.split(' ')[1]), body: whole })
    })
    socket.on('error', reject)
    socket.on('end', () => reject(new Error(`the socket ended after: ${got}`)))
    socket.write(`${text}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  })
}

test('[E-5] a repeated create gets its first answer also when the agent is gone from the machine', async () => {
  const host = loneHost('again')
  const machine = { agents: [{ name: 'a', title: 'A', demo: false, found: true, missing: [] }] }
  const { createSession } = createHandlers({
    started: { since: 0, minDiskBytes: 0, allowPrivateCallbacks: false },
    host,
    tickets: createTickets(),
    clock: Date.now,
    agents: () => machine.agents,
    version: '0',
    ...whatWaits(host),
  })
  const body = { id: 'once', agent: { name: 'a' }, workspace: settings.workspace }
  const first = await createSession(body)
  machine.agents = []
  expect(await createSession(body)).toEqual(first)
  await expect(createSession({ ...body, id: 'other' })).rejects.toMatchObject({ status: 404 })
  host.stop()
})

/** The handlers' options for what waits, with nobody there to wait for. */
function whatWaits(host: SessionHost) {
  const seal = createSeal(Buffer.alloc(32))
  return {
    seal,
    callbacks: createCallbacks({ host, seal, clock: Date.now, log, allowPrivate: false }),
    proofs: () => ({ serverSince: 0, linkHeardAt: undefined, runner: undefined }),
    deadlines,
    links: { announce: () => undefined },
  }
}
