import { expect, test } from 'vitest'
import { assert, unreachable } from './assert.ts'

test('[H-33] a broken invariant is thrown with its sentence, a kept one is silent', () => {
  expect(() => assert(0, 'a count is above 0')).toThrow('invariant broken: a count is above 0')
  expect(() => assert('x', 'a name is not empty')).not.toThrow()
})

test('[H-33] a case that cannot be is thrown with its value', () => {
  const check = (parsed: never): void => unreachable(parsed)
  expect(() => Reflect.apply(check, undefined, [{ type: 'new' }])).toThrow(
    'invariant broken: unexpected {"type":"new"}',
  )
})
