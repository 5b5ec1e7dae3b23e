import { expect, test } from 'vitest'
import { languageOf, plainLines } from './code-tokens.ts'
import { highlight } from './highlight.ts'

const source = 'const words = `one\n  two`\n\n// end'

test('[W-63] coloured code is the code: no character more or less, line by line', () => {
  for (const language of ['ts', 'python', 'sh', 'html', 'json', 'mts']) {
    const lines = highlight(source, language)
    expect(lines?.map((line) => line.map(({ text }) => text).join(''))).toEqual(source.split('\n'))
  }
  expect(plainLines(source).map((line) => line.map(({ text }) => text).join(''))).toEqual(
    source.split('\n'),
  )
})

test('[W-63] a piece that goes over lines keeps its colour on each', () => {
  const [first, second] = highlight(source, 'ts') ?? []
  expect(first?.at(-1)).toEqual({ text: '`one', kind: 'hljs-string' })
  expect(second).toEqual([{ text: '  two`', kind: 'hljs-string' }])
})

test('[W-63] an unknown language has no colours, and a path tells its own', () => {
  expect(highlight(source, 'klingon')).toBeUndefined()
  expect(languageOf('/a.b/src/view.tsx')).toBe('tsx')
  expect(languageOf('C:\\work\\Makefile')).toBe('makefile')
})
