/**
 * Callbacks as they leave this machine: one bounded, signed POST for each attempt. When there is one is decided by the
 * session (`packages/session/src/callback.ts`).
 *
 * Invariants:
 * - K-20 Every attempt for one turn has the same id and the same body, signed as Standard Webhooks says.
 * - K-21 No attempt goes to an address that is not public, unless this server was told that it may; redirects are not
 *   followed.
 * - K-22 The secret is kept sealed and never leaves; what is signed with it does.
 */
import { createHmac } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import type { CallbackBody, CallbackTarget } from '@belay/protocol'
import type { SessionEffect } from '@belay/session'
import type { Logger } from 'pino'
import { anyAddress, hostOf, isPublic, notPublic, publicAddress } from './address.ts'
import { RefusalError } from './problem.ts'
import type { Seal } from './seal.ts'
import type { SessionHost } from './session-host.ts'

type Delivery = Extract<SessionEffect, { type: 'deliver-callback' }>

export interface Callbacks {
  /** What of a target is stored. @throws RefusalError for an address that is refused whatever it resolves to */
  admit(target: CallbackTarget): Delivery['target']
  /** Recognises the same secret. */
  mark(secret: string): string
  /** Makes one attempt and submits what came of it. */
  deliver(session: string, delivery: Delivery): void
  /** Attempts under way are cut; the next start makes them again. */
  close(): void
}

export interface CallbackOptions {
  readonly host: Pick<SessionHost, 'submit'>
  readonly seal: Seal
  readonly clock: () => number
  readonly log: Logger
  /** Addresses of this machine and its networks may be called too. */
  readonly allowPrivate: boolean
}

export function createCallbacks(options: CallbackOptions): Callbacks {
  const { host, seal, log, allowPrivate } = options
  const abort = new AbortController()

  async function attempt(session: string, delivery: Delivery): Promise<void> {
    const { turn, attempt: number } = delivery
    const problem = await post(options, delivery, abort.signal)
    if (abort.signal.aborted) return
    log.info({ session, turn, attempt: number, problem }, 'callback tried')
    await host.submit(session, { type: 'callback-tried', turn, attempt: number, problem })
  }

  return {
    admit({ url, secret }) {
      const target = new URL(url)
      const name = hostOf(target)
      const address = name === 'localhost' || name.endsWith('.localhost') ? '127.0.0.1' : name
      if (!allowPrivate && isIP(address) !== 0 && !isPublic(address))
        throw new RefusalError('address-refused', notPublic(name, address))
      return { url: target.href, sealed: seal.close(secret, target.href) }
    },
    mark: (secret) => seal.mark(secret),
    deliver(session, delivery) {
      attempt(session, delivery).catch((error: unknown) =>
        log.error({ session, error: String(error) }, 'the outcome of a callback was not kept'),
      )
    },
    close: () => abort.abort(),
  }
}

/** @returns what went wrong, in a sentence; `undefined` when it was taken */
async function post(
  { seal, clock, allowPrivate }: CallbackOptions,
  { target, callbackId, tryMs, endedAt, data }: Delivery,
  closed: AbortSignal,
): Promise<string | undefined> {
  const signal = AbortSignal.any([closed, AbortSignal.timeout(tryMs)])
  try {
    const url = new URL(target.url)
    const resolving = (allowPrivate ? anyAddress : publicAddress)(hostOf(url))
    const at = await Promise.race([resolving, rejection(signal)])
    const body = JSON.stringify({
      type: 'turn.ended',
      timestamp: new Date(endedAt).toISOString(),
      data,
    } satisfies CallbackBody)
    const timestamp = String(Math.floor(clock() / 1000))
    const key = keyOf(seal.open(target.sealed, target.url))
    const signature = createHmac('sha256', key)
      .update(`${callbackId}.${timestamp}.${body}`)
      .digest('base64')
    const status = await send(url, {
      at,
      signal,
      body,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Belay',
        'webhook-id': callbackId,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
    })
    if (status >= 200 && status < 300) return undefined
    return `It answered ${status}${status >= 300 && status < 400 ? ', and redirects are not followed' : ''}.`
  } catch (error) {
    if (signal.aborted) return `No answer within ${tryMs / 1000} s.`
    return error instanceof Error ? error.message : String(error)
  }
}

/** Standard Webhooks writes secrets as `whsec_` and base64. */
function keyOf(secret: string): Buffer {
  const prefix = 'whsec_'
  return secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret)
}

function rejection(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  return promise
}

interface Sending {
  readonly at: { readonly address: string; readonly family: number }
  readonly signal: AbortSignal
  readonly body: string
  readonly headers: Readonly<Record<string, string | number>>
}

/** One request on a socket of its own, to the address that was checked. @returns the status */
function send(url: URL, { at, signal, body, headers }: Sending): Promise<number> {
  const begin = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = begin(url, {
      method: 'POST',
      headers,
      signal,
      agent: false,
      lookup: (_, { all }, found) =>
        all === true ? found(null, [at]) : found(null, at.address, at.family),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      // What it says besides is nobody's.
      response.destroy()
    })
    request.end(body)
  })
}
