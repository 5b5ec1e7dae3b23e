import { expect, test } from 'vitest'
import { Tail } from './tail.ts'

function tailOf(...parts: readonly (string | Uint8Array)[]): string {
  const tail = new Tail(40)
  for (const part of parts) tail.push(Buffer.from(part))
  return tail.text
}

test('[R-26] output is plain text: no colours, no line that was written over', () => {
  expect(tailOf('\u001B[31mred\u001B[0m\n', '10%\r50%\r100%\r\ndone\n')).toBe('red\n100%\ndone')
})

test('[R-26] of more output the last whole lines are kept, in bytes', () => {
  expect(tailOf('first line that is long enough\n'.repeat(9), 'last\n')).toBe(
    'first line that is long enough\nlast',
  )
  expect(tailOf('é'.repeat(100))).toBe('é'.repeat(20))
  expect(Buffer.byteLength(tailOf('x'.repeat(1_000_000)))).toBe(40)
})

test('[R-26] a character cut between two pieces is whole', () => {
  const bytes = Buffer.from('né')
  expect(tailOf(bytes.subarray(0, 2), bytes.subarray(2))).toBe('né')
})
