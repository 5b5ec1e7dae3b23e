import { expect, test } from 'vitest'
import { tokenOfHash, tokenOfInput } from './token.ts'

test('[W-5] the token is read out of a fragment, and only out of one that has it', () => {
  expect(tokenOfHash('#token=abc-1')).toBe('abc-1')
  expect(tokenOfHash('#other=abc')).toBeUndefined()
  expect(tokenOfHash('')).toBeUndefined()
})

test('[W-21] a pasted link and a pasted token give the same', () => {
  expect(tokenOfInput(' http://127.0.0.1:4000/#token=abc-1 \n')).toBe('abc-1')
  expect(tokenOfInput('abc-1')).toBe('abc-1')
  expect(tokenOfInput('  ')).toBe('')
})
