import { expect, test } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'

test('[H-35] an input that comes in the middle of another waits for its end, and is taken before the call returns', () => {
  const told: string[] = []
  const feed = oneAtATime((input: string) => {
    told.push(`${input} begins`)
    if (input === 'a') for (const next of ['b', 'c']) feed(next)
    if (input === 'b') feed('d')
    told.push(`${input} ends`)
  })
  feed('a')
  expect(told).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  feed('e')
  expect(told.slice(-2)).toEqual(['e begins', 'e ends'])
})

test('[H-35] nothing is taken after a bug', () => {
  const taken: number[] = []
  const feed = oneAtATime((input: number) => {
    if (input < 0) throw new Error('a bug')
    taken.push(input)
  })
  feed(1)
  expect(() => feed(-1)).toThrow('a bug')
  feed(2)
  expect(taken).toEqual([1])
})
