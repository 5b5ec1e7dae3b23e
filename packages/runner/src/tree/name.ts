/**
 * Names of files. A name is bytes; here it is a string with one character (U+0000 to U+00FF) for each byte, so that two names
 * are the same text exactly when they are the same file, and order and prefixes are those of the bytes.
 *
 * Owns: how a name is read from and shown to people.
 */

/** A path inside the workspace, with `/`, one character for each byte; a folder's ends with `/`. */
export type Name = string

/** From what a person, a program or a platform calls it. */
export function nameOf(path: string): Name {
  return encodeURIComponent(path.toWellFormed()).replaceAll(
    /%([0-9A-F]{2})/g,
    (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

export interface ShownName {
  readonly path: string
  /** All bytes, in hexadecimal digits, of a name that is no UTF-8. */
  readonly bytes?: string
}

/** As it is told: its own letters, or, where it is no UTF-8, its odd bytes as `\xHH` beside all of them. */
export function shown(name: Name): ShownName {
  const path = decoded(name)
  return path === undefined
    ? { path: escaped(name), bytes: digitsOf(name, '').toLowerCase() }
    : { path }
}

/** @returns `undefined` when it is no UTF-8 */
function decoded(name: Name): string | undefined {
  try {
    return decodeURIComponent(digitsOf(name, '%'))
  } catch {
    return undefined
  }
}

/** Each letter that is UTF-8 as it is, each other byte as `\xHH`. */
function escaped(name: Name): string {
  let text = ''
  for (let at = 0; at < name.length;) {
    const letter = [1, 2, 3, 4]
      .map((length) => name.slice(at, at + length))
      .find((bytes) => decoded(bytes) !== undefined)
    text += letter === undefined ? digitsOf(name.charAt(at), '\\x') : (decoded(letter) ?? '')
    at += letter?.length ?? 1
  }
  return text
}

/** Each byte as two digits, with a mark before it. */
function digitsOf(name: Name, mark: string): string {
  let digits = ''
  for (let at = 0; at < name.length; at++)
    digits += mark + name.charCodeAt(at).toString(16).toUpperCase().padStart(2, '0')
  return digits
}

/** The folder it is in, with its `/`; `''` for what lies at the top. */
export function folderOf(name: Name): Name {
  const end = name.endsWith('/') ? name.length - 2 : name.length - 1
  return name.slice(0, name.lastIndexOf('/', end) + 1)
}

/** All folders it is in, the innermost first; not the top. */
export function foldersOf(name: Name): readonly Name[] {
  const folders: Name[] = []
  for (let folder = folderOf(name); folder !== ''; folder = folderOf(folder)) folders.push(folder)
  return folders
}
