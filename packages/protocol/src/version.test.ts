import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { routes } from './api.ts'
import { commandSchema } from './command.ts'
import { errorTable, problemSchema } from './error.ts'
import { eventSchema } from './event.ts'
import { helloSchema, welcomeSchema } from './hello.ts'
import { endings } from './outcome.ts'
import { hintSchema } from './hint.ts'
import { reportSchema } from './report.ts'
import { closeCodes, listFrameSchema, streamFrameSchema } from './stream.ts'
import { protocolFloor, protocolVersion } from './version.ts'

/** Everything that crosses a process boundary, as JSON Schema. Wording (titles, descriptions) is not the wire. */
function wire(): string {
  const schemas = {
    report: reportSchema,
    command: commandSchema,
    // Its name when it was first hashed.
    notice: hintSchema,
    event: eventSchema,
    hello: helloSchema,
    welcome: welcomeSchema,
    streamFrame: streamFrameSchema,
    listFrame: listFrameSchema,
    problem: problemSchema,
  }
  const written = Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)])
  const calls = Object.entries(routes).map(([name, route]) => [
    name,
    route.method,
    route.path,
    route.status,
    ['params', 'query', 'body', 'response'].map((part) => {
      const schema: unknown = Object.entries(route).find(([key]) => key === part)?.[1]
      return schema instanceof z.ZodType ? jsonSchema(schema) : undefined
    }),
  ])
  const codes = [Object.keys(errorTable), Object.keys(endings), closeCodes]
  return JSON.stringify([written, calls, codes])
}

function jsonSchema(schema: z.ZodType): unknown {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))
  return JSON.parse(text, (key, value: unknown) => (key === 'description' ? undefined : value))
}

test('[P-1] whoever changes the wire meets this test, and says so in version.ts', () => {
  const hash = createHash('sha256').update(wire()).digest('hex').slice(0, 16)
  // Different? Then runners of before meet servers of after. If they can still talk (a new optional field, a new
  // message nobody must know), put the new hash here. If not, raise `protocolVersion` and write its line there.
  expect({ version: protocolVersion, hash }).toEqual({ version: 3, hash: '2663d3c978ce18f5' })
})

test('[P-1] the hash sees a changed field and does not see changed words', () => {
  const field = (value: z.ZodType) => JSON.stringify(jsonSchema(z.object({ n: value })))
  expect(field(z.int())).not.toBe(field(z.string()))
  expect(field(z.int())).not.toBe(field(z.int().optional()))
  expect(field(z.int())).toBe(field(z.int().meta({ description: 'words' })))
})

test('[P-2] the oldest version that is read is not newer than the one that is spoken', () => {
  expect(protocolFloor).toBeGreaterThanOrEqual(1)
  expect(protocolFloor).toBeLessThanOrEqual(protocolVersion)
})
