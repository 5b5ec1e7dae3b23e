import { expect, test } from 'vitest'
import { decodeFrame, decodeListFrame } from './frame.ts'

test('[V-16] a frame of a later protocol is skipped, and what is no frame is a broken protocol', () => {
  expect(decodeFrame('{"type":"later"}')).toBe('unknown')
  expect(decodeListFrame('{"type":"later"}')).toBe('unknown')
  for (const text of [
    'not json',
    '[]',
    '{"type":"events","events":[]}',
    '{"type":"events","events":[{"type":"text"}]}',
    '{"type":"caught-up","seq":-1}',
  ]) {
    expect(decodeFrame(text)).toBe('broken')
  }
  expect(decodeListFrame('{"type":"sessions"}')).toBe('broken')
})

test('[V-16] frames of the protocol are read as they are', () => {
  const events = [{ type: 'text', turn: 1, text: 'a', seq: 1, at: 1 }]
  for (const frame of [
    { type: 'events', events },
    { type: 'caught-up', seq: 3 },
    { type: 'end', code: 'going-away', message: 'm', retry: true },
  ]) {
    expect(decodeFrame(JSON.stringify(frame))).toEqual(frame)
  }
  const removed = { type: 'removed', session: 's1' }
  expect(decodeListFrame(JSON.stringify(removed))).toEqual(removed)
})
