import { structuredPatch } from 'diff'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { patchFiles } from './patch-files.ts'

const patch = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,2 +1,2 @@
 one
-two
+TWO
@@ -40 +40,2 @@ function f() {
 forty
+-- not a header
diff --git a/old.txt b/old.txt
deleted file mode 100644
--- a/old.txt
+++ /dev/null
@@ -1 +0,0 @@
-gone
\\ No newline at end of file
diff --git a/logo.png b/logo.png
Binary files a/logo.png and b/logo.png differ
`

test('[W-39] a patch is read file by file, with its numbers, gaps and what is no text', () => {
  expect(patchFiles(patch)).toEqual([
    {
      path: 'src/a.ts',
      note: undefined,
      lines: [
        { type: 'same', old: 1, new: 1, text: 'one' },
        { type: 'removed', old: 2, text: 'two' },
        { type: 'added', new: 2, text: 'TWO' },
        { type: 'gap', lines: 37 },
        { type: 'same', old: 40, new: 40, text: 'forty' },
        { type: 'added', new: 41, text: '-- not a header' },
      ],
    },
    { path: 'old.txt', note: undefined, lines: [{ type: 'removed', old: 1, text: 'gone' }] },
    { path: 'logo.png', note: 'Not text: no lines to show.', lines: [] },
  ])
})

test('[W-39] a patch that was cut ends where it was cut, and says so', () => {
  const [file] = patchFiles(
    `diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,9 +1,9 @@\n-one\n… [cut by Belay: the patch goes on]\n`,
  )
  expect(file).toEqual({
    path: 'a',
    note: 'The rest of the patch was too long to keep.',
    lines: [{ type: 'removed', old: 1, text: 'one' }],
  })
})

test('[W-39] names in quotes are read as they are', () => {
  const [file] = patchFiles(
    'diff --git "a/f\\303\\274r.txt" "b/f\\303\\274r.txt"\n--- /dev/null\n+++ "b/f\\303\\274r.txt"\n@@ -0,0 +1 @@\n+x\n',
  )
  expect(file?.path).toBe('für.txt')
})

test('[W-39] whatever two texts are, their patch shows every changed line once', () => {
  const text = fc.array(
    fc.constantFrom('a', 'b', '+', '-', '--- a/x', '+++ b/x', '@@ -1 +1 @@', ''),
  )
  fc.assert(
    fc.property(text, text, (before, after) => {
      const body = structuredPatch('x', 'x', lines(before), lines(after))
      const hunks = body.hunks.map(
        (hunk) =>
          `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@\n${hunk.lines.join('\n')}\n`,
      )
      const files = patchFiles(`diff --git a/x b/x\n--- a/x\n+++ b/x\n${hunks.join('')}`)
      const shown = files[0]?.lines ?? []
      expect(files).toHaveLength(1)
      const expected = body.hunks.flatMap((hunk) => hunk.lines)
      expect(shown.filter(({ type }) => type === 'added').map(textOf)).toEqual(
        expected.filter((line) => line.startsWith('+')).map((line) => line.slice(1)),
      )
      expect(shown.filter(({ type }) => type === 'removed').map(textOf)).toEqual(
        expected.filter((line) => line.startsWith('-')).map((line) => line.slice(1)),
      )
    }),
  )
})

function lines(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join('')
}

function textOf(line: { readonly type: string; readonly text?: string }): string | undefined {
  return line.text
}
