import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSpool, readSpool, type Spool } from './spool.ts'
import { heldReports } from './testing/held-reports.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-spool-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const small = { bytesMax: 2000, rotateBytes: 500 }
function spool(generation = 1): Spool {
  const made = createSpool(folder, generation, small)
  if (made === undefined) throw new Error('spent')
  return made
}
const json = (value: number) => JSON.stringify({ value, pad: '€'.repeat(value % 7) })

test('[R-11] numbers are dense, and any part is read back as it was written', () => {
  const one = spool()
  one.append([json(1), json(2)])
  one.append([])
  one.append([json(3)])
  expect(one.last).toBe(3)
  expect(one.read(1, 10_000)).toEqual([
    { n: 2, json: json(2) },
    { n: 3, json: json(3) },
  ])
  expect(one.read(0, 1)).toHaveLength(1)
  expect(one.read(3, 1000)).toEqual([])
})

async function numbers(...of: Parameters<typeof readSpool>): Promise<number[]> {
  return (await heldReports(...of)).map(({ n }) => n)
}

test('[R-11] a reader stops at a torn line, and knows nothing of a spool that is not there', async () => {
  spool().append([json(1), json(2)])
  appendFileSync(join(folder, 'spool-1.log'), '3 {"value":')
  expect(await numbers(folder, 1, 0)).toEqual([1, 2])
  expect(await numbers(folder, 1, 1)).toEqual([2])
  expect(await numbers(folder, 2, 0)).toEqual([])
  writeFileSync(join(folder, 'spool-3.log'), '1 {"a":1}\n3 {"a":1}\n')
  expect(await numbers(folder, 3, 0)).toEqual([1])
})

test('[R-12] it is full above its limit, roomy below half of it, and takes facts even when it is full', () => {
  const one = spool()
  while (!one.full) one.append([json(6)])
  const { last } = one
  one.append([json(1)])
  expect(one.last).toBe(last + 1)
  one.acknowledge(1)
  expect(one.roomy).toBe(false)
  one.acknowledge(last)
  expect(one.roomy).toBe(true)
})

test('[R-12] what was acknowledged is let go, so the file stays small for ever', async () => {
  const one = spool()
  let largest = 0
  for (let round = 1; round <= 5000; round++) {
    one.append([json(round)])
    if (round % 3 === 0) one.acknowledge(round - 2)
    largest = Math.max(largest, statSync(join(folder, 'spool-1.log')).size)
  }
  expect(largest).toBeLessThan(60_000)
  expect(await numbers(folder, 1, 4998)).toEqual([4999, 5000])
})

interface Act {
  readonly type: 'append' | 'acknowledge' | 'read'
  /** Of what there is, from 0 to 1. */
  readonly part: number
  readonly size: number
}

/** Does one act to the spool. @returns what was read and what should have been, when it was a reading */
function perform(one: Spool, jsons: string[], { type, part, size }: Act) {
  const chosen = one.acked + Math.floor(part * (one.last - one.acked + 0.999))
  if (type === 'append') {
    const more = Array.from({ length: size }, (_, index) => json(jsons.length + index))
    jsons.push(...more)
    one.append(more)
  }
  if (type === 'acknowledge') one.acknowledge(chosen)
  if (type !== 'read') return { read: [], wanted: [], some: false, wantedSome: false }
  const read = one.read(chosen, size * 10)
  const wanted = jsons
    .slice(chosen, chosen + read.length)
    .map((value, index) => ({ n: chosen + index + 1, json: value }))
  return { read, wanted, some: read.length > 0, wantedSome: chosen < one.last }
}

test('[R-10] [R-11] whatever is appended, read and acknowledged in any order, the file holds all that was not acknowledged', async () => {
  const act = fc.record({
    type: fc.constantFrom<Act['type']>('append', 'append', 'acknowledge', 'read'),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    size: fc.integer({ min: 1, max: 400 }),
  })
  let generation = 0
  let rotated = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), async (acts) => {
      const one = spool(++generation)
      const jsons: string[] = []
      for (const { read, wanted, some, wantedSome } of acts.map((each) =>
        perform(one, jsons, each),
      )) {
        expect(read).toEqual(wanted)
        expect(some).toBe(wantedSome)
      }
      const held = await heldReports(folder, generation, one.acked)
      expect(held.map((report) => report.json)).toEqual(jsons.slice(one.acked))
      const written = jsons.reduce(
        (bytes, line, index) => bytes + Buffer.byteLength(`${index + 1} ${line}\n`),
        0,
      )
      if (statSync(join(folder, `spool-${generation}.log`)).size < written) rotated += 1
    }),
    { numRuns: 60 },
  )
  expect(rotated).toBeGreaterThan(0)
})

test('[R-21] a generation has one spool, ever; of older ones the last two are kept', () => {
  for (const generation of [1, 2, 3, 4]) spool(generation)
  expect(createSpool(folder, 4, small)).toBeUndefined()
  expect(readdirSync(folder).toSorted()).toEqual(['spool-2.log', 'spool-3.log', 'spool-4.log'])
})

test('[R-152] the spool of a dead runner is read in pieces, whatever its size and wherever a piece ends, and others come in between', async () => {
  const count = 20_000
  const long = `{"text":"${'ä'.repeat(60_000)}"}`
  const lines = Array.from(
    { length: count },
    (_, i) => `${i + 1} ${i % 997 === 0 ? long : json(i)}\n`,
  )
  writeFileSync(join(folder, 'spool-7.log'), lines.join(''))
  let turns = 0
  const others = { on: true }
  const takeTurn = () => {
    turns += 1
    if (others.on) setImmediate(takeTurn)
  }
  setImmediate(takeTurn)
  let n = 100
  for await (const report of readSpool(folder, 7, n)) {
    n += 1
    expect(report.n).toBe(n)
    expect(report.json.length > 1000).toBe((n - 1) % 997 === 0)
  }
  others.on = false
  expect(n).toBe(count)
  expect(turns, 'others had their turns of the loop').toBeGreaterThan(5)
})

test('[R-152] a line that never ends is torn, and is not kept in memory', async () => {
  writeFileSync(join(folder, 'spool-8.log'), `1 {"a":1}\n2 {"a":"${'x'.repeat(2 ** 21)}`)
  expect(await numbers(folder, 8, 0)).toEqual([1])
})
