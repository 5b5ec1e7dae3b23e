/**
 * JSON that comes from outside. `JSON.parse` takes any depth, and whatever walks the value afterwards does not: a hundred
 * kilobytes of brackets would end the process that is only asked to write them down again.
 *
 * Invariants:
 * - P-50 Nothing that is nested deeper than `jsonLevelsMax` comes in: what has a sender that can be told is refused, what an
 *   agent says is cut there, with a marker.
 */
import { limits } from './limits.ts'

/** @throws SyntaxError for what is no JSON, or is nested deeper than `jsonLevelsMax` */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (isDeeper(value, limits.jsonLevelsMax))
    throw new SyntaxError(`it is nested deeper than ${limits.jsonLevelsMax} levels`)
  return value
}

/** What an agent said, without what is nested too deeply. @throws SyntaxError for what is no JSON */
export function parseJsonCut(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return isDeeper(value, limits.jsonLevelsMax) ? cut(value, limits.jsonLevelsMax) : value
}

/** Whether a value has more than `levels` lists and objects inside each other. It goes no deeper than that itself. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const item of Array.isArray(value) ? value : Object.values(value))
    if (isDeeper(item, levels - 1)) return true
  return false
}

function cut(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return `… [cut by Belay: nested deeper than ${limits.jsonLevelsMax} levels]`
  if (Array.isArray(value)) return value.map((item) => cut(item, levels - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, cut(item, levels - 1)]),
  )
}
