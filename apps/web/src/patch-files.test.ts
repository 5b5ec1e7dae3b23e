import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@belay/testing/node'
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

test('[W-93] a name is read from what Git quotes, wherever only its head tells it', () => {
  const names = [
    'für "x" b/y.txt',
    'tab\there',
    'new\nline',
    'back\\slash',
    'a b/a',
    '\u0007\u0001 ',
  ]
  const quoted = (side: string, name: string) => `"${side}/${cQuoted(name)}"`
  for (const name of names) {
    const head = `diff --git ${quoted('a', name)} ${quoted('b', name)}`
    const shown = (...rest: readonly string[]) => patchFiles([head, ...rest].join('\n'))[0]?.path
    expect(shown('Binary files differ')).toBe(name)
    expect(shown('old mode 100644', 'new mode 100755')).toBe(name)
    const hunk = ['@@ -1 +0,0 @@', '-x']
    expect(shown(`--- ${quoted('a', name)}`, '+++ /dev/null', ...hunk)).toBe(name)
    expect(shown('--- /dev/null', `+++ ${quoted('b', name)}`, '@@ -0,0 +1 @@', '+x')).toBe(name)
  }
  // Without quotes a name can still hold what looks like the second one.
  for (const name of ['x b/y', 'a', ' b/ b/', 'a b/b'])
    expect(patchFiles(`diff --git a/${name} b/${name}\nnew file mode 100644\n`)[0]).toEqual({
      path: name,
      lines: [],
      note: 'An empty file.',
    })
  // As the list of files writes bytes that are no UTF-8.
  expect(patchFiles('diff --git "a/\\377x\\303\\274" "b/\\377x\\303\\274"\n')[0]?.path).toBe(
    '\\xFFxü',
  )
})

test('[W-93] real patches of names that Git quotes are shown under those names', () => {
  const folder = temporaryFolder('quoted-names')
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args]).toString()
  git('init', '--quiet')
  git('config', 'user.email', 'a@example.org')
  git('config', 'user.name', 'A')
  const put = (name: string, bytes: Buffer | string) => writeFileSync(join(folder, name), bytes)
  mkdirSync(join(folder, 'x b'))
  for (const name of ['q"1', 'tab\t1', 'line\n1', 'b\\1', 'für', 'x b/y', 'mode "m"'])
    put(name, 'x\n')
  put('bin"', Buffer.from([0, 1]))
  git('add', '--all')
  git('commit', '--quiet', '-m', 'a')
  for (const name of ['q"1', 'tab\t1', 'für']) rmSync(join(folder, name))
  put('line\n1', 'y\n')
  put('bin"', Buffer.from([0, 2]))
  put('b\\1', '')
  put('empty "e"', '')
  put('x b/y', '')
  chmodSync(join(folder, 'mode "m"'), 0o755)
  git('add', '--all')
  const changed = git('diff', '--cached', '--name-only', '-z').split('\0').slice(0, -1)
  expect(changed).toHaveLength(9)
  for (const quoting of ['true', 'false']) {
    const whole = git('-c', `core.quotePath=${quoting}`, 'diff', '--cached', '--no-renames')
    const parts = patchFiles(whole)
    expect(parts.map(({ path }) => path)).toEqual(changed)
    expect(
      patchFiles(
        whole,
        changed.map((path) => ({ path })),
      ),
    ).toEqual(parts)
    expect(parts.every((part) => part.lines.length > 0 || part.note !== undefined)).toBe(true)
  }
})

test('[W-93] the list of files names the parts, one for each in its order, also what is no UTF-8', () => {
  const part = (line: string) =>
    `diff --git "a/\\377" "b/\\377"\n--- /dev/null\n+++ "b/\\377"\n@@ -0,0 +1,9 @@\n+${line}\n`
  const cut = '… [cut by Belay: the patch goes on]\n'
  const files = [{ path: '\\xFF' }, { path: '\\xFE' }]
  const shown = patchFiles(`${part('one')}${cut}${part('two')}`, files)
  expect(shown.map((one) => [one.path, one.lines, one.note])).toEqual([
    [
      '\\xFF',
      [{ type: 'added', new: 1, text: 'one' }],
      'The rest of the patch was too long to keep.',
    ],
    ['\\xFE', [{ type: 'added', new: 1, text: 'two' }], undefined],
  ])
})

test('[W-93] a patch with fewer parts than files, as older logs have them, is told apart by names', () => {
  const part = (name: string) =>
    `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-${name}\n+x\n`
  const shown = patchFiles(`${part('b')}${part('z')}`, [
    { path: 'a' },
    { path: 'b' },
    { path: 'c' },
  ])
  expect(shown.map((one) => [one.path, one.lines.length, one.note])).toEqual([
    ['a', 0, 'Its lines were too long to keep.'],
    ['b', 2, undefined],
    ['c', 0, 'Its lines were too long to keep.'],
    // Nothing of a patch is dropped.
    ['z', 2, undefined],
  ])
})

/** As Git writes a name in quotes. */
function cQuoted(name: string): string {
  const letters: Readonly<Record<string, string>> = {
    '\u0007': '\\a',
    '\t': '\\t',
    '\n': '\\n',
    '"': '\\"',
    '\\': '\\\\',
  }
  return [...new TextEncoder().encode(name)]
    .map((byte) => {
      const sign = String.fromCodePoint(byte)
      const plain = byte >= 0x20 && byte < 0x7f ? sign : `\\${byte.toString(8).padStart(3, '0')}`
      return letters[sign] ?? plain
    })
    .join('')
}

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
