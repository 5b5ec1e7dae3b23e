import { expect, test } from 'vitest'
import { seededRandom, seedFromEnv, seedLine } from './random.ts'

test('[T-1] the same seed gives the same numbers, and another seed others', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 20 }, () => random.integer(0, 1_000_000))
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  // These are promised for ever: stories in the log name their seeds.
  expect(draw(7).slice(0, 3)).toEqual([11_704, 61_958, 976_908])
})

test('[T-1] every number of a range comes, and none outside it', () => {
  const random = seededRandom(1)
  const drawn = new Set(Array.from({ length: 1000 }, () => random.integer(-2, 3)))
  expect([...drawn].toSorted((left, right) => left - right)).toEqual([-2, -1, 0, 1, 2, 3])
})

test('[T-1] picking and shuffling keep to the items', () => {
  const random = seededRandom(2)
  const items = ['a', 'b', 'c', 'd', 'e', 'f']
  expect(random.shuffle(items).toSorted()).toEqual(items)
  expect(random.shuffle(items)).not.toEqual(random.shuffle(items))
  expect(new Set(Array.from({ length: 200 }, () => random.pick(items))).size).toBe(6)
  expect(() => random.pick([])).toThrow('nothing to pick')
  const heads = Array.from({ length: 1000 }, () => random.chance(0.25)).filter(Boolean).length
  expect(heads).toBeGreaterThan(150)
  expect(heads).toBeLessThan(350)
})

test('[T-1] a seed that was asked for is taken or refused, never replaced', () => {
  expect(seedFromEnv({ BELAY_SEED: '42' }, 7)).toBe(42)
  expect(seedFromEnv({}, 7)).toBe(7)
  expect(seedFromEnv({}, 1_795_000_000_000)).toBeLessThan(2 ** 32)
  for (const bad of ['x', '-1', '1.5', '4294967296']) {
    expect(() => seedFromEnv({ BELAY_SEED: bad }, 7)).toThrow('BELAY_SEED')
  }
  expect(() => seededRandom(-1)).toThrow('a seed is')
  expect(seedLine('kills', 42)).toContain('BELAY_SEED=42')
})
