import { expect, test } from 'vitest'
import { readSeen, SeenTurns, withSeen } from './seen.ts'

function shelf() {
  const kept = new Map<string, string>()
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

test('[W-35] what was seen stays seen, also when another tab has written since', () => {
  const kept = shelf()
  const [one, other] = [new SeenTurns(kept), new SeenTurns(kept)]
  one.see('a', 3)
  other.see('b', 1)
  one.see('a', 2)
  expect(new SeenTurns(kept).turns.value).toEqual({ a: 3, b: 1 })
})

test('[W-35] what cannot be read counts as nothing seen', () => {
  expect(readSeen('{"a":"x","b":2}')).toEqual({ b: 2 })
  expect(readSeen('[')).toEqual({})
  expect(readSeen(null)).toEqual({})
})

test('[W-35] of very many sessions those seen longest ago are forgotten', () => {
  let seen = {}
  for (let n = 0; n < 2100; n++) seen = withSeen(seen, `s${n}`, 1)
  expect(Object.keys(seen)).toHaveLength(2000)
  expect(seen).toHaveProperty('s2099')
  expect(seen).not.toHaveProperty('s99')
})
