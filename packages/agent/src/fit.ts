/**
 * Makes a value small enough for one event by cutting its longest strings, with a marker that says so.
 *
 * Invariants:
 * - A-5 What was cut says how much is missing; what fits is returned as it is, the same object.
 */
import { utf8Bytes } from '@belay/protocol'

/** Characters each string may keep, tried in turn until the whole fits. */
const budgets = [64 * 1024, 16 * 1024, 4 * 1024, 1024, 200]
/** Entries a list keeps when even short strings are too many. */
const entriesMax = 50

/** @param bytesMax of the value as JSON in UTF-8 */
export function fit<Value extends object>(value: Value, bytesMax: number): Value {
  if (jsonBytes(value) <= bytesMax) return value
  for (const budget of budgets) {
    const smaller = cutStrings(value, budget)
    if (jsonBytes(smaller) <= bytesMax) return smaller
  }
  return cutLists(cutStrings(value, 200))
}

function jsonBytes(value: object): number {
  return utf8Bytes(JSON.stringify(value))
}

/** A copy with every string at most `budget` characters plus its marker. Keys keep their types: only strings shrink. */
function cutStrings<Value>(value: Value, budget: number): Value
function cutStrings(value: unknown, budget: number): unknown {
  if (typeof value === 'string') {
    if (value.length <= budget) return value
    return `${value.slice(0, budget)}\n… [cut by Belay: ${value.length - budget} more characters]`
  }
  if (Array.isArray(value)) return value.map((item) => cutStrings(item, budget))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, cutStrings(item, budget)]),
  )
}

function cutLists<Value>(value: Value): Value
function cutLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((item) => cutLists(item))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).slice(0, entriesMax)
  return Object.fromEntries(entries.map(([key, item]) => [key, cutLists(item)]))
}
