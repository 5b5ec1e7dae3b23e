import { expect, test } from 'vitest'
import { diffLines, type DiffLine } from './diff-lines.ts'

function numbered(count: number, from = 1): string {
  return Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join('')
}

/** Both files put together again from the lines that are shown; what a gap or the end left out comes from the old one. */
function rebuilt(lines: readonly DiffLine[], oldText: string) {
  const source = oldText.split('\n').slice(0, -1)
  const before: string[] = []
  const after: string[] = []
  const wrongNumbers: DiffLine[] = []
  for (const line of lines) {
    if (line.type === 'gap') {
      const skipped = source.slice(before.length, before.length + line.lines)
      before.push(...skipped)
      after.push(...skipped)
      continue
    }
    if (line.type !== 'added' && before.push(line.text) !== line.old) wrongNumbers.push(line)
    if (line.type !== 'removed' && after.push(line.text) !== line.new) wrongNumbers.push(line)
  }
  const rest = source.slice(before.length)
  return { old: [...before, ...rest], new: [...after, ...rest], wrongNumbers }
}

test('[W-1] both files can be put together again from the lines shown, and every number is right', () => {
  const oldText = numbered(40)
  const newText = numbered(40)
    .replace('line 3\n', 'changed 3\n')
    .replace('line 20\n', '')
    .replace('line 33\n', 'line 33\nadded a\nadded b\n')
  const diff = diffLines(oldText, newText)
  expect(diff.added).toBe(3)
  expect(diff.removed).toBe(2)
  expect(diff.lines.filter((line) => line.type === 'gap').length).toBeGreaterThan(1)
  const { old, new: now, wrongNumbers } = rebuilt(diff.lines, oldText)
  expect(wrongNumbers).toEqual([])
  expect(`${old.join('\n')}\n`).toBe(oldText)
  expect(`${now.join('\n')}\n`).toBe(newText)
})

test('[W-1] lines that are left out are counted', () => {
  const diff = diffLines(numbered(20), numbered(20).replace('line 10\n', 'ten\n'))
  expect(diff.lines[0]).toEqual({ type: 'gap', lines: 6 })
})

test('[W-1] a new file is all added, an emptied one all removed', () => {
  expect(diffLines(undefined, 'a\nb\n').lines).toEqual([
    { type: 'added', new: 1, text: 'a' },
    { type: 'added', new: 2, text: 'b' },
  ])
  expect(diffLines('a\nb', '').lines).toEqual([
    { type: 'removed', old: 1, text: 'a' },
    { type: 'removed', old: 2, text: 'b' },
  ])
})

test('[W-2] a change too large to compare is shown whole', () => {
  const oldText = numbered(3000)
  const newText = numbered(3000, 10_000)
  const diff = diffLines(oldText, newText)
  expect(diff).toMatchObject({ added: 3000, removed: 3000 })
  expect(diff.lines).toHaveLength(6000)
  expect(diff.lines[3000]).toEqual({ type: 'added', new: 1, text: 'line 10000' })
})
