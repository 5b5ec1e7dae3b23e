/** Values that fit a JSON Schema, for what a script leaves open. */
import { field, list, string } from './json.ts'

/** Any value that a schema takes, with all the fields it knows. */
export function fitting(schema: unknown): unknown {
  const properties = Object.entries(Object(field(schema, 'properties')))
  if (properties.length === 0) return filler(schema)
  return Object.fromEntries(properties.map(([name, inner]) => [name, fitting(inner)]))
}

/** The shortest value that a schema takes. */
export function filler(schema: unknown): unknown {
  const choices = list(field(schema, 'enum'))
  if (choices.length > 0) return choices[0]
  switch (string(field(schema, 'type')).toLowerCase()) {
    case 'boolean':
      return false
    case 'number':
    case 'integer':
      return 1
    case 'array':
      return []
    case 'object':
      return {}
    default:
      return 'as asked'
  }
}
