import { expect, test } from 'vitest'
import { needlesOf, redact } from './redact.ts'

test('[A-83] each line of a secret is taken out, and a key after a word, wherever they stand', () => {
  const needles = needlesOf(['Bearer sk-0123456789abcdef', 'first line\nsecond line\n', 'abc'])
  const said = 'key sk-0123456789abcdef (Bearer sk-0123456789abcdef), then second line; abc, bearer'
  expect(redact(said, needles)).toBe('key [secret] ([secret]), then [secret]; abc, bearer')
})

test('[A-83] a secret that begins another one leaves nothing of it', () => {
  const needles = needlesOf(['key-0123', 'key-0123-and-more'])
  expect(redact('key-0123-and-more key-0123', needles)).toBe('[secret] [secret]')
  expect(needlesOf([])).toEqual([])
})
