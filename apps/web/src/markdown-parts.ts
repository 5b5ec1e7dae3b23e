/**
 * A long Markdown text in parts that are read one by one, so that while an agent writes only the last part is read
 * again; reading the whole for every chunk would take the square of its length. Pure.
 *
 * A part ends only before an ordinary paragraph or heading at the left edge, outside a fence: whatever stands there is
 * a block of its own in Markdown. The price: a reference link works only inside its part.
 */

/** Parts are at least this long: few enough to be cheap, short enough to read again at every chunk. */
const partCharsMin = 600

/** @returns parts which joined are the text again */
export function markdownParts(text: string): readonly string[] {
  if (text.length < 2 * partCharsMin) return [text]
  const parts: string[] = []
  let start = 0
  let fence: string | undefined
  let afterBlank = false
  let at = 0
  for (const line of text.split('\n')) {
    if (fence === undefined && afterBlank && at - start >= partCharsMin && beginsBlock(line)) {
      parts.push(text.slice(start, at))
      start = at
    }
    fence = fenceAfter(fence, line)
    afterBlank = line.trim() === ''
    at += line.length + 1
  }
  parts.push(text.slice(start))
  return parts
}

function beginsBlock(line: string): boolean {
  return /^(?:\p{L}|#{1,6} )/u.test(line)
}

/** The fence that is open after a line. */
function fenceAfter(open: string | undefined, line: string): string | undefined {
  const [, mark, rest] = /^ *(`{3,}|~{3,})(.*)$/.exec(line) ?? []
  if (mark === undefined) return open
  if (open === undefined) return mark
  return mark.startsWith(open) && rest?.trim() === '' ? undefined : open
}
