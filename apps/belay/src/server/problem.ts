/**
 * A refusal on its way out: one shape, one place.
 *
 * - K-40 It repeats nothing of an address, a token, a user or a field that nobody knows.
 */
import { StoreRefusal } from '@belay/host'
import { type ErrorCode, errorTable, type Problem, type Refusal } from '@belay/protocol'
import type { Logger } from 'pino'
import type { z } from 'zod'

type Fields = NonNullable<Problem['error']['fields']>

/** Thrown by handlers; anything else that is thrown is an internal error. */
export class RefusalError extends Error {
  readonly problem: Problem
  readonly status: number

  constructor(
    code: ErrorCode,
    message: string,
    more: { readonly fields?: Fields; readonly limit?: number } = {},
  ) {
    super(message)
    const { status, action } = errorTable[code]
    this.status = status
    this.problem = { error: { code, message, action, ...more } }
  }

  static of(refusal: Refusal, limit: number | undefined): RefusalError {
    return new RefusalError(refusal.code, refusal.message, limit === undefined ? {} : { limit })
  }
}

/** What whoever asked hears of anything that was thrown. A fault of our own is in the log, and only there. */
export function refusalFrom(thrown: unknown, log: Logger, path: string): RefusalError {
  if (thrown instanceof RefusalError) return thrown
  if (thrown instanceof StoreRefusal)
    return new RefusalError(thrown.reason === 'full' ? 'disk-full' : 'store-busy', thrown.message)
  const error = thrown instanceof Error ? thrown.stack : String(thrown)
  log.error({ path, error }, 'request failed')
  return new RefusalError('internal', 'The server could not answer; its log says why.')
}

/** What is wrong with an input, field by field. */
export function badRequest(error: z.ZodError, input: unknown): RefusalError {
  const fields = error.issues.slice(0, 20).flatMap((issue) => fieldsOf(issue, input))
  const first = fields[0]
  const which = first === undefined ? 'The request' : `"${first.path}"`
  return new RefusalError(
    'bad-request',
    `${which} is not as expected: ${first?.expected ?? 'see the fields'}.`,
    { fields },
  )
}

function fieldsOf(issue: z.core.$ZodIssue, input: unknown): Fields {
  // A union fails as a whole; what it expected is said by the branch that came nearest.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? []
    return nearest.flatMap((inner) =>
      fieldsOf({ ...inner, path: [...issue.path, ...inner.path] }, input),
    )
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathOf([...issue.path, key]),
      expected: 'no such field',
      // Nobody knows what it holds: a password perhaps.
      got: notShown,
    }))
  }
  return [field(issue.path, issue.message, input)]
}

const notShown = 'what is not shown here'

/** Fields that are never shown, also not to whoever sent them: an address that is refused may hold a secret. */
const secrets = new Set(['token', 'secret', 'url', 'user', 'password'])
/** Signs of an address, or of a part of one, that came into the wrong field. */
const ofAddress = /[:@?#=&]/

function hidden(key: string, value: unknown): unknown {
  const isSecret = secrets.has(key) || (typeof value === 'string' && ofAddress.test(value))
  return isSecret ? '…' : value
}

function field(path: readonly PropertyKey[], expected: string, input: unknown): Fields[number] {
  let value: unknown = input
  for (const key of path)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  const text =
    value === undefined
      ? 'nothing'
      : path.some((key) => secrets.has(String(key)))
        ? notShown
        : (JSON.stringify(value, hidden) ?? typeof value)
  return {
    path: pathOf(path),
    expected,
    got: text.length > 100 ? `${text.slice(0, 97)}…` : text,
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.') || 'body'
}
