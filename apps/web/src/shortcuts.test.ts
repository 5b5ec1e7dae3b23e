import { expect, test } from 'vitest'
import { keyStep, shortcuts } from './shortcuts.ts'

function typed(keys: readonly string[]) {
  let pending: string | undefined
  const actions: string[] = []
  for (const key of keys) {
    const step = keyStep(pending, key)
    pending = step.pending
    if (step.action !== undefined) actions.push(step.action)
  }
  return actions
}

test('[W-38] every word of the table is reached by its own keys', () => {
  for (const { keys, action } of shortcuts) expect(typed(keys)).toEqual([action])
  const words = shortcuts.map(({ keys }) => keys.join(' '))
  expect(new Set(words).size).toBe(words.length)
})

test('[W-38] a key that ends no word begins anew', () => {
  expect(typed(['g', 'x', 'c'])).toEqual(['new-session'])
  expect(typed(['g', 'g', 'l'])).toEqual(['go-list'])
  expect(typed(['x', 'y'])).toEqual([])
})
