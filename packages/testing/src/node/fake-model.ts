/**
 * The scripted model: a real HTTP server on loopback that speaks the APIs coding agents speak, so that real agents
 * run whole turns with no account and no network. What it answers is written in the prompt (`model/directives.ts`).
 *
 * Invariants:
 * - T-2 An answer depends on the request alone, so retries, restarts and parallel agents need no set-up.
 *   The exceptions are `[[error CODE N]]` and `[[drop N MS K]]`, which count how often this very conversation came.
 * - T-3 The log tells of every request: what was played, tokens sent, and whether the agent hung up.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Conversation, nextAnswer } from '../model/conversation.ts'
import type { Dialect, StreamedAnswer } from '../model/dialect.ts'
import { dialectAt } from '../model/dialect-at.ts'
import { type Directive, isToolDirective } from '../model/directives.ts'
import { field, string } from '../model/json.ts'
import {
  type ModelRequest,
  type MutableModelRequest,
  newModelRequest,
} from '../model/request-log.ts'
import { type ToolCall, toolCall } from '../model/tool-call.ts'
import { closeServer, listenOnLoopback } from './loopback.ts'

export interface FakeModel {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string
  /** Every request so far, in order. */
  requests(): readonly ModelRequest[]
  /** Ends all connections and the server. */
  stop(): Promise<void>
}

export async function startFakeModel(): Promise<FakeModel> {
  const log: MutableModelRequest[] = []
  const failures = new Map<string, number>()
  const server = createServer((request, response) => {
    const entry = newModelRequest(log.length + 1, request.url ?? '/')
    log.push(entry)
    answer({ entry, failures, request, response }).catch((error: unknown) => {
      // A script with a mistake must be seen by whoever wrote it, not look like a flaky network.
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: { message: String(error) } })
    })
  })
  const port = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => log.map((entry) => ({ ...entry })),
    stop: () => closeServer(server),
  }
}

