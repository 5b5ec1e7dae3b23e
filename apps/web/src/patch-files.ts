/**
 * A unified patch as `git diff` writes it, file by file and line by line. Pure, and patient: a patch that was cut ends
 * where it was cut, and what is no text is said in words.
 *
 * Invariants:
 * - W-39 Every line that a patch adds or removes is shown once, with its number, under its own file.
 * - W-93 The name of a file is that of the list of files; where there is none it is read from the patch, whatever Git
 *   quotes in it.
 */
import type { DiffLine } from './diff-lines.ts'
import { hunkOf, patchLines } from './patch-lines.ts'
import { nameOfHead, nameOfSide } from './patch-name.ts'

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
  /** What is said when there are no lines. */
  hint: string | undefined
  old: number
  new: number
}

/**
 * @param files what the patch is of, where that is known: its parts are of these, in their order
 * @returns of each of `files` its part, and behind them what belongs to none; without `files` each part in its order
 */
export function patchFiles(
  patch: string,
  files?: readonly { readonly path: string }[],
): readonly PatchFile[] {
  const parts = partsOf(patch)
  if (files === undefined) return parts
  // Another number of parts comes from what became something else, which is two, or from an older log, whose patch was cut
  // as a whole: only the names tell then whose each is.
  const byPlace = parts.length === files.length
  const left = new Set(parts)
  const found = files.map(({ path }, index) => {
    const own = byPlace ? parts.slice(index, index + 1) : parts.filter((part) => part.path === path)
    for (const part of own) left.delete(part)
    return joined(path, own)
  })
  return [...found, ...left]
}

/** A link that became a file is two parts: one that removes and one that adds. */
function joined(path: string, parts: readonly PatchFile[]): PatchFile {
  const [first, ...others] = parts
  if (first === undefined) return { path, lines: [], note: 'Its lines were too long to keep.' }
  return others.reduce<PatchFile>(
    (whole, part) => ({
      path,
      lines: [...whole.lines, ...part.lines],
      note: whole.note ?? part.note,
    }),
    { ...first, path },
  )
}

function partsOf(patch: string): readonly PatchFile[] {
  const files: Reading[] = []
  let file: Reading | undefined
  for (const { at, line } of patchLines(patch)) {
    if (at === 'head' && line.startsWith(head)) {
      file = begin(nameOfHead(line.slice(head.length)))
      files.push(file)
    } else if (file !== undefined) (at === 'hunk' ? readLine : readHead)(file, line)
  }
  return files.map(({ path, lines, note, hint }) => ({
    path,
    lines,
    note: note ?? (lines.length === 0 ? hint : undefined),
  }))
}

const head = 'diff --git '

function begin(path: string): Reading {
  return { path, lines: [], note: undefined, hint: undefined, old: 1, new: 1 }
}

function readLine(file: Reading, line: string): void {
  const text = line.slice(1)
  if (line.startsWith('+')) file.lines.push({ type: 'added', new: file.new++, text })
  else if (line.startsWith('-')) file.lines.push({ type: 'removed', old: file.old++, text })
  else if (line.startsWith(' '))
    file.lines.push({ type: 'same', old: file.old++, new: file.new++, text })
}

function readHead(file: Reading, line: string): void {
  const hunk = hunkOf(line)
  if (hunk !== undefined) {
    const skipped = hunk.old - file.old
    if (skipped > 0) file.lines.push({ type: 'gap', lines: skipped })
    file.old = hunk.old
    file.new = hunk.new
  } else if (line.startsWith('--- ') || line.startsWith('+++ '))
    file.path = nameOfSide(line.slice(4)) ?? file.path
  else if (line.startsWith('new file mode ') || line.startsWith('deleted file mode '))
    file.hint = 'An empty file.'
  else if (line.startsWith('new mode ')) file.hint = `Only its mode changed: ${line.slice(4)}.`
  else if (line.startsWith('Binary files ')) file.note = 'Not text: no lines to show.'
  else if (line.startsWith('… [cut by Belay'))
    file.note = 'The rest of the patch was too long to keep.'
}
