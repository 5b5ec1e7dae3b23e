import { expect, test } from 'vitest'
import { parseJson, parseJsonCut } from './json.ts'
import { limits } from './limits.ts'

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const depthMax = limits.jsonLevelsMax

test('[P-50] JSON at the greatest depth is read, one level more is refused, however much more it is', () => {
  expect(JSON.stringify(parseJson(nested(depthMax)))).toBe(nested(depthMax))
  for (const levels of [depthMax + 1, 50_000])
    expect(() => parseJson(nested(levels)), `${levels} levels`).toThrow(
      `nested deeper than ${depthMax} levels`,
    )
  expect(() => parseJson(`{"a":[1,${nested(depthMax)}]}`)).toThrow('nested deeper')
})

test('[P-50] what an agent says is cut where it is too deep, with a marker, and the rest is kept as it is', () => {
  expect(parseJsonCut('{"a":[1,{"b":null}]}')).toEqual({ a: [1, { b: null }] })
  const whole = JSON.stringify(parseJsonCut(`{"kept":"all","deep":${nested(50_000)}}`))
  expect(whole).toContain('"kept":"all"')
  expect(whole).toContain('cut by Belay: nested deeper than')
  expect(() => parseJson(whole), 'what was cut is within the limit').not.toThrow()
})

test('[P-50] what is no JSON is no JSON', () => {
  expect(() => parseJson('{')).toThrow(SyntaxError)
  expect(() => parseJsonCut('{')).toThrow(SyntaxError)
})
