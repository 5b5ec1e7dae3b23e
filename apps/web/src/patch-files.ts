/**
 * A unified patch as `git diff` writes it, file by file and line by line. Pure, and patient: a patch that was cut ends
 * where it was cut, and what is no text is said in words.
 *
 * Invariants:
 * - W-39 Every line that a patch adds or removes is shown once, with its number, under its own file.
 */
import type { DiffLine } from './diff-lines.ts'

export interface PatchFile {
  readonly path: string
  readonly lines: readonly DiffLine[]
  /** Why there are no lines, or not all: a binary file, a patch that was cut. */
  readonly note: string | undefined
}

interface Reading {
  path: string
  lines: DiffLine[]
  note: string | undefined
  old: number
  new: number
  /** Lines of the present hunk that are still to come; both 0 outside of hunks. */
  oldLeft: number
  newLeft: number
}

export function patchFiles(patch: string): readonly PatchFile[] {
  const files: Reading[] = []
  let file: Reading | undefined
  for (const line of patch.split('\n')) {
    if (file !== undefined && (file.oldLeft > 0 || file.newLeft > 0) && readLine(file, line))
      continue
    if (line.startsWith('diff --git ')) {
      file = begin(pathOfHead(line))
      files.push(file)
    } else if (file !== undefined) readHead(file, line)
  }
  return files.map(({ path, lines, note }) => ({ path, lines, note }))
}

function begin(path: string): Reading {
  return { path, lines: [], note: undefined, old: 1, new: 1, oldLeft: 0, newLeft: 0 }
}

/** @returns whether it was a line of the hunk */
function readLine(file: Reading, line: string): boolean {
  const text = line.slice(1)
  if (line.startsWith('+')) {
    file.lines.push({ type: 'added', new: file.new++, text })
    file.newLeft--
  } else if (line.startsWith('-')) {
    file.lines.push({ type: 'removed', old: file.old++, text })
    file.oldLeft--
  } else if (line.startsWith(' ')) {
    file.lines.push({ type: 'same', old: file.old++, new: file.new++, text })
    file.oldLeft--
    file.newLeft--
  } else if (!line.startsWith('\\')) {
    file.oldLeft = 0
    file.newLeft = 0
    return false
  }
  return true
}

function readHead(file: Reading, line: string): void {
  const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line)
  if (hunk !== null) {
    const [, old, oldCount = '1', next, newCount = '1'] = hunk
    const skipped = Number(old) - file.old
    if (skipped > 0) file.lines.push({ type: 'gap', lines: skipped })
    file.old = Number(old)
    file.new = Number(next)
    file.oldLeft = Number(oldCount)
    file.newLeft = Number(newCount)
  } else if (line.startsWith('+++ b/')) file.path = unquoted(line.slice(4)).slice(2)
  else if (line.startsWith('--- a/')) file.path = unquoted(line.slice(4)).slice(2)
  else if (line.startsWith('+++ "b/')) file.path = unquoted(line.slice(4)).slice(2)
  else if (line.startsWith('Binary files ')) file.note = 'Not text: no lines to show.'
  else if (line.startsWith('… [cut by Belay'))
    file.note = 'The rest of the patch was too long to keep.'
}

/** Only when nothing better follows: a name with " b/" in it cannot be told apart here. */
function pathOfHead(line: string): string {
  return /^diff --git "?a\/.+ "?b\/(.+?)"?$/.exec(line)?.[1] ?? line.slice('diff --git '.length)
}

/** Git writes a name with other than plain characters in quotes, its bytes as octal numbers. */
function unquoted(name: string): string {
  const inside = /^"(.*)"$/.exec(name.replace(/\t$/, ''))?.[1]
  if (inside === undefined) return name.replace(/\t$/, '')
  const bytes: number[] = []
  const encoder = new TextEncoder()
  for (const [part] of inside.matchAll(/\\[0-7]{3}|\\.|[^\\]+/g)) {
    if (/^\\[0-7]{3}$/.test(part)) bytes.push(Number.parseInt(part.slice(1), 8))
    else
      bytes.push(...encoder.encode(part.startsWith('\\') ? (escapes[part] ?? part.slice(1)) : part))
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}

const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\r': '\r' }
