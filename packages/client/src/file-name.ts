/**
 * Names of files as people read them. Pure.
 *
 * - V-160 What a name would make a screen do (end a line, clear it, turn the reading order) is shown as an escape instead.
 *   Two files whose names look alike all the same are told apart by what they are called, not by what is shown.
 */

/** Control characters, separators of lines, what turns the reading order, and what has no width. */
const obeyed = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060\u2066-\u2069\uFEFF]/gu
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A file's name on one line, with nothing in it that is obeyed. */
export function shownName(path: string): string {
  return path.replaceAll(
    obeyed,
    (sign) => short[sign] ?? `\\u{${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  )
}

/** What tells two files apart: their bytes, as hexadecimal digits, where a name is no UTF-8, else the name. */
export function fileKey({
  path,
  bytes,
}: {
  readonly path: string
  readonly bytes?: string | undefined
}): string {
  return bytes === undefined ? `=${path}` : `:${bytes}`
}
