/** A command line a person typed, as words. Quotes hold a word together; nothing else has a meaning. Pure. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = []
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    words.push(double ?? single ?? plain ?? '')
  }
  return words
}
