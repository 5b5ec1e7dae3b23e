import { expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const stop = 'Too many people ask.'

test.each([
  ['its words in what it adds', 'Internal error', { message: stop, kind: 'other' }, stop],
  ['them as all it adds', 'Internal error', stop, stop],
  ['a message of its own beside them', 'Model failed', { message: stop }, `Model failed: ${stop}`],
  ['no words', 'Internal error', { kind: 3 }, 'Internal error ({"kind":3})'],
  ['nothing', 'Internal error', undefined, 'Internal error'],
])('[A-140] an error of an agent that has %s is told in its words', (_, message, data, told) => {
  expect(refusalOf({ code: -32603, message, data }, [])).toEqual({
    failure: { code: 'agent-error', message: told },
  })
})
