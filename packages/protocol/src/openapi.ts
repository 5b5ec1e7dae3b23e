/** The OpenAPI 3.1 document, made from the route table. OpenAPI 3.1 is JSON Schema 2020-12, which zod writes itself. */
import { z } from 'zod'
import { routes } from './api.ts'
import { type Route, streams } from './route.ts'
import { problemSchema } from './error.ts'
import { listFrameSchema, streamFrameSchema } from './stream.ts'

type Json = Record<string, unknown>

/** @param version what `info.version` says */
export function openApi(version: string): Json {
  const components: Record<string, Json> = {}
  const paths: Record<string, Json> = {}
  // Bodies first: a part that may be left out when sent and is filled in when answered is shown as it may be sent.
  for (const { body } of Object.values<Route>(routes)) {
    if (body !== undefined) schemaOf(body, 'input', components)
  }
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(name, route, components) }
  }
  schemaOf(streamFrameSchema, 'output', components)
  schemaOf(listFrameSchema, 'output', components)
  for (const [name, stream] of Object.entries(streams)) {
    if (!('frames' in stream)) continue
    paths[stream.path] = { ...paths[stream.path], get: streamOperation(name, stream) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Belay', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operation(name: string, route: Route, components: Record<string, Json>): Json {
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
  ]
  return {
    operationId: name,
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: json(schemaOf(route.body, 'input', components)),
          },
        }),
    responses: {
      [route.status]: {
        description: 'Done.',
        content: json(schemaOf(route.response, 'output', components)),
      },
      default: {
        description: 'Refused.',
        content: json(schemaOf(problemSchema, 'output', components)),
      },
    },
  }
}

function streamOperation(
  name: string,
  stream: { path: string; summary: string; frames: string },
): Json {
  const frame = { $ref: `#/components/schemas/${stream.frames}` }
  return {
    operationId: name,
    summary: stream.summary,
    description:
      'Ask with `Upgrade: websocket` for one JSON frame per message, or with `Accept: text/event-stream` for one per event.',
    parameters: [
      ...[...stream.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
        name: match[1],
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      { name: 'after', in: 'query', schema: { type: 'integer', minimum: 0 } },
      { name: 'ticket', in: 'query', schema: { type: 'string' } },
    ],
    responses: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: frame } } },
    },
  }
}

function parametersOf(
  schema: z.ZodObject | undefined,
  place: 'path' | 'query',
  components: Record<string, Json>,
): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(field, 'output', components),
  }))
}

/** A schema as JSON Schema, with every named part moved into `components`. */
function schemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  components: Record<string, Json>,
): Json {
  const written: unknown = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  const { $schema: _, $defs: definitions, ...rest } = moveReferences(written)
  for (const [name, definition] of Object.entries(definitions ?? {})) {
    components[name] ??= jsonSchema.parse(definition)
  }
  const id = z.globalRegistry.get(schema)?.id
  if (id === undefined) return rest
  components[id] ??= rest
  return { $ref: `#/components/schemas/${id}` }
}

const jsonSchema = z.record(z.string(), z.unknown())

function moveReferences(written: unknown): Json {
  const text = JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')
  return jsonSchema.parse(JSON.parse(text))
}

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}
