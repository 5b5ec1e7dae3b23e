/**
 * Who may do what: one token for people and programs, one for each runner, and single-use tickets for streams.
 *
 * A runner's token is signed, not stored: it names the one session and generation it may write, so it ends with its
 * generation, and any server on the same data folder can check it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { limits } from '@belay/protocol'
import type { RunnerIdentity } from '@belay/session'

export function runnerToken(secret: Buffer, { session, generation }: RunnerIdentity): string {
  return `runner.${session}.${generation}.${sign(secret, `runner.${session}.${generation}`)}`
}

/** Whom a token was made for; `undefined` when it was not made by this server. */
export function readRunnerToken(secret: Buffer, token: string): RunnerIdentity | undefined {
  const match = /^runner\.([A-Za-z0-9_-]+)\.(\d{1,15})\.([0-9a-f]{64})$/.exec(token)
  const [, session, digits, signature] = match ?? []
  if (session === undefined || digits === undefined || signature === undefined) return undefined
  const generation = Number(digits)
  return same(signature, sign(secret, `runner.${session}.${generation}`))
    ? { session, generation }
    : undefined
}

function sign(secret: Buffer, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** Compares without telling by its time where two strings differ. */
export function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The token of an `Authorization: Bearer …` header. */
export function bearer(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer (\S+)$/i.exec(header)?.[1]
}

/** Tickets not used yet. More than this many wait only for somebody who asks and never comes. */
const ticketsMax = 10_000

export interface Tickets {
  issue(now: number): { readonly ticket: string; readonly expiresAt: number }
  /** True once, for a ticket that was issued and has not expired. */
  redeem(ticket: string, now: number): boolean
}

/** Tickets live in memory: after a restart the holder asks for another, which costs one request. */
export function createTickets(): Tickets {
  const open = new Map<string, number>()
  return {
    issue(now) {
      for (const [ticket, expiresAt] of open) {
        if (expiresAt > now && open.size < ticketsMax) break
        open.delete(ticket)
      }
      const ticket = randomBytes(24).toString('base64url')
      const expiresAt = now + limits.ticketMsMax
      open.set(ticket, expiresAt)
      return { ticket, expiresAt }
    },
    redeem(ticket, now) {
      const expiresAt = open.get(ticket)
      open.delete(ticket)
      return expiresAt !== undefined && expiresAt > now
    },
  }
}
