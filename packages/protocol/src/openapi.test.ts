import { expect, test } from 'vitest'
import { z } from 'zod'
import { routes } from './api.ts'
import { type Route, streams } from './route.ts'
import { openApi } from './openapi.ts'

const operationSchema = z.looseObject({
  operationId: z.string().min(1),
  summary: z.string().regex(/^[A-Z].*\.$/s),
  parameters: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        in: z.enum(['path', 'query']),
        required: z.boolean().optional(),
        schema: z.record(z.string(), z.unknown()),
      }),
    )
    .optional(),
  requestBody: z
    .strictObject({ required: z.boolean(), content: z.record(z.string(), z.unknown()) })
    .optional(),
  responses: z.record(
    z.string().regex(/^(default|[1-5]\d\d)$/),
    z.looseObject({ description: z.string().min(1) }),
  ),
})

/** As much of the OpenAPI 3.1 specification's own schema as this document uses. */
const documentSchema = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(
    z.string().regex(/^\/v1(\/([a-z]+|\{\w+\}))+$/),
    z.partialRecord(z.enum(['get', 'post', 'patch', 'delete']), operationSchema),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), z.record(z.string(), z.unknown())),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
})

const document = documentSchema.parse(JSON.parse(JSON.stringify(openApi('1.2.3'))))

test('[P-10] the document has the shape of OpenAPI 3.1 and says the version it was made for', () => {
  expect(document.info.version).toBe('1.2.3')
  for (const name of document.security.flatMap((item) => Object.keys(item))) {
    expect(document.components.securitySchemes).toHaveProperty(name)
  }
})

test('[P-10] every reference resolves', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(
    ([, to]) => to,
  )
  expect(references.length).toBeGreaterThan(40)
  const known = Object.keys(document.components.schemas).map(
    (name) => `#/components/schemas/${name}`,
  )
  expect(references.filter((to) => !known.includes(String(to)))).toEqual([])
  expect(JSON.stringify(document)).not.toContain('$defs')
})

test('[P-11] every route and every public stream is there once, with its own name', () => {
  const expected = [
    ...Object.entries<Route>(routes).map(([name, { method, path }]) => `${name} ${method} ${path}`),
    ...Object.entries(streams)
      .filter(([, stream]) => 'frames' in stream)
      .map(([name, { path }]) => `${name} get ${path}`),
  ]
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => `${operation.operationId} ${method} ${path}`,
    ),
  )
  expect(found.toSorted()).toEqual(expected.toSorted())
  expect(new Set(found.map((line) => line.split(' ')[0])).size).toBe(found.length)
})

test('[P-11] every parameter in a path is declared, and the other way round', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const { parameters = [] } of Object.values(methods)) {
      const declared = parameters.filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name)).toEqual(named)
      expect(declared.every(({ required }) => required === true)).toBe(true)
    }
  }
})

test('[P-11] what may be left out of a body is shown as optional', () => {
  const choice = z
    .object({ anyOf: z.array(z.object({ required: z.array(z.string()) })) })
    .parse(document.components.schemas['AgentChoice'])
  expect(choice.anyOf.map(({ required }) => required)).toEqual([['name'], ['command']])
})
