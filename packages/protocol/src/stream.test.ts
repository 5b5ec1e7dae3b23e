import { expect, test } from 'vitest'
import { closeReason } from './stream.ts'

test.each<[string, string]>([
  ['short', 'gone'],
  ['of one byte a character', 'x'.repeat(500)],
  ['of two', 'é'.repeat(500)],
  ['of three', '漢'.repeat(500)],
  ['of four', '🙂'.repeat(500)],
  ['of half pairs', '\uD83D'.repeat(500)],
])(
  '[P-18] a reason that is %s fits a close frame, and is cut between characters',
  (_name, sentence) => {
    const reason = closeReason(sentence)
    const bytes = new TextEncoder().encode(reason).length
    expect(sentence.startsWith(reason)).toBe(true)
    expect(bytes).toBeLessThanOrEqual(123)
    // Not one character more would have fitted.
    expect(reason === sentence || bytes > 123 - 4).toBe(true)
  },
)
