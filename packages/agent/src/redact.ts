/**
 * Takes secrets out of a text.
 *
 * - A-83 No error, note or last word of an agent holds a secret that it was given in its settings.
 */

/** What is shorter is found in ordinary words. */
const lineCharsMin = 6
/** A key after a word, as in `Bearer …`. */
const wordCharsMin = 16

/** @returns what is to be looked for, the longest first */
export function needlesOf(secrets: readonly string[]): readonly string[] {
  const lines = secrets.flatMap((secret) => secret.split('\n').map((line) => line.trim()))
  const words = lines.flatMap((line) => line.split(/\s+/))
  return [
    ...new Set([
      ...lines.filter(({ length }) => length >= lineCharsMin),
      ...words.filter(({ length }) => length >= wordCharsMin),
    ]),
  ].toSorted((a, b) => b.length - a.length)
}

/** @param needles of `needlesOf` */
export function redact(text: string, needles: readonly string[]): string {
  return needles.reduce((left, needle) => left.replaceAll(needle, '[secret]'), text)
}
