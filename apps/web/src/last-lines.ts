/** The end of a long text. Pure. */

/** @returns its last lines, and how many are before them */
export function lastLines(
  text: string,
  count: number,
): { readonly tail: string; readonly before: number } {
  const lines = text.split('\n')
  if (lines.length <= count) return { tail: text, before: 0 }
  return { tail: lines.slice(-count).join('\n'), before: lines.length - count }
}
