/**
 * A small server that speaks the viewers' half of the protocol over logs a test writes. It can be stopped and started
 * again with all it has, so a client can be shown every kind of absence.
 *
 * Owns: routes, tickets, streams. What is in a log is the test's; how a real session decides is not imitated here.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type CreateBody,
  deadlines,
  type ErrorCode,
  errorTable,
  type FoundAgent,
  limits,
  type Problem,
  type RestorePlan,
  type Route,
  type RouteAnswer,
  type RouteArgs,
  type RouteName,
  routes,
  streams,
} from '@belay/protocol'
import { WebSocketServer } from 'ws'
import { closeServer, listenOnLoopback } from './loopback.ts'
import { type Listener, type StreamFaults, ViewerSession } from './viewer-session.ts'

type Handlers = { [Name in RouteName]: (args: RouteArgs<Name>) => RouteAnswer<Name> }

export interface Asked {
  readonly route: string
  readonly args: Readonly<Record<string, unknown>>
}

class Refused extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode) {
    super(code)
    this.code = code
  }
}

export class ViewerServer {
  readonly token = 'viewer-token'
  readonly sessions = new Map<string, ViewerSession>()
  /** Every request that reached a handler, in order. */
  readonly asked: Asked[] = []
  agents: FoundAgent[] = []
  agentProblems: string[] = []
  /** What every restore would do; without one there is none. */
  plan: Omit<RestorePlan, 'turn' | 'to'> | undefined
  /** Why no restore is done. */
  restoreProblem: string | undefined
  faults: StreamFaults = {}
  /** Runs after a prompt was accepted: what the agent does. */
  onPrompt: (session: ViewerSession, prompt: { promptId: string; text: string }) => void = () => {}
  onAnswer: (session: ViewerSession, permissionId: string, optionId: string) => void = () => {}
  onInterrupt: (session: ViewerSession) => void = () => {}
  /** The next answer to each of these is lost after its work was done. */
  readonly answersToLose: RouteName[] = []
  /** What is said of any folder that is asked about; without it that is refused. */
  place: RouteAnswer<'place'> | undefined = { exists: true, sessions: [] }
  /** What is said to stay of a session that is deleted. */
  left: RouteAnswer<'deleteSession'>['left'] = undefined
  streamsOpened = 0
  url = ''
  #server: Server | undefined
  readonly #tickets = new Set<string>()
  readonly #open = new Set<Listener>()
  readonly #prompts = new Map<string, string>()

  /** @param port a given one to come back at the same address */
  async start(port = 0): Promise<void> {
    const sockets = new WebSocketServer({ noServer: true })
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const path = new URL(request.url ?? '', 'http://server')
      if (!this.#tickets.delete(path.searchParams.get('ticket') ?? '') || !this.#exists(path)) {
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
        return
      }
      sockets.handleUpgrade(request, socket, head, (opened) => {
        const listener: Listener = {
          send: (frame) => opened.send(JSON.stringify(frame)),
          cut: () => opened.terminate(),
        }
        opened.on('close', this.#listen(listener, path))
      })
    })
    this.url = `http://127.0.0.1:${await listenOnLoopback(this.#server, port)}`
  }

  /** Stops as a killed server does: every connection is cut. What it has stays. */
  async stop(): Promise<void> {
    this.cutStreams()
    if (this.#server !== undefined) await closeServer(this.#server)
    this.#server = undefined
  }

  cutStreams(): void {
    for (const listener of this.#open) listener.cut()
  }

  session(id: string): ViewerSession {
    const found = this.sessions.get(id)
    if (found === undefined) throw new Refused('session-not-found')
    return found
  }

  create(id: string): ViewerSession {
    const session = new ViewerSession(id)
    this.sessions.set(id, session)
    return session
  }

  #exists(path: URL): boolean {
    const id = path.pathname.split('/')[3]
    return path.pathname === streams.list.path || (id !== undefined && this.sessions.has(id))
  }

  #listen(listener: Listener, path: URL): () => void {
    this.streamsOpened += 1
    this.#open.add(listener)
    if (path.pathname === streams.list.path) {
      const sessions = [...this.sessions.values()].map(({ view }) => view)
      listener.send({ type: 'sessions', sessions })
      return () => this.#open.delete(listener)
    }
    const session = this.session(path.pathname.split('/')[3] ?? '')
    const stop = session.listen(listener, Number(path.searchParams.get('after')), this.faults)
    return () => {
      stop()
      this.#open.delete(listener)
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.headers.authorization !== `Bearer ${this.token}`)
        throw new Refused('unauthorized')
      const path = new URL(request.url ?? '', 'http://server')
      if (request.headers.accept === 'text/event-stream') this.#serveEventStream(path, response)
      else await this.#serveRoute(request, path, response)
    } catch (error) {
      const code = error instanceof Refused ? error.code : 'internal'
      const { status, action } = errorTable[code]
      const problem: Problem = { error: { code, message: `Refused: ${code}.`, action } }
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(problem))
    }
  }

  #serveEventStream(path: URL, response: ServerResponse): void {
    if (!this.#exists(path)) throw new Refused('session-not-found')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': a comment is a sign of life\n\n')
    const listener: Listener = {
      send: (frame) => void response.write(`data: ${JSON.stringify(frame)}\n\n`),
      // A moment later, when what was written is on its way: else nothing of a long log would ever be got.
      cut: () => void setImmediate(() => response.destroy()),
    }
    response.on('close', this.#listen(listener, path))
  }

  async #serveRoute(request: IncomingMessage, path: URL, response: ServerResponse): Promise<void> {
    const found = findRoute(request.method ?? '', path.pathname)
    if (found === undefined) throw new Refused('route-not-found')
    const body = await bodyOf(request)
    const parsed = found.route.body?.safeParse(body)
    if (parsed?.success === false) throw new Refused('bad-request')
    const query = found.route.query?.parse(Object.fromEntries(path.searchParams))
    const params = found.route.params?.parse(found.params)
    const args = { ...params, ...query, ...Object(parsed?.data ?? {}) }
    this.asked.push({ route: found.name, args })
    const answer = this.#handle(found.name, args)
    const lost = this.answersToLose.indexOf(found.name)
    if (lost >= 0) {
      this.answersToLose.splice(lost, 1)
      response.destroy()
      return
    }
    response.writeHead(found.route.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the arguments were parsed by the schema of this very route
  #handle(name: RouteName, args: any): unknown {
    const handle: (args: never) => unknown = this.#handlers[name]
    return Reflect.apply(handle, undefined, [args])
  }

  #accept(session: ViewerSession, promptId: string, text: string) {
    const key = `${session.view.id}/${promptId}`
    if (!this.#prompts.has(key)) {
      this.#prompts.set(key, text)
      session.append({ type: 'prompt-accepted', promptId, text })
      setImmediate(() => this.onPrompt(session, { promptId, text }))
    } else if (this.#prompts.get(key) !== text) throw new Refused('prompt-conflict')
    return { session: session.view.id, promptId, state: 'queued' as const }
  }

  #created({ id = 'made-by-server', agent, workspace, prompt }: CreateBody) {
    const known = this.sessions.get(id)
    const session = known ?? this.create(id)
    if (known === undefined) {
      session.view = { ...session.view, agentChoice: agent, workspace }
      session.append({ type: 'session-created', session: id, title: id, agent, workspace })
    }
    if (prompt !== undefined) this.#accept(session, prompt.promptId, prompt.text)
    return { session: { ...session.view, seq: session.log.length } }
  }

  readonly #handlers: Handlers = {
    attachment: () => {
      throw new Refused('attachment-not-found')
    },
    createSession: (body) => this.#created(body),
    listSessions: () => ({ sessions: [...this.sessions.values()].map(({ view }) => view) }),
    getSession: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    deleteSession: ({ id }) => {
      this.session(id).end({
        type: 'end',
        code: 'session-deleted',
        message: 'The session was deleted.',
        retry: false,
      })
      this.sessions.delete(id)
      return { ok: true, left: this.left }
    },
    place: () => {
      if (this.place === undefined) throw new Refused('internal')
      return this.place
    },
    restartAgent: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    setMode: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    setModel: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    resumeQueue: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    retry: ({ id }) => ({ ...this.session(id).view, seq: this.session(id).log.length }),
    prompt: ({ id, promptId, text }) => this.#accept(this.session(id), promptId, text),
    getPrompt: ({ id, promptId }) => ({ session: id, promptId, state: 'queued' }),
    editPrompt: ({ id, promptId }) => ({ session: id, promptId, state: 'queued' }),
    cancelPrompt: ({ id, promptId }) => ({ session: id, promptId, state: 'cancelled' }),
    interrupt: ({ id }) => {
      const { turn } = this.session(id).view
      this.onInterrupt(this.session(id))
      return { turn: turn?.turn }
    },
    resolveTurn: ({ id, turn, action, promptId }) => {
      const session = this.session(id)
      session.append({ type: 'turn-resolved', turn, action, promptId })
      if (action !== 'discard') this.#accept(session, promptId, `${action} ${turn}`)
      return { action, promptId }
    },
    turnChanges: ({ id, turn }) => {
      if (this.session(id).view.changesDue === turn) throw new Refused('not-ready')
      const event = this.session(id).log.find(
        (one) => one.type === 'turn-changes' && one.turn === turn,
      )
      return event?.type === 'turn-changes' ? event : { turn, files: [], patch: '' }
    },
    planRestore: ({ turn, to }) => {
      if (this.plan === undefined) throw new Refused('not-restorable')
      return { ...this.plan, turn, to }
    },
    restore: ({ id, turn, to }) => {
      const message = this.restoreProblem
      const event =
        message === undefined
          ? ({ type: 'restored', turn, to, files: 1 } as const)
          : ({ type: 'restore-failed', turn, to, message } as const)
      this.session(id).append(event)
      return { turn, to }
    },
    why: ({ id }) => ({
      session: id,
      at: Date.now(),
      status: this.session(id).view.status,
      sentence: this.session(id).view.why,
      hops: [{ hop: 'server', state: 'alive', sentence: 'The server is a test’s.' }],
    }),
    callbacks: ({ id }) => this.session(id).callbacks,
    resendCallback: ({ id, callbackId }) => {
      const { callbacks } = this.session(id).callbacks
      const found = callbacks.find((callback) => callback.callbackId === callbackId)
      if (found === undefined) throw new Refused('callback-not-found')
      return { ...found, state: 'sending' }
    },
    answerPermission: ({ id, permissionId, optionId, by }) => {
      const session = this.session(id)
      session.append({ type: 'permission-settled', permissionId, optionId, by })
      setImmediate(() => this.onAnswer(session, permissionId, optionId))
      return { optionId, by }
    },
    events: ({ id, after, limit }) => {
      const { log } = this.session(id)
      return { events: log.slice(after, after + limit), seq: log.length }
    },
    ticket: () => {
      const ticket = `ticket-${this.asked.length}`
      this.#tickets.add(ticket)
      return { ticket, expiresAt: Date.now() + 60_000 }
    },
    agents: () => ({
      agents: this.agents,
      ...(this.agentProblems.length === 0 ? {} : { problems: this.agentProblems }),
    }),
    settings: () => ({
      version: '0.0.0',
      protocol: 1,
      since: 0,
      minDiskBytes: limits.diskFreeBytesMin,
      allowPrivateCallbacks: false,
      deadlines,
      limits,
    }),
    health: () => ({ ok: true }),
    version: () => ({ version: '0.0.0', protocol: 1 }),
  }
}

export async function startViewerServer(): Promise<ViewerServer> {
  const server = new ViewerServer()
  await server.start()
  return server
}

function findRoute(method: string, pathname: string) {
  for (const name of Object.keys(routes)) {
    if (!isRouteName(name)) continue
    const route: Route = routes[name]
    const pattern = route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    const match = new RegExp(`^${pattern}$`).exec(pathname)
    if (match !== null && route.method === method.toLowerCase()) {
      return { name, route, params: { ...match.groups } }
    }
  }
  return undefined
}

function isRouteName(name: string): name is RouteName {
  return name in routes
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const text = Buffer.concat(chunks).toString()
  return text === '' ? undefined : JSON.parse(text)
}
