/** Values of others that may be anything, and how they are shown in a sentence. */

/** Of an odd value in a sentence. */
const shownCharsMax = 80

/** A value as a person reads it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
