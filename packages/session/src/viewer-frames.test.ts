import { type SessionState, viewOf } from '@belay/session'
import { createdSession, runningTurn } from '@belay/testing'
import { expect, test } from 'vitest'
import { looksSame } from './viewer-frames.ts'

/** The parts of a state that its view is made of. */
function partsShown(state: SessionState): readonly (string | symbol)[] {
  const read = new Set<string | symbol>()
  const watched = new Proxy(state, {
    get(target, key) {
      read.add(key)
      return Reflect.get(target, key)
    },
  })
  viewOf(watched, 's1')
  return [...read]
}

test('[L-8] a change of any part of a session that viewers are shown is told to them', () => {
  for (const { state } of [createdSession('do it'), runningTurn()]) {
    const parts = partsShown(state)
    expect(parts).toContain('turn')
    expect(looksSame(state, { ...state })).toBe(true)
    for (const part of parts) {
      const other = { ...state, [part]: structuredClone(Reflect.get(state, part)) }
      expect([part, looksSame(state, other)]).toEqual([part, false])
    }
  }
})
