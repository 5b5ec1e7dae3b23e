/**
 * A patch as Git writes it, cut so that every file has its share: one long file hides no other.
 *
 * Owns: where one file's part ends and the next begins, how many lines each adds and removes, and the shares. Takes the text
 * as it comes and holds no more of a part than could ever be shown.
 *
 * - R-39 Each file of a turn's changes has its part of the patch, cut with a marker where its share ends.
 */
import { limits, utf8Bytes } from '@belay/protocol'

/** What Git wrote of one file. */
export interface Part {
  text: string
  added: number
  removed: number
  /** It is no text, so its lines are not counted. */
  isBinary: boolean
  /** There is more than is held here. */
  isCut: boolean
}

const marker = '… [cut by Belay: the patch goes on]\n'
const begin = 'diff --git '

/** Takes a patch as it comes. */
export class PatchReader {
  readonly parts: Part[] = []
  #rest = ''
  #oldLeft = 0
  #newLeft = 0

  end(): void {
    if (this.#rest !== '') this.#line(this.#rest)
    this.#rest = ''
  }

  push(text: string): void {
    const all = this.#rest + text
    let from = 0
    for (let to = all.indexOf('\n'); to >= 0; to = all.indexOf('\n', from)) {
      this.#line(all.slice(from, to + 1))
      from = to + 1
    }
    this.#rest = all.slice(from)
    // A line longer than what is ever shown is taken in pieces; only its first counts.
    if (this.#rest.length > limits.patchBytesMax) {
      this.#keep(this.#rest)
      this.#rest = this.#rest.slice(0, 1)
    }
  }

  #line(line: string): void {
    const inHunk = this.#oldLeft > 0 || this.#newLeft > 0
    if (!inHunk && line.startsWith(begin))
      this.parts.push({ text: '', added: 0, removed: 0, isBinary: false, isCut: false })
    this.#keep(line)
    const part = this.parts.at(-1)
    if (part === undefined) return
    if (!inHunk) return this.#head(part, line)
    if (line.startsWith('+')) {
      part.added++
      this.#newLeft--
    } else if (line.startsWith('-')) {
      part.removed++
      this.#oldLeft--
    } else if (!line.startsWith('\\')) {
      this.#oldLeft--
      this.#newLeft--
    }
  }

  #head(part: Part, line: string): void {
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line)
    if (hunk !== null) {
      this.#oldLeft = Number(hunk[1] ?? 1)
      this.#newLeft = Number(hunk[2] ?? 1)
    } else if (line.startsWith('Binary files ')) part.isBinary = true
  }

  #keep(line: string): void {
    const part = this.parts.at(-1)
    if (part === undefined) return
    const room = limits.patchBytesMax - part.text.length
    if (line.length > room) part.isCut = true
    if (room > 0) part.text += line.slice(0, room)
  }
}

/** A file whose lines were not read any more has its place in the patch all the same. */
export function unread(path: string): Part {
  const name = path.replaceAll(/["\\\p{Cc}]/gu, quoted)
  const text = `${begin}"a/${name}" "b/${name}"\n`
  return { text, added: 0, removed: 0, isBinary: false, isCut: true }
}

function quoted(sign: string): string {
  const code = sign.charCodeAt(0)
  if (code >= 0x80) return sign
  return code < 0x20 || code === 0x7f ? `\\${code.toString(8).padStart(3, '0')}` : `\\${sign}`
}

/** All parts in one text of at most `bytesMax`, each with at least its head and a share of what is left. */
export function sharedOut(parts: readonly Part[], bytesMax: number): string {
  const sizes = parts.map((part) => (part.isCut ? Number.MAX_SAFE_INTEGER : written(part.text)))
  const share = shareOf(sizes, bytesMax)
  return parts.map((part) => (fits(part, share) ? part.text : cut(part.text, share))).join('')
}

function fits({ text, isCut }: Part, share: number): boolean {
  return !isCut && written(text) <= share
}

/** The largest size that all may have and still fit together: what short ones leave goes to long ones. */
function shareOf(sizes: readonly number[], bytesMax: number): number {
  let left = bytesMax
  const rising = sizes.toSorted((one, other) => one - other)
  for (const [index, size] of rising.entries()) {
    const share = Math.floor(left / (rising.length - index))
    if (size > share) return share
    left -= size
  }
  return Number.MAX_SAFE_INTEGER
}

/** At the end of a line, so that what is left is still a patch. */
function cut(text: string, share: number): string {
  const room = share - written(marker)
  let kept = text.slice(0, Math.max(0, room))
  while (kept.length > 0 && written(kept) > room)
    kept = kept.slice(0, Math.floor((kept.length * room) / written(kept)) - 1)
  const end = kept.lastIndexOf('\n') + 1
  // A name so long that not even the first line fits: the part is there all the same, in its place.
  return end === 0 ? `${begin}…\n${marker}` : `${kept.slice(0, end)}${marker}`
}

/** Bytes as it is stored. */
function written(text: string): number {
  return utf8Bytes(JSON.stringify(text)) - 2
}
