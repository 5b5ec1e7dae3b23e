import { expect, test } from 'vitest'
import { errorCodes, errorTable, problemSchema } from './error.ts'

test('[P-6] every refusal has a status of its kind and says what can be done', () => {
  expect(errorCodes.length).toBeGreaterThan(15)
  for (const code of errorCodes) {
    const { status, action } = errorTable[code]
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(status, code).toBeGreaterThanOrEqual(400)
    expect(status, code).toBeLessThan(600)
    expect(action, code).toMatch(/^[A-Z].*\.$/)
  }
})

test('[P-6] the statuses are the ones callers rely on', () => {
  const expected = {
    'bad-request': 400,
    unauthorized: 401,
    'session-not-found': 404,
    'prompt-conflict': 409,
    'stale-generation': 409,
    'session-deleted': 410,
    'too-large': 413,
    'queue-full': 429,
    'going-away': 503,
  } as const
  const found = Object.entries(errorTable).filter(([code]) => Object.hasOwn(expected, code))
  expect(Object.fromEntries(found.map(([code, { status }]) => [code, status]))).toEqual(expected)
})

test('[P-7] there is one shape of error, and its codes are closed', () => {
  const problem = {
    error: {
      code: 'bad-request',
      message: 'The body is wrong.',
      action: errorTable['bad-request'].action,
      fields: [{ path: 'prompt.text', expected: 'string', got: 'number' }],
      limit: 10,
    },
  }
  expect(problemSchema.parse(problem)).toEqual(problem)
  const unknown = problemSchema.safeParse({ error: { ...problem.error, code: 'teapot' } })
  expect(unknown.error?.issues[0]?.path).toEqual(['error', 'code'])
  expect(problemSchema.safeParse({ message: 'no' }).success).toBe(false)
})
