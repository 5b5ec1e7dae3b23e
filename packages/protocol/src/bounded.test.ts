/** Every string that is stored has a limit: the schemas are walked, so that no new one can be forgotten. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { routes } from './api.ts'
import { type Report, reportSchema } from './report.ts'

/**
 * Reports that go into the log as they came and into no state: each is bounded as a whole, by `eventBytesMax`, where it
 * enters (`decodeReport`).
 */
const boundedAsAWhole = new Set<Report['type']>([
  'text',
  'thought',
  'tool',
  'plan',
  'agent-update',
  'said-after',
  'turn-changes',
  'restore-planned',
])
/** Bounded in bytes by a refinement, which a JSON Schema cannot say: `promptBytesMax`. */
const boundedInBytes = new Set(['text'])
/** Carried into the log alone, with the report they are part of. */
const loggedAlone = new Set(['content'])

/** Paths of strings without a limit. */
function unbounded(schema: z.ZodType): readonly string[] {
  const found: string[] = []
  walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '', found)
  return found
}

const nodeSchema = z.looseObject({
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  $defs: z.record(z.string(), z.unknown()).optional(),
})

function walk(value: unknown, path: string, found: string[]): void {
  if (Array.isArray(value)) return value.forEach((item) => walk(item, path, found))
  const node = nodeSchema.safeParse(value).data
  if (node === undefined) return
  const isBounded = ['maxLength', 'enum', 'const', 'pattern'].some((name) => name in node)
  const mayBeText = [node.type].flat().includes('string')
  if (mayBeText && !isBounded) found.push(path)
  for (const [name, inner] of Object.entries({ ...node.properties, ...node.$defs })) {
    if (loggedAlone.has(name) || boundedInBytes.has(name)) continue
    walk(inner, `${path}.${name}`, found)
  }
  for (const name of ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties'])
    walk(node[name], path, found)
}

test('[P-51] every string of a report that reaches a session’s state has a limit', () => {
  const looked: string[] = []
  for (const schema of reportSchema.options) {
    const type = schema.shape.type.value
    if (boundedAsAWhole.has(type)) continue
    looked.push(type)
    expect(unbounded(schema), type).toEqual([])
  }
  expect(looked.length).toBeGreaterThan(8)
})

test('[P-51] every string of a request’s body has a limit', () => {
  let looked = 0
  for (const [name, route] of Object.entries(routes)) {
    if (!('body' in route) || route.body === undefined) continue
    looked += 1
    expect(unbounded(route.body), name).toEqual([])
  }
  expect(looked).toBeGreaterThan(5)
})

test('[P-51] the check sees a string without a limit, wherever it is', () => {
  const inner = z.array(z.object({ name: z.string() }))
  expect(unbounded(z.object({ a: inner, b: z.string().max(3) }))).toEqual(['.a.name'])
  expect(unbounded(z.union([z.string(), z.int()]))).toEqual([''])
})
