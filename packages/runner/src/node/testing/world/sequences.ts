/** Many sequences, some of them side by side, and what was in them together. */
import { type Outcome, runSequence, type SequenceOptions } from './sequence.ts'

export interface Sequences {
  readonly count: number
  readonly counts: ReadonlyMap<string, number>
  readonly broken: readonly Outcome[]
}

export interface SequencesOptions extends Omit<SequenceOptions, 'seed'> {
  readonly seeds: Iterable<number>
  /** How many go on at the same time: much of each is waiting. Default: one. */
  readonly beside?: number
  /** Looked at before each; `true` ends it. */
  readonly isEnough?: (sofar: Sequences) => boolean
}

export async function runSequences(options: SequencesOptions): Promise<Sequences> {
  const counts = new Map<string, number>()
  const broken: Outcome[] = []
  const seeds = options.seeds[Symbol.iterator]()
  let count = 0
  const oneByOne = async (): Promise<void> => {
    for (;;) {
      if (options.isEnough?.({ count, counts, broken }) === true) return
      const next = seeds.next()
      if (next.done === true) return
      const outcome = await runSequence({ ...options, seed: next.value })
      count++
      for (const [kind, times] of outcome.counts) counts.set(kind, (counts.get(kind) ?? 0) + times)
      if (outcome.broken !== undefined) broken.push(outcome)
    }
  }
  await Promise.all(Array.from({ length: options.beside ?? 1 }, oneByOne))
  return { count, counts, broken }
}

export function* seedsFrom(first: number, count: number): Generator<number, void> {
  for (let seed = first; seed < first + count; seed++) yield seed
}

/** One sentence for each that broke a promise. */
export function told({ broken }: Sequences): readonly string[] {
  return broken.map(
    (outcome) => `seed ${outcome.seed}, step ${outcome.broken?.step}: ${outcome.broken?.sentence}`,
  )
}
