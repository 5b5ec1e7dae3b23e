/**
 * The model-based test has teeth: with a fault planted in the engine, each of a kind that was once seen, it finds a broken
 * promise. A fault takes the place of one module for one test; nothing in the product knows of it.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openHere } from './testing/world/engine.ts'
import type { Narrow } from './testing/world/place.ts'
import { runSequences, seedsFrom, told } from './testing/world/sequences.ts'

/** Sequences until it has to be found. */
const most = 40

afterEach(() => {
  vi.doUnmock('./listing.ts')
  vi.doUnmock('./own-files.ts')
  vi.doUnmock('./acts.ts')
  vi.doUnmock('../tree/plan.ts')
  vi.resetModules()
})

/** @returns what was said of the first sequence that broke a promise */
async function found(first: number, narrow: Narrow): Promise<string> {
  vi.resetModules()
  const { Checkpoints } = await import('./checkpoints.ts')
  const done = await runSequences({
    seeds: seedsFrom(first, most),
    open: async (options) => openHere(options, (given) => new Checkpoints(given)),
    narrow,
    isEnough: ({ broken }) => broken.length > 0,
  })
  const text = told(done).join('\n')
  console.log(`after ${done.count} sequences: ${text}`)
  return text
}

test('[T-41] a listing that forgets the rules above the folder is found', async () => {
  vi.doMock(import('./listing.ts'), async (original) => {
    const real = await original()
    return {
      ...real,
      outermost(workspace) {
        const owner = real.outermost(workspace)
        return owner.prefix === '' ? owner : { at: '', prefix: '', repository: undefined }
      },
    }
  })
  expect(
    await found(3000, { layout: 'package', names: ['x.env', 'd/x.log', 'k.key', 'build'] }),
  ).toMatch(/is ignored/)
})

test('[T-41] own files that are told by a pattern are found', async () => {
  vi.doMock(import('./own-files.ts'), async (original) => ({
    ...(await original()),
    isDataFolder: (path) => String(path).endsWith('.belay'),
  }))
  expect(await found(3100, { layout: 'repository' })).toMatch(/belay\.db|secret|token|more/)
})

test('[T-41] a restore that removes what the turn made, whoever changed it since, is found', async () => {
  vi.doMock(import('../tree/plan.ts'), async (original) => {
    const real = await original()
    return {
      ...real,
      planOf(acts, present) {
        const { back, stay } = real.planOf(acts, present)
        const removes = stay.flatMap(({ step }) =>
          step !== undefined && step.to === undefined ? [step] : [],
        )
        return {
          back: [...back, ...removes],
          stay: stay.filter(({ step }) => step === undefined || !removes.includes(step)),
        }
      },
    }
  })
  expect(await found(3200, { names: ['a', 'd/x'] })).toMatch(/put back|touched/)
})

test('[T-41] a restore over what was changed between two turns is found', async () => {
  vi.doMock(import('../tree/plan.ts'), async (original) => {
    const real = await original()
    return {
      ...real,
      planOf(acts, present) {
        const { back, stay } = real.planOf(acts, present)
        const over = stay.flatMap(({ step, message }) =>
          step !== undefined && /between these turns/.test(message) ? [step] : [],
        )
        return {
          back: [...back, ...over],
          stay: stay.filter(({ step }) => step === undefined || !over.includes(step)),
        }
      },
    }
  })
  expect(await found(3322, { layout: 'plain', names: ['a'] })).toMatch(/put back over/)
})

test('[T-41] an undo that is chosen by time is found', async () => {
  vi.doMock(import('./acts.ts'), async (original) => {
    const real = await original()
    class ActsByTime extends real.Acts {
      readonly #where: string
      constructor(folder: string) {
        super(folder)
        this.#where = folder
      }
      override get all() {
        const times = new Map(
          readdirSync(this.#where).map((name) => [
            Number.parseInt(name, 10),
            statSync(join(this.#where, name)).mtimeMs,
          ]),
        )
        const at = (number: number) => times.get(number) ?? 0
        return super.all.toSorted((one, other) => at(one.number) - at(other.number))
      }
    }
    return { ...real, Acts: ActsByTime }
  })
  expect(await found(3410, { layout: 'plain', names: ['a', 'd/x'] })).toMatch(
    /an undo at once left|restore undo|became/,
  )
})
