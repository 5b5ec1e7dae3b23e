import { expect, test } from 'vitest'
import { optionOfKey } from './option-keys.ts'

test('[W-64] a digit stands for the option of its place, and nothing else does', () => {
  const options = ['yes', 'no'].map((optionId) => ({
    optionId,
    name: optionId,
    kind: 'allow_once' as const,
  }))
  expect(optionOfKey(options, '1')?.optionId).toBe('yes')
  expect(optionOfKey(options, '2')?.optionId).toBe('no')
  for (const key of ['0', '3', 'a', 'Enter', '12'])
    expect(optionOfKey(options, key)).toBeUndefined()
})
