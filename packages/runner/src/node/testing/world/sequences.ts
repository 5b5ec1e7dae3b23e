/** Many sequences, one after the other, and what was in them together. */
import { type Outcome, runSequence, type SequenceOptions } from './sequence.ts'

export interface Sequences {
  readonly count: number
  readonly counts: ReadonlyMap<string, number>
  readonly broken: readonly Outcome[]
}

export interface SequencesOptions extends Omit<SequenceOptions, 'seed'> {
  readonly seeds: Iterable<number>
  /** Looked at before each; `true` ends it. */
  readonly isEnough?: (sofar: Sequences) => boolean
}

export async function runSequences(options: SequencesOptions): Promise<Sequences> {
  const counts = new Map<string, number>()
  const broken: Outcome[] = []
  let count = 0
  for (const seed of options.seeds) {
    if (options.isEnough?.({ count, counts, broken }) === true) break
    const outcome = await runSequence({ ...options, seed })
    count++
    for (const [kind, times] of outcome.counts) counts.set(kind, (counts.get(kind) ?? 0) + times)
    if (outcome.broken !== undefined) broken.push(outcome)
  }
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
