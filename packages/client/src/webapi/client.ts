/**
 * Requests to a server, typed by the API's own table. Streams are in `follow.ts`.
 *
 * Invariants:
 * - V-30 A request ends in the answer, in an `ApiError` (the server said no, and why), or in `ServerAway` (nobody knows
 *   whether it arrived: ask again with the same ids).
 */
import {
  type Problem,
  problemSchema,
  type RouteAnswer,
  type RouteInput,
  type RouteName,
  type Route,
  routes,
} from '@belay/protocol'
import { type Platform, thisPlatform } from './platform.ts'

export interface ClientOptions extends Partial<Platform> {
  /** Where the server is; a function is asked before each request, since a server may come back at another address. */
  readonly url: string | (() => string)
  readonly token: string
}

export interface Client {
  /**
   * Path parameters, query and body in one object.
   * @throws ApiError, ServerAway
   */
  call<Name extends RouteName>(name: Name, input: RouteInput<Name>): Promise<RouteAnswer<Name>>
  /** The whole URL of a path. */
  address(path: string): string
  readonly authorization: string
  readonly platform: Platform
}

/** The server's refusal. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly problem: Problem['error']
  readonly status: number
  constructor(problem: Problem['error'], status: number) {
    super(problem.message)
    this.problem = problem
    this.status = status
  }
}

/** No answer of a Belay server: it is down, out of reach, or something else answers in its place. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway'

  /** Somebody took the request and said nothing in time: whether it was done is not known. */
  get isSilent(): boolean {
    return this.cause instanceof Error && this.cause.name === 'TimeoutError'
  }
}

/** A request without an answer for this long is given up: the server answers in milliseconds. */
const answerMsMax = 30_000
/** Whether it is there at all is answered from memory: two heartbeats are too long to wait for that. */
const healthMsMax = 10_000
/** One that waits for something has a bound at the server, which says more than this one. */
const waitMsMax = 20 * 60_000

export function createClient(options: ClientOptions): Client {
  const { url, token, ...own } = options
  const platform: Platform = { ...thisPlatform(), ...own }
  const authorization = `Bearer ${token}`
  function address(path: string): string {
    return (typeof url === 'string' ? url : url()).replace(/\/+$/, '') + path
  }
  async function call<Name extends RouteName>(
    name: Name,
    input: RouteInput<Name>,
  ): Promise<RouteAnswer<Name>> {
    const route: Route = routes[name]
    const { path, body } = requestOf(route, input)
    const answer = await ask(platform, address(path), {
      method: route.method.toUpperCase(),
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(msMaxOf(name)),
    })
    if (!isAnswer(name, answer)) throw new ServerAway(`${name} was answered in an unknown shape`)
    return answer
  }
  return { call, address, authorization, platform }
}

function msMaxOf(name: RouteName): number {
  const route: Route = routes[name]
  if (name === 'health') return healthMsMax
  return route.waits === true ? waitMsMax : answerMsMax
}

/** Sorts an input's fields into path, query and body, by what the route declares. */
function requestOf(
  route: Route,
  input: unknown,
): { readonly path: string; readonly body: string | undefined } {
  const query = new URLSearchParams()
  const body: Record<string, unknown> = {}
  let path: string = route.path
  for (const [name, value] of new Map<string, unknown>(Object.entries(input ?? {}))) {
    if (value === undefined) continue
    const place = `{${name}}`
    if (path.includes(place)) path = path.replace(place, () => encodeURIComponent(plain(value)))
    else if (route.query !== undefined && name in route.query.shape) query.set(name, plain(value))
    else body[name] = value
  }
  return {
    path: query.size === 0 ? path : `${path}?${query}`,
    body: route.body === undefined ? undefined : JSON.stringify(body),
  }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isAnswer<Name extends RouteName>(name: Name, value: unknown): value is RouteAnswer<Name> {
  return routes[name].response.safeParse(value).success
}

async function ask(platform: Platform, url: string, init: RequestInit): Promise<unknown> {
  let response: Response
  let text: string
  try {
    response = await platform.fetch(url, init)
    text = await response.text()
  } catch (cause) {
    throw new ServerAway(`no answer from ${url}`, { cause })
  }
  if (!response.ok) throw refusal(response.status, text, url)
  return parseJson(text)
}

/** Something between us and the server answers in its own shape: that is not the server's word. */
export function refusal(status: number, text: string, url: string): ApiError | ServerAway {
  const problem = problemSchema.safeParse(parseJson(text))
  if (problem.success) return new ApiError(problem.data.error, status)
  return new ServerAway(`${url} answered ${status}, and not as a Belay server does`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
