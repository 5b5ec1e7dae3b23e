import { expect, test } from 'vitest'
import { ansiParts } from './ansi.ts'
import { lastLines } from './last-lines.ts'

const esc = '\u001b'
const shown = (text: string) =>
  ansiParts(text)
    .map((part) => part.text)
    .join('')

test('[W-60] colours become names, and the text stays the text', () => {
  expect(ansiParts(`ok ${esc}[31;1mfailed${esc}[0m <b>`)).toEqual([
    { text: 'ok ', look: '' },
    { text: 'failed', look: 'ansi-red bold' },
    { text: ' <b>', look: '' },
  ])
  expect(ansiParts(`${esc}[42mgreen`)).toEqual([{ text: 'green', look: 'ansi-green-bg' }])
})

test('[W-60] what moves a cursor, names a window or rings is not shown', () => {
  expect(
    shown(`${esc}]0;title\u0007a${esc}[2Kb${esc}[10;4Hc\u0007${esc}]8;;http://x${esc}\\d`),
  ).toBe('abcd')
})

test('[W-60] of a line that was written again and again the last state is read', () => {
  expect(shown('10%\r50%\r100%\r\ndone\r\n')).toBe('100%\ndone\n')
})

test('[W-60] the end of a long output is shown first, and how much is before it', () => {
  expect(lastLines('a\nb\nc', 2)).toEqual({ tail: 'b\nc', before: 1 })
  expect(lastLines('a\nb', 2)).toEqual({ tail: 'a\nb', before: 0 })
})
