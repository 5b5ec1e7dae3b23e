/**
 * The HTTP edge: every request is limited and validated here, and every refusal leaves in one shape.
 *
 * Owns: routing from the table of `protocol/api.ts`, who may ask, and the page's files.
 */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { limits, openApi, parseJson, type Route, type RouteName, routes } from '@belay/protocol'
import { Hono, type HonoRequest } from 'hono'
import type { Logger } from 'pino'
import type { Handlers } from './handlers.ts'
import { badRequest, RefusalError, refusalFrom } from './problem.ts'

export interface HttpOptions {
  readonly handlers: Handlers
  readonly version: string
  /** Throws a refusal when this request may not use the API. */
  readonly authorize: (headers: Headers) => void
  /** The built page; without it `/` says how to build it. */
  readonly pageFolder: string
  readonly log: Logger
}

/** Routes that say nothing about sessions and need no token. */
const open: readonly RouteName[] = ['health', 'version']

export function createHttp({ handlers, version, authorize, pageFolder, log }: HttpOptions): Hono {
  const app = new Hono()
  app.onError((error, context) => problem(refusalFrom(error, log, context.req.path)))
  // Made when it is first asked for: it takes longer than all else of a start.
  let document: string | undefined
  app.get('/v1/openapi.json', () => {
    document ??= JSON.stringify(openApi(version))
    return new Response(document, {
      headers: { ...apiHeaders, 'content-type': 'application/json' },
    })
  })
  for (const [name, route] of Object.entries<Route>(routes)) {
    if (!isRouteName(name)) continue
    app.on(
      route.method.toUpperCase(),
      route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      async (context) => {
        if (!open.includes(name)) authorize(context.req.raw.headers)
        const handler: AnyHandler['handle'] = handlers[name]
        return json(route.status, await handler(await argumentsOf(context.req, route)))
      },
    )
  }
  app.all('/v1/*', (context) => {
    authorize(context.req.raw.headers)
    const { method, path } = context.req
    const hint = path.endsWith('/stream')
      ? ' Streams are asked for with "Accept: text/event-stream" or as a WebSocket.'
      : ''
    throw noRoute(`There is no ${method} ${path}.${hint}`)
  })
  app.get('*', (context) => page(pageFolder, context.req.path))
  app.notFound(({ req }) => problem(noRoute(`There is no ${req.method} ${req.path}.`)))
  return app
}

/** The table's types bind handler and schema of one name; over all names only the table itself knows that they fit. */
interface AnyHandler {
  handle(args: object): unknown
}

function isRouteName(name: string): name is RouteName {
  return name in routes
}

function problem(error: RefusalError): Response {
  return json(error.status, error.problem)
}

/** What is said of sessions is kept by no cache, and is taken for nothing else. */
export const apiHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

function json(status: number, value: unknown): Response {
  return Response.json(value, { status, headers: apiHeaders })
}

async function argumentsOf(request: HonoRequest, route: Route): Promise<object> {
  const raw = {
    ...(route.params === undefined ? {} : request.param()),
    ...(route.query === undefined ? {} : request.query()),
  }
  const parsed: unknown[] = []
  for (const schema of [route.params, route.query]) {
    if (schema === undefined) continue
    const result = schema.safeParse(raw)
    if (!result.success) throw badRequest(result.error, raw)
    parsed.push(result.data)
  }
  if (route.body !== undefined) {
    const mayLack = route.body.safeParse(undefined).success
    const body = mayLack && !hasBody(request) ? undefined : await bodyOf(request)
    const result = route.body.safeParse(body)
    if (!result.success) throw badRequest(result.error, body)
    parsed.push(result.data)
  }
  return Object.assign({}, ...parsed)
}

function hasBody(request: HonoRequest): boolean {
  return request.raw.body !== null && request.header('content-length') !== '0'
}

async function bodyOf(request: HonoRequest): Promise<unknown> {
  const type = request.header('content-type') ?? ''
  // Also what keeps a foreign page from posting with a simple form.
  if (!/^application\/json\b/i.test(type))
    throw new RefusalError(
      'media-type',
      `The body is ${type === '' ? 'of no type' : type}, not application/json.`,
    )
  const bytes = await limitedBody(request.raw)
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    const expected = `JSON in UTF-8, nested at most ${limits.jsonLevelsMax} levels`
    throw new RefusalError('bad-request', `The body is not ${expected}.`, {
      fields: [{ path: 'body', expected, got: `${bytes.length} bytes` }],
    })
  }
}

function tooLarge(): RefusalError {
  const limit = limits.requestBytesMax
  return new RefusalError('too-large', `The body is larger than ${limit} bytes.`, { limit })
}

/** Reads a body and stops at the limit, whatever its header claimed. */
async function limitedBody(request: Request): Promise<Uint8Array> {
  const claimed = Number(request.headers.get('content-length') ?? Number.NaN)
  if (claimed > limits.requestBytesMax) throw tooLarge()
  // No more than it claims is ever read of it, and without a stream that is quicker.
  if (claimed >= 0) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limits.requestBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

function noRoute(sentence: string): RefusalError {
  return new RefusalError('route-not-found', sentence)
}

/** A path without escapes and dots, `undefined` when it is none. */
function decoded(path: string): string | undefined {
  try {
    return normalize(decodeURIComponent(path).replaceAll('\\', '/'))
  } catch {
    return undefined
  }
}

/** The page's file, or its start for any other address: the page itself reads what it says. */
async function page(folder: string, path: string): Promise<Response> {
  const inside = decoded(path)
  if (inside === undefined) throw noRoute(`There is no ${path}.`)
  const isFile = extname(inside) !== ''
  const file = join(folder, isFile ? inside : 'index.html')
  if (!file.startsWith(folder + sep)) throw noRoute(`There is no ${path}.`)
  try {
    const bytes = await readFile(file)
    return new Response(bytes, {
      headers: {
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        // Built files carry a hash in their name; the start page must be asked for each time.
        'cache-control': inside.startsWith('/assets/')
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
        'x-content-type-options': 'nosniff',
        'content-security-policy':
          "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      },
    })
  } catch {
    if (isFile) throw noRoute(`There is no ${path}.`)
    return new Response(
      'The page is not built yet: run "npm start" once, which builds it. The API and the command line work.',
      { status: 503 },
    )
  }
}
