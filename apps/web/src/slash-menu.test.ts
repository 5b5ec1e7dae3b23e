import { expect, test } from 'vitest'
import { chosenCommand, slashCommands } from './slash-menu.ts'

const commands = ['init', 'review', 'review-branch', 'compact', 'preview'].map((name) => ({
  name,
  description: `What ${name} does`,
}))
const names = (text: string) => slashCommands(text, commands).map(({ name }) => name)

test('[W-68] commands are offered while the name is typed, the fitting ones first, and not after it', () => {
  expect(names('/')).toHaveLength(5)
  expect(names('/rev')).toEqual(['review', 'review-branch', 'preview'])
  expect(names('/REVIEW-')).toEqual(['review-branch'])
  for (const text of ['', 'rev', 'a /rev', '/review now', '/zzz']) expect(names(text)).toEqual([])
  expect(chosenCommand({ name: 'review', description: '' })).toBe('/review ')
})
