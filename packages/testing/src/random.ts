/**
 * Chance that can be repeated: every random test takes its numbers from here and prints its seed.
 *
 * Invariants:
 * - T-1 The same seed gives the same numbers, on every machine.
 */

export interface Random {
  readonly seed: number
  /** From 0 (included) to 1 (excluded). */
  next(): number
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** @throws when there is nothing to pick from. */
  pick<Item>(items: readonly Item[]): Item
  /** A new array with the items in another order. */
  shuffle<Item>(items: readonly Item[]): Item[]
}

const seedMax = 2 ** 32 - 1

/** @param seed a whole number from 0 to 2^32 - 1 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed > seedMax) {
    throw new Error(`a seed is a whole number from 0 to ${seedMax}, got ${seed}`)
  }
  const next = mulberry32(seed)
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  const shuffle = <Item>(items: readonly Item[]) =>
    items
      .map((item) => ({ item, place: next() }))
      .toSorted((left, right) => left.place - right.place)
      .map(({ item }) => item)
  return {
    seed,
    next,
    integer,
    chance: (probability) => next() < probability,
    pick(items) {
      for (const item of items.slice(integer(0, items.length - 1))) return item
      throw new Error('there is nothing to pick from')
    },
    shuffle,
  }
}

/**
 * The seed asked for with `BELAY_SEED`, else one made from `fallback` (the clock, say).
 * @throws when `BELAY_SEED` is not a seed, because a repeat that silently runs another seed misleads.
 */
export function seedFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  fallback: number,
): number {
  const asked = env['BELAY_SEED']
  if (asked === undefined || asked === '') return Math.abs(Math.trunc(fallback)) % (seedMax + 1)
  if (!/^\d+$/.test(asked) || Number(asked) > seedMax) {
    throw new Error(
      `BELAY_SEED must be a whole number from 0 to ${seedMax}, got ${JSON.stringify(asked)}`,
    )
  }
  return Number(asked)
}

/** What a random test prints, so that a failure can be repeated. */
export function seedLine(test: string, seed: number): string {
  return `${test}: seed ${seed} (again with BELAY_SEED=${seed})`
}

/** Tommy Ettinger's Mulberry32: 32 bits of state, one multiplication chain, passes gjrand. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / (seedMax + 1)
  }
}
