import { expect, test } from 'vitest'
import { shortPath, toolParts } from './tool-content.ts'

test('[W-19] texts and changes are shown as such, and a fence around plain output is not part of it', () => {
  const parts = toolParts([
    { type: 'content', content: { type: 'text', text: '```console\n$ ls\na\n```' } },
    { type: 'diff', path: '/a', oldText: null, newText: 'x' },
    { type: 'diff', path: '/b', oldText: 'y', newText: 'x' },
  ])
  expect(parts).toEqual([
    { type: 'text', text: '$ ls\na' },
    { type: 'diff', path: '/a', oldText: undefined, newText: 'x' },
    { type: 'diff', path: '/b', oldText: 'y', newText: 'x' },
  ])
})

test('[W-19] what is not known is shown as it is', () => {
  const parts = toolParts([
    { type: 'terminal', terminalId: 't1' },
    { type: 'content', content: { type: 'image', data: '…' } },
    { type: 'diff' },
  ])
  expect(parts.map(({ type }) => type)).toEqual(['json', 'json', 'json'])
  expect(parts[0]).toMatchObject({ text: expect.stringContaining('t1') })
})

test('[W-20] paths inside the folder are short, others whole', () => {
  expect(shortPath('/home/me/project/src/a.ts', '/home/me/project')).toBe('src/a.ts')
  expect(shortPath('/home/me/project-2/a.ts', '/home/me/project')).toBe('/home/me/project-2/a.ts')
  expect(shortPath('C:\\work\\a.ts', 'C:\\work')).toBe('a.ts')
  expect(shortPath('/a.ts', undefined)).toBe('/a.ts')
})
