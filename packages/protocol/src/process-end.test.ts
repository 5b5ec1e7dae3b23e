import { expect, test } from 'vitest'
import { howEnded } from './process-end.ts'

test.each([
  [{ signal: 'SIGKILL' }, 'was killed (SIGKILL), from outside or for lack of memory'],
  [{ signal: 'SIGTERM' }, 'was ended from outside (SIGTERM)'],
  [{ signal: 'SIGSEGV' }, 'crashed (SIGSEGV: segmentation fault)'],
  [{ signal: 'SIGUSR2' }, 'was ended by SIGUSR2'],
  [{ code: 3 }, 'stopped by itself (exit code 3)'],
  [{ code: 0 }, 'ended by itself'],
  [{}, 'is gone'],
])('[P-60] %j is told as what it is: who was killed did not stop by themselves', (end, words) => {
  expect(howEnded(end)).toBe(words)
})
