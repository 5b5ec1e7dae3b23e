/** Reading other programs' JSON, of which nothing is known: every look at it gives a value or nothing. */

/** The field of an object, or `undefined`. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The text of a message's content: a string, or parts of which some hold text. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((part) => string(field(part, 'text')))
    .filter((text) => text !== '')
    .join('\n')
}