interface Exchange {
  readonly entry: MutableModelRequest
  /** How often `[[error]]` and `[[drop]]` were played, by conversation. */
  readonly failures: Map<string, number>
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function answer(exchange: Exchange): Promise<void> {
  const { entry, request, response } = exchange
  response.on('close', () => {
    entry.over = true
    entry.aborted = !response.writableFinished && !entry.dropped
  })
  const body = await readBody(request)
  const path = new URL(request.url ?? '/', 'http://model').pathname
  const dialect = request.method === 'POST' ? dialectAt(path) : undefined
  if (dialect !== undefined) return play(exchange, dialect, body)
  const [status, value] = aside(path)
  entry.status = status
  sendJson(response, status, value)
}

/** What agents ask besides answers. */
function aside(path: string): readonly [number, unknown] {
  if (path.endsWith('/count_tokens')) return [200, { input_tokens: 100 }]
  if (path.endsWith('/models')) {
    const model = { id: 'fake-1', object: 'model', created: 1, owned_by: 'belay' }
    return [200, { object: 'list', data: [model], models: [], has_more: false }]
  }
  return [404, { error: { message: `The scripted model has no ${path}.` } }]
}

async function play(exchange: Exchange, dialect: Dialect, body: unknown): Promise<void> {
  const { entry, response } = exchange
  const conversation = dialect.conversation(body)
  const directives = nextAnswer(conversation)
  entry.dialect = dialect.name
  entry.roles = conversation.messages.map((message) => message.role.charAt(0)).join('')
  entry.tools = conversation.tools.map((tool) => tool.name)
  entry.pictures = JSON.stringify(body).match(/data:image\/[^"\\]+/g) ?? []
  entry.played = directives.map((directive) => directive.type)
  const status = failureNow(exchange, conversation, directives)
  entry.status = status ?? 200
  if (status !== undefined) {
    if (status === 429) response.setHeader('retry-after', '1')
    return sendJson(response, status, dialect.failure(status))
  }
  const model = string(field(body, 'model'))
  const isStream = field(body, 'stream') === true || entry.path.includes(':stream')
  const streamed = isStream ? dialect.answer(model, entry.n) : undefined
  const text = await speak(exchange, notSpent(exchange, conversation, directives), streamed)
  if (text === undefined) return
  const call = callOf(directives, conversation)
  entry.call = call
  if (streamed === undefined) sendJson(response, 200, dialect.whole(model, entry.n, { text, call }))
  else response.end(streamed.end({ text, call }))
}

/** The status of the `[[error]]` that opens this answer, while it has times left. */
function failureNow(
  exchange: Exchange,
  conversation: Conversation,
  directives: readonly Directive[],
): number | undefined {
  const first = directives[0]
  if (first?.type !== 'error') return undefined
  return played(exchange, conversation, 'error') <= first.times ? first.status : undefined
}

/** An answer without the `[[drop]]` that has no times left. */
function notSpent(
  exchange: Exchange,
  conversation: Conversation,
  directives: readonly Directive[],
): readonly Directive[] {
  const drop = directives.find((directive) => directive.type === 'drop')
  if (drop === undefined || played(exchange, conversation, 'drop') <= drop.times) return directives
  return directives.filter((directive) => directive !== drop)
}

/** @returns how often this failure was asked for in this conversation, this time included */
function played({ failures }: Exchange, { messages }: Conversation, failure: string): number {
  const key = `${failure} ${JSON.stringify(messages)}`
  const times = (failures.get(key) ?? 0) + 1
  failures.set(key, times)
  return times
}

/** Sends the words of an answer at the pace of its script. @returns them, or `undefined` when there is no end. */
async function speak(
  exchange: Exchange,
  directives: readonly Directive[],
  streamed: StreamedAnswer | undefined,
): Promise<string | undefined> {
  const { entry, response } = exchange
  let spoken = ''
  if (streamed !== undefined) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.write(streamed.begin())
  }
  for (const directive of directives) {
    if (directive.type === 'think' && streamed !== undefined)
      response.write(streamed.thought(directive.text))
    for (const { text, waitMs } of tokensOf(directive)) {
      if (response.destroyed) return undefined
      spoken += text
      if (streamed !== undefined) response.write(streamed.token(text))
      entry.tokensSent++
      if (waitMs > 0) await sleep(waitMs)
    }
    if (directive.type === 'hang' || response.destroyed) return undefined
    if (directive.type === 'drop') {
      entry.dropped = true
      response.destroy()
      return undefined
    }
  }
  return spoken
}

interface Token {
  readonly text: string
  readonly waitMs: number
}

function tokensOf(directive: Directive): readonly Token[] {
  switch (directive.type) {
    case 'say':
      return directive.text.split(/(?<= )/).map((text) => ({ text, waitMs: 0 }))
    case 'slow':
    case 'drop':
      return Array.from({ length: directive.tokens }, (_, index) => ({
        text: `tok${index + 1} `,
        waitMs: directive.everyMs,
      }))
    case 'hang':
      return [{ text: 'hanging ', waitMs: 0 }]
    case 'error':
    case 'think':
    case 'recall':
    case 'write':
    case 'bash':
    case 'tool':
      return []
  }
}

/** @throws when the script wants a tool the agent does not offer: the answer becomes a 500 that says so. */
function callOf(
  directives: readonly Directive[],
  conversation: Conversation,
): ToolCall | undefined {
  const last = directives.at(-1)
  if (last === undefined || !isToolDirective(last)) return undefined
  const call = toolCall(last, conversation.tools)
  if (typeof call === 'string') throw new Error(call)
  return call
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const bytes = inflate(Buffer.concat(chunks), request.headers['content-encoding'])
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))
}

function inflate(bytes: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(bytes)
  return encoding === 'zstd' ? zstdDecompressSync(bytes) : bytes
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
