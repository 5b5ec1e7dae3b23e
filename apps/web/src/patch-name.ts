/**
 * Names of files in a patch as Git writes them: plain, or in quotes with its bytes as escapes. Pure.
 */

/** The name that the first line of a file's part tells, after `diff --git `. Of a renamed file it is the new one. */
export function nameOfHead(head: string): string {
  if (head.startsWith('"')) {
    const first = /^"(?:[^"\\]|\\.)*"/.exec(head)?.[0] ?? head
    return withoutSide(head.slice(first.length + 1))
  }
  // Both names are the same, whatever is in them, so the line is cut in its middle.
  const length = (head.length - 'a/ b/'.length) / 2
  const name = head.slice(2, 2 + length)
  if (head === `a/${name} b/${name}`) return name
  const second = head.lastIndexOf(head.endsWith('"') ? ' "b/' : ' b/')
  return second < 0 ? head : withoutSide(head.slice(second + 1))
}

/** The name in a line like `+++ b/name`, without its first four characters; undefined for `/dev/null`. */
export function nameOfSide(side: string): string | undefined {
  // Git ends a plain name that has a space in it with a tab.
  return side === '/dev/null' ? undefined : withoutSide(side.replace(/\t$/, ''))
}

function withoutSide(text: string): string {
  return unquoted(text).slice('b/'.length)
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
}

function unquoted(text: string): string {
  const inside = /^"(.*)"$/s.exec(text)?.[1]
  if (inside === undefined) return text
  const encoder = new TextEncoder()
  const bytes = [...inside.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gs)].flatMap(
    ([part, octal, letter]) => {
      if (octal !== undefined) return [Number.parseInt(octal, 8)]
      return [...encoder.encode(letter === undefined ? part : (escapes[letter] ?? letter))]
    },
  )
  return textOf(new Uint8Array(bytes))
}

/** Bytes that are no UTF-8 are shown as `\xHH`, as the list of files has them. */
function textOf(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((one) => decoded(bytes.subarray(at, at + one)) !== undefined)
    text +=
      length === undefined
        ? `\\x${(bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0')}`
        : (decoded(bytes.subarray(at, at + length)) ?? '')
    at += length ?? 1
  }
  return text
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Not a whole character; that is what is asked here.
    return undefined
  }
}
