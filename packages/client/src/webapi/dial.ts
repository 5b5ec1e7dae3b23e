/**
 * Two ways to open a stream: a WebSocket with a ticket, and server-sent events with a header.
 * Each turns what happens on its line into what `../link.ts` hears; neither knows what a frame means.
 */
import { closeCodes } from '@belay/protocol'
import type { EndFrame } from '../frame.ts'
import { ApiError, type Client, refusal } from './client.ts'
import type { Hear, Loss } from '../link.ts'
import { readEventStream } from './sse.ts'

/**
 * @param path with its query
 * @param explain a request that fails in words when the stream cannot exist: a WebSocket that is refused says nothing
 */
export function dialSocket(
  client: Client,
  path: string,
  hear: Hear,
  explain: () => Promise<unknown>,
): () => void {
  let hungUp = false
  let socket: WebSocket | undefined
  function refused(reason: string): void {
    explain().then(
      () => hear.lost({ reason }),
      (error: unknown) => hear.lost(lossOf(error)),
    )
  }
  function connect(ticket: string): void {
    if (hungUp) return
    socket = new client.platform.WebSocket(withTicket(client.address(path), ticket))
    listen(socket, hear, refused)
  }
  client.call('ticket', {}).then(
    (answer) => connect(answer.ticket),
    (error: unknown) => hear.lost(lossOf(error)),
  )
  return () => {
    hungUp = true
    socket?.close()
  }
}

function withTicket(address: string, ticket: string): string {
  const url = new URL(address)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('ticket', ticket)
  return url.href
}

function listen(socket: WebSocket, hear: Hear, refused: (reason: string) => void): void {
  let opened = false
  socket.addEventListener('open', () => {
    opened = true
    hear.opened()
  })
  socket.addEventListener('message', (message) => {
    const data: unknown = message.data
    if (typeof data === 'string') hear.text(data)
    else hear.lost({ reason: 'the server sent bytes where text belongs' })
  })
  // An `error` is always followed by `close`, which says more.
  socket.addEventListener('close', ({ code, reason }) => {
    const words = reason === '' ? `the connection was closed (${code})` : reason
    if (!opened) refused(words)
    else if (code === closeCodes.done) hear.lost({ reason: words, end: overBy(words) })
    else hear.lost({ reason: code === closeCodes.goingAway ? 'the server is stopping' : words })
  })
}

export function dialEventStream(client: Client, path: string, hear: Hear): () => void {
  const abort = new AbortController()
  readStream(client, path, hear, abort.signal).then(
    () => hear.lost({ reason: 'the stream was closed' }),
    (error: unknown) => hear.lost(lossOf(error)),
  )
  return () => abort.abort()
}

async function readStream(
  client: Client,
  path: string,
  hear: Hear,
  signal: AbortSignal,
): Promise<void> {
  const url = client.address(path)
  const response = await client.platform.fetch(url, {
    headers: { authorization: client.authorization, accept: 'text/event-stream' },
    signal,
  })
  if (!response.ok) throw refusal(response.status, await response.text(), url)
  if (response.body === null) return
  hear.opened()
  await readEventStream(response.body, hear)
}

/** What a failure means for the line: a refusal that would be the same again is the end of it. */
function lossOf(error: unknown): Loss {
  if (!(error instanceof ApiError)) {
    return { reason: error instanceof Error ? error.message : 'the connection failed' }
  }
  const { code, message } = error.problem
  const mayPass = error.status >= 500 || error.status === 429 || code === 'ticket-invalid'
  return mayPass
    ? { reason: message }
    : { reason: message, end: { type: 'end', code, message, retry: false } }
}

function overBy(message: string): EndFrame {
  return { type: 'end', code: 'session-deleted', message, retry: false }
}
