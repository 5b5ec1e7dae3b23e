/** A command line a person typed, as words. Quotes hold a word together; nothing else has a meaning. Pure. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = []
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    words.push(double ?? single ?? plain ?? '')
  }
  return words
}

/** A word as `wordsOf` reads it again. A word with both kinds of quotes cannot be written, and loses the double ones. */
export function quoted(word: string): string {
  if (/^[^\s"']+$/.test(word)) return word
  return word.includes('"') && !word.includes("'") ? `'${word}'` : `"${word.replaceAll('"', '')}"`
}
