/** Requests to an agent server: each with its limit, its password and its folder, each ending in an answer or a fault. */
import { parseJsonCut } from '@belay/protocol'
import type { ServerPolicy } from '../server/policy.ts'
import { causeOf } from './event-stream.ts'

export interface ServerApiOptions {
  /** Without a path. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The folder the agent works in. */
  readonly folder: string
  readonly policy: ServerPolicy
}

/** `status` 0: there was no answer, and nobody can know whether the request arrived. */
export interface ServerAnswer {
  readonly ok: boolean
  readonly status: number
  readonly value: unknown
  /** What went wrong, in words. */
  readonly fault: string
}

export class ServerApi {
  readonly #options: ServerApiOptions

  constructor(options: ServerApiOptions) {
    this.#options = options
  }

  get headers(): Readonly<Record<string, string>> {
    const { user, password } = this.#options
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  }

  address(path: string): string {
    const address = new URL(path, this.#options.url)
    address.searchParams.set('directory', this.#options.folder)
    return address.href
  }

  get(path: string, msMax = this.#options.policy.requestMs): Promise<ServerAnswer> {
    return this.#ask('GET', path, undefined, msMax)
  }

  post(path: string, body: unknown): Promise<ServerAnswer> {
    return this.#ask('POST', path, body, this.#options.policy.requestMs)
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    msMax: number,
  ): Promise<ServerAnswer> {
    try {
      const response = await fetch(this.address(path), {
        method,
        headers: { ...this.headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(msMax),
      })
      const value = parsed(await response.text())
      const { ok, status } = response
      return { ok, status, value, fault: ok ? '' : faultOf(status, value) }
    } catch (error) {
      return { ok: false, status: 0, value: undefined, fault: causeOf(error) }
    }
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : parseJsonCut(text)
  } catch {
    return text
  }
}

/** What the server said went wrong, where it said so. */
function faultOf(status: number, value: unknown): string {
  const said = member(member(value, 'data'), 'message') ?? member(value, 'message')
  return typeof said === 'string' && said !== '' ? said.slice(0, 1000) : `it answered ${status}`
}

/** A field of what a server answered, whatever that was. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
}
