import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadlines } from '@belay/protocol'
import { expect, test } from 'vitest'
import { deadlinesOf } from './commands/up.ts'

const manual = readFileSync(join(import.meta.dirname, '../../../../docs/settings.md'), 'utf8')

test('[K-23] the manual has every deadline with its default, and no other', () => {
  const rows = [...manual.matchAll(/^\| `(\w+Ms)` +\| +(\d+) \| (\S+) (s|min|h|days) +\|/gm)]
  const told = rows.map(([, name, ms]) => [name, Number(ms)])
  expect(told).toEqual(Object.entries(deadlines))
  const units: Readonly<Record<string, number>> = {
    s: 1000,
    min: 60_000,
    h: 3_600_000,
    days: 86_400_000,
  }
  for (const [, name, ms, count, unit] of rows)
    expect([name, Number(ms)]).toEqual([name, Number(count) * (units[unit ?? ''] ?? 0)])
})

test('[K-23] any deadline can be set by its name in milliseconds, and nothing else', () => {
  const all = Object.keys(deadlines).map((name, index) => `${name}=${index + 1}`)
  expect(Object.values(deadlinesOf(all))).toEqual(all.map((_, index) => index + 1))
  for (const wrong of ['graceMs', 'graceMs=0', 'graceMs=1.5', 'grace=5', 'toString=5', '=5'])
    expect(() => deadlinesOf([wrong])).toThrow('--deadline takes')
})
