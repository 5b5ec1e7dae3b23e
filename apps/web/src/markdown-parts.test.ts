import { expect, test } from 'vitest'
import { markdownParts } from './markdown-parts.ts'

const paragraph = `${'Words and more words. '.repeat(20)}\n\n`
const long = paragraph.repeat(30)

test('[W-29] the parts are the text, and a long one has several', () => {
  const parts = markdownParts(long)
  expect(parts.join('')).toBe(long)
  expect(parts.length).toBeGreaterThan(3)
  expect(markdownParts('short')).toEqual(['short'])
})

test('[W-29] what was cut off stays as it is while more is written', () => {
  const whole = markdownParts(long)
  for (let length = 5000; length < long.length; length += 777) {
    const settled = markdownParts(long.slice(0, length)).slice(0, -1)
    expect(whole.slice(0, settled.length)).toEqual(settled)
  }
})

test('[W-29] fences, lists and tables are never cut', () => {
  for (const block of ['```ts\n\nLine of code\n\n', '~~~~\n\n```\n\nLine\n\n']) {
    const open = `${block}${paragraph.repeat(20)}`
    expect(markdownParts(open)).toEqual([open])
  }
  const list = `- item\n\n  more of the item\n\n1. one\n\n| a | b |\n\n> quote\n\n`.repeat(200)
  expect(markdownParts(list)).toEqual([list])
})
