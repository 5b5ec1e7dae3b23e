/**
 * Streams: WebSocket upgrades and server-sent events, for a session and for the list.
 *
 * Owns: who may open one, and the set of those that are open. What they carry is the session's `openViewer` and `list-viewer.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { limits, type Refusal, sessionIdSchema, streams, viewerBeatMs } from '@belay/protocol'
import { openViewer, type Sink, type Viewer } from '@belay/session'
import { type WebSocket, WebSocketServer } from 'ws'
import { apiHeaders } from './http.ts'
import { openListViewer } from './list-viewer.ts'
import { refuseHandshake, type Upgrade } from './listener.ts'
import { RefusalError } from './problem.ts'
import type { SessionHost } from './session-host.ts'
import { eventStreamSink, webSocketSink } from './sink.ts'

export interface Streams {
  /** Answers an upgrade if it is for a stream; false when it is not. @throws RefusalError */
  upgrade(upgrade: Upgrade): boolean
  /** Answers a request that asks for `text/event-stream`; false when it is not for a stream. @throws RefusalError */
  request(request: IncomingMessage, url: URL, response: ServerResponse): boolean
  close(): void
}

export interface StreamOptions {
  readonly host: SessionHost
  /** Why this request may not open a stream, if so. */
  readonly refuse: (request: IncomingMessage, url: URL) => Refusal | undefined
  readonly viewersOpenMax?: number
}

interface Wanted {
  /** `undefined` for the list of sessions. */
  readonly session: string | undefined
  /** As it was written. */
  readonly after: string
}

export function createStreams({
  host,
  refuse,
  viewersOpenMax = limits.viewersOpenMax,
}: StreamOptions): Streams {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 64 * 1024,
  })
  server.on('wsClientError', refuseHandshake)
  const viewers = new Set<Viewer>()
  const timer = setInterval(() => viewers.forEach((viewer) => viewer.beat()), viewerBeatMs)
  timer.unref()

  function admit(request: IncomingMessage, url: URL): Wanted | undefined {
    const wanted = wantedOf(url, request)
    if (wanted === undefined) return undefined
    const refusal = refuse(request, url)
    if (refusal !== undefined) throw RefusalError.of(refusal, undefined)
    check(host, wanted)
    if (viewers.size >= viewersOpenMax) throw full(viewersOpenMax)
    return wanted
  }

  function open({ session, after }: Wanted, sink: Sink): Viewer {
    const viewer =
      session === undefined
        ? openListViewer(host, sink)
        : openViewer(host, session, Number(after), sink)
    viewers.add(viewer)
    return viewer
  }

  function drop(viewer: Viewer): void {
    viewers.delete(viewer)
    viewer.closed()
  }

  return {
    upgrade({ request, url, socket, head }) {
      const wanted = admit(request, url)
      if (wanted === undefined) return false
      server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        webSocket.on('error', () => webSocket.terminate())
        const viewer = open(wanted, webSocketSink(webSocket))
        webSocket.on('close', () => drop(viewer))
      })
      return true
    },
    request(request, url, response) {
      if (request.method !== 'GET' || !request.headers.accept?.includes('text/event-stream'))
        return false
      const wanted = admit(request, url)
      if (wanted === undefined) return false
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        ...apiHeaders,
        // Proxies that buffer would hold events back.
        'x-accel-buffering': 'no',
      })
      const viewer = open(wanted, eventStreamSink(response))
      response.on('close', () => drop(viewer))
      return true
    },
    close() {
      clearInterval(timer)
      for (const viewer of viewers)
        viewer.end('going-away', 'The server is stopping; the session goes on.')
      viewers.clear()
    },
  }
}

function full(open: number): RefusalError {
  return new RefusalError(
    'server-full',
    `${open} streams are open, and this server serves no more at once; sessions go on.`,
    { limit: open },
  )
}

function wantedOf(url: URL, request: IncomingMessage): Wanted | undefined {
  if (url.pathname === streams.list.path) return { session: undefined, after: '0' }
  const session = /^\/v1\/sessions\/([^/]+)\/stream$/.exec(url.pathname)?.[1]
  if (session === undefined) return undefined
  // A browser that reconnects by itself sends where it was; that wins over the address it first opened.
  const lastEventId = request.headers['last-event-id']?.toString()
  return { session, after: lastEventId ?? url.searchParams.get('after') ?? '0' }
}

function check(host: SessionHost, { session, after }: Wanted): void {
  if (session === undefined) return
  if (!/^\d{1,15}$/.test(after)) {
    throw new RefusalError('bad-request', 'The cursor is not as expected: a whole number from 0.', {
      fields: [{ path: 'after', expected: 'a whole number from 0', got: after.slice(0, 100) }],
    })
  }
  const lifecycle = sessionIdSchema.safeParse(session).success
    ? host.read(session).lifecycle.type
    : 'absent'
  if (lifecycle === 'absent')
    throw new RefusalError('session-not-found', `There is no session ${session.slice(0, 64)}.`)
  if (lifecycle === 'deleted')
    throw new RefusalError('session-deleted', 'This session was deleted.')
  const { seq } = host.read(session).head
  if (Number(after) > seq) {
    throw new RefusalError(
      'bad-request',
      `The cursor ${after} is beyond the log, which ends at ${seq}.`,
      {
        fields: [{ path: 'after', expected: `at most ${seq}`, got: after }],
      },
    )
  }
}
