/** Who may use the API: the person's token or a ticket, and never a page from elsewhere. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Refusal } from '@belay/protocol'
import { RefusalError } from './problem.ts'
import { bearer, same, type Tickets } from './tokens.ts'

export interface Admission {
  /** For requests. @throws RefusalError */
  readonly authorize: (headers: Headers) => void
  /** For streams, which may also come with a ticket. */
  readonly refuseStream: (request: IncomingMessage, url: URL) => Refusal | undefined
  /** For everything, before it is looked at: names in `Host` and `Origin` that are not ours. */
  readonly refuseForeign: (request: IncomingMessage) => Refusal | undefined
}

export interface AdmissionOptions {
  readonly token: string
  readonly tickets: Tickets
  readonly clock: () => number
  /** Host names under which this server may be addressed, besides `localhost` and addresses. */
  readonly names: readonly string[]
}

export function createAdmission({ token, tickets, clock, names }: AdmissionOptions): Admission {
  const unauthorized: Refusal = {
    code: 'unauthorized',
    message: 'The token is missing or not the one of this server.',
  }
  const holdsToken = (header: string | undefined) => {
    const given = bearer(header)
    return given !== undefined && same(given, token)
  }
  return {
    authorize(headers) {
      if (!holdsToken(headers.get('authorization') ?? undefined))
        throw RefusalError.of(unauthorized, undefined)
    },
    refuseStream(request, url) {
      const ticket = url.searchParams.get('ticket')
      if (ticket === null)
        return holdsToken(request.headers.authorization) ? undefined : unauthorized
      if (tickets.redeem(ticket, clock())) return undefined
      return {
        code: 'ticket-invalid',
        message: 'The ticket was used before, has expired, or is from before a restart.',
      }
    },
    refuseForeign(request) {
      // A name that resolves to this machine but is not ours is how a foreign page would reach a loopback server.
      // An address resolves to nothing else, so any may be used that the server listens on.
      const host = (request.headers.host ?? '').replace(/:\d+$/, '')
      if (
        isIP(host.replaceAll(/^\[|\]$/g, '')) === 0 &&
        host !== 'localhost' &&
        !names.includes(host)
      ) {
        return {
          code: 'origin-refused',
          message: `This server does not answer under the name "${host.slice(0, 100)}".`,
        }
      }
      const { origin } = request.headers
      if (
        origin === undefined ||
        origin === `http://${request.headers.host}` ||
        origin === `https://${request.headers.host}`
      )
        return undefined
      return {
        code: 'origin-refused',
        message: `Pages of ${origin.slice(0, 100)} may not use this server.`,
      }
    },
  }
}
