import { expect, test } from 'vitest'
import { unread } from './patch.ts'

test('[R-39] a file whose lines were not read has its part, named as Git names it', () => {
  expect(unread('src/a b.ts').text).toBe('diff --git "a/src/a b.ts" "b/src/a b.ts"\n')
  expect(unread('q"\\\n\u0007ü').text).toBe(
    'diff --git "a/q\\"\\\\\\012\\007ü" "b/q\\"\\\\\\012\\007ü"\n',
  )
  expect(unread('a').isCut).toBe(true)
})
