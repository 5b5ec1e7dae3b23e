/** A refusal on its way out: one shape, one place. */
import { StoreRefusal } from '@belay/host'
import { type ErrorCode, errorTable, type Problem, type Refusal } from '@belay/protocol'
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

/** What a store refused, for whoever asked for it; `undefined` for any other error. */
export function refusalOfStore(error: unknown): RefusalError | undefined {
  if (!(error instanceof StoreRefusal)) return undefined
  return new RefusalError(error.reason === 'full' ? 'disk-full' : 'store-busy', error.message)
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
    return issue.keys.map((key) => field([...issue.path, key], 'no such field', input))
  }
  return [field(issue.path, issue.message, input)]
}

/** Fields that are never shown, also not to whoever sent them. */
const secrets = new Set(['token', 'secret'])

function hidden(key: string, value: unknown): unknown {
  return secrets.has(key) ? '…' : value
}

function field(path: readonly PropertyKey[], expected: string, input: unknown): Fields[number] {
  let value: unknown = input
  for (const key of path)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  const isSecret = path.some((key) => secrets.has(String(key)))
  const text =
    value === undefined
      ? 'nothing'
      : isSecret
        ? 'what is not shown here'
        : (JSON.stringify(value, hidden) ?? typeof value)
  return {
    path: path.map(String).join('.') || 'body',
    expected,
    got: text.length > 100 ? `${text.slice(0, 97)}…` : text,
  }
}
