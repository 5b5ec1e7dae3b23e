import { expect, test } from 'vitest'
import { shownPatch } from './patch-text.ts'

const turned = 'a\u202Eb\tc'

test('[W-96] in the head of a part what is in a name is shown and not done', () => {
  const head = `diff --git a/${turned} b/${turned}\n--- a/${turned}\t\n+++ b/${turned}\t\n`
  expect(shownPatch(head)).toBe(
    'diff --git a/a\\u{202e}b\\tc b/a\\u{202e}b\\tc\n--- a/a\\u{202e}b\\tc\n+++ b/a\\u{202e}b\\tc\n',
  )
  const binary = `diff --git a/x b/x\nBinary files a/${turned} and /dev/null differ\n`
  expect(shownPatch(binary)).toContain('Binary files a/a\\u{202e}b\\tc and')
})

test('[W-96] what a file holds is shown as it is, also where it looks like a head', () => {
  const lines = [
    'diff --git a/x b/x',
    '--- a/x',
    '+++ b/x',
    '@@ -1,2 +1,2 @@',
    '--- a\tb',
    '-Binary files a\tb',
    '+++ a\tb',
    '+two\twords',
    '\\ No newline at end of file',
  ]
  const next = ['diff --git a/y b/y', '@@ -1 +1 @@', ' Binary files a\tb', '']
  const patch = [...lines, ...next].join('\n')
  expect(shownPatch(patch)).toBe(patch)
})

test('[W-96] a part that was cut in a hunk ends there, and the next one has a head', () => {
  const patch = `diff --git a/x b/x\n@@ -1,9 +1,9 @@\n-one\n… [cut by Belay: the patch goes on]\ndiff --git a/${turned} b/y\n`
  expect(shownPatch(patch)).toContain('diff --git a/a\\u{202e}b\\tc b/y')
})
