/**
 * A server for the page alone: it serves the built page and speaks the viewers' protocol over sessions that a test
 * scripts. It can be stopped and started again at the same address with all it has. How a real session decides is not
 * imitated here.
 */
import { createReadStream, existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import {
  deadlines,
  errorTable,
  type ErrorCode,
  type FoundAgent,
  limits,
  type ListFrame,
  type Problem,
  resolutions,
  type RestorePlan,
  type RouteAnswer,
  type SessionView,
  type StreamFrame,
} from '@belay/protocol'
import { sessionView } from '@belay/testing'
import { closeServer, listenOnLoopback } from '@belay/testing/node'
import { type WebSocket, WebSocketServer } from 'ws'
import { PageSession } from './page-session.ts'

export type Fields = NonNullable<Problem['error']['fields']>

/** A refusal to answer the next request of a kind with. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly fields?: Fields
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

const settings: RouteAnswer<'settings'> = {
  version: '0.0.0',
  protocol: 1,
  since: 1_700_000_000_000,
  minDiskBytes: limits.diskFreeBytesMin,
  allowPrivateCallbacks: false,
  deadlines,
  limits,
}

export class PageServer {
  readonly token = 'a-token-for-the-page'
  readonly sessions = new Map<string, PageSession>()
  agents: FoundAgent[] = []
  /** What every restore would do, and what its answer waits for. */
  plan: Omit<RestorePlan, 'turn' | 'to'> = {
    back: [{ path: 'README.md', does: 'change' }],
    stay: [],
  }
  planHeld: Promise<void> = Promise.resolve()
  /** Refusals by `METHOD last-part-of-the-path`, each used once. */
  readonly refuseNext = new Map<string, Refusal>()
  /** Every request that changes something, in order. */
  readonly asked: {
    readonly method: string
    readonly path: string
    readonly body: Readonly<Record<string, unknown>>
  }[] = []
  readonly #dist: string
  #server: Server | undefined
  #port = 0
  readonly #sockets = new Set<WebSocket>()
  readonly #listViewers = new Set<(frame: ListFrame) => void>()

  constructor(dist: string) {
    this.#dist = dist
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const sockets = new WebSocketServer({ noServer: true })
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      sockets.handleUpgrade(request, socket, head, (opened) =>
        this.#open(opened, new URL(request.url ?? '', this.url)),
      )
    })
    this.#port = await listenOnLoopback(this.#server, this.#port)
  }

  /** As a killed server ends: every connection is cut. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    if (this.#server !== undefined) await closeServer(this.#server)
    this.#server = undefined
  }

  create(id: string, part: Partial<SessionView> = {}): PageSession {
    const view = sessionView({
      id,
      title: id,
      workspace: { type: 'folder', path: '/home/me/project' },
      createdAt: Date.now(),
      ...part,
    })
    const session = new PageSession(view, () =>
      this.#tellList({ type: 'session', session: session.view }),
    )
    this.sessions.set(id, session)
    this.#tellList({ type: 'session', session: session.view })
    return session
  }

  #tellList(frame: ListFrame): void {
    for (const send of this.#listViewers) send(frame)
  }

  #open(socket: WebSocket, url: URL): void {
    this.#sockets.add(socket)
    const send = (frame: StreamFrame | ListFrame): void => socket.send(JSON.stringify(frame))
    const id = url.pathname.split('/')[3]
    const session = id === undefined ? undefined : this.sessions.get(id)
    const stop =
      session === undefined
        ? this.#openList(send)
        : session.listen(Number(url.searchParams.get('after')), send)
    socket.on('close', () => {
      stop()
      this.#sockets.delete(socket)
    })
  }

  #openList(send: (frame: ListFrame) => void): () => void {
    send({ type: 'sessions', sessions: [...this.sessions.values()].map(({ view }) => view) })
    this.#listViewers.add(send)
    return () => this.#listViewers.delete(send)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url)
    if (!url.pathname.startsWith('/v1/')) return this.#servePage(url.pathname, response)
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return refuse(response, {
        code: 'unauthorized',
        message: 'That is not the token of this server.',
      })
    const method = request.method ?? ''
    const body = await bodyOf(request)
    const isPlan = url.pathname.endsWith('/restore/plan')
    if (isPlan) await this.planHeld
    if (method !== 'GET' && url.pathname !== '/v1/tickets' && !isPlan)
      this.asked.push({ method, path: url.pathname, body })
    const kind = `${method} ${url.pathname.split('/').at(-1)}`
    const refusal = this.refuseNext.get(kind)
    this.refuseNext.delete(kind)
    if (refusal !== undefined) return refuse(response, refusal)
    const asked = { ...Object.fromEntries(url.searchParams), ...body }
    const answer = this.#answer(method, url.pathname.split('/').slice(2), asked)
    if (answer === undefined)
      return refuse(response, { code: 'session-not-found', message: 'There is no such session.' })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  #servePage(path: string, response: ServerResponse): void {
    const file = join(this.#dist, path)
    const found = extname(path) !== '' && existsSync(file) ? file : join(this.#dist, 'index.html')
    response.writeHead(200, { 'content-type': types[extname(found)] ?? 'application/octet-stream' })
    createReadStream(found).pipe(response)
  }

  #answer(
    method: string,
    parts: readonly string[],
    body: Readonly<Record<string, unknown>>,
  ): unknown {
    const [what, id = '', action, name = ''] = parts
    if (what === 'tickets') return { ticket: 'ticket', expiresAt: Date.now() + 60_000 }
    if (what === 'agents') return { agents: this.agents }
    if (what === 'settings') return settings
    if (what === 'version') return { version: settings.version, protocol: settings.protocol }
    if (method === 'POST' && what === 'sessions' && id === '') return this.#created(body)
    const session = this.sessions.get(id)
    if (session === undefined) return undefined
    const kind = `${method} ${action ?? ''}`
    switch (kind) {
      case 'POST prompts':
        return this.#accept(session, String(body['promptId']), String(body['text']))
      case 'PATCH prompts':
        if (typeof body['position'] === 'number')
          session.append({ type: 'prompt-moved', promptId: name, position: body['position'] })
        else session.append({ type: 'prompt-edited', promptId: name, text: String(body['text']) })
        return { session: id, promptId: name, state: 'queued' }
      case 'DELETE prompts':
        session.append({ type: 'prompt-cancelled', promptId: name })
        return { session: id, promptId: name, state: 'cancelled' }
      case 'POST permissions': {
        const optionId = String(body['optionId'])
        const by = String(body['by'])
        session.append({
          type: 'permission-settled',
          permissionId: decodeURIComponent(name),
          optionId,
          by,
        })
        return { optionId, by }
      }
      case 'POST turns':
        return this.#resolve(session, Number(name), body)
      case 'GET events': {
        const after = Number(body['after'])
        const events = session.log.slice(after, after + Number(body['limit']))
        return { events, seq: session.log.length }
      }
      case 'POST restore':
        return { ...(name === 'plan' ? this.plan : {}), turn: body['turn'], to: body['to'] }
      case 'GET why':
        return {
          session: id,
          at: Date.now(),
          status: session.view.status,
          sentence: session.view.why,
          hops: [{ hop: 'server', state: 'alive', sentence: 'The server is a test’s.' }],
        }
      case 'POST interrupt':
        return { turn: session.view.turn?.turn }
      case 'DELETE ':
        this.sessions.delete(id)
        session.end('The session was deleted.')
        this.#tellList({ type: 'removed', session: id })
        return { ok: true }
      default:
        return { ...session.view, seq: session.log.length }
    }
  }

  #accept(session: PageSession, promptId: string, text: string): unknown {
    const known = session.log.some(
      (event) => event.type === 'prompt-accepted' && event.promptId === promptId,
    )
    if (!known) session.append({ type: 'prompt-accepted', promptId, text })
    return { session: session.view.id, promptId, state: 'queued' }
  }

  #resolve(session: PageSession, turn: number, body: Readonly<Record<string, unknown>>): unknown {
    const action = resolutions.find((known) => known === body['action']) ?? 'discard'
    const promptId = String(body['promptId'])
    session.append({ type: 'turn-resolved', turn, action, promptId })
    if (action !== 'discard') this.#accept(session, promptId, `${action} ${turn}`)
    return { action, promptId }
  }

  #created(body: Readonly<Record<string, unknown>>): unknown {
    const id = String(body['id'])
    const session =
      this.sessions.get(id) ??
      this.create(id, {
        title: 'A new session',
        status: 'preparing',
        why: 'Preparing the workspace.',
      })
    return { session: { ...session.view, seq: session.log.length } }
  }
}

function refuse(response: ServerResponse, { code, message, fields }: Refusal): void {
  const { status, action } = errorTable[code]
  const problem: Problem = {
    error: { code, message, action, ...(fields === undefined ? {} : { fields }) },
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem))
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : JSON.parse(text)
}
