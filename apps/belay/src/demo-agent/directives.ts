/** Words in a prompt that make the demo agent misbehave on purpose, so that every failure can be seen and tested. */

export interface Directives {
  /** No pauses. */
  readonly fast: boolean
  /** Seconds of streaming, a chunk every 20 ms. */
  readonly slow: number
  /** Chunks as fast as they go. */
  readonly flood: number
  /** Ends with code 3 in mid-turn. */
  readonly crash: boolean
  /** Never answers. */
  readonly hang: boolean
  /** Writes its file without asking. */
  readonly noPermission: boolean
  /** Does not hear a cancel. */
  readonly stubborn: boolean
}

const slowSecondsMax = 3600
const floodChunksMax = 1_000_000

export function directivesOf(prompt: string): Directives {
  const has = (word: string) => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(prompt)
  const number = (word: string, max: number) =>
    Math.min(max, Number(new RegExp(`(?<![\\w-])${word} (\\d+)`).exec(prompt)?.[1] ?? 0))
  return {
    fast: has('fast'),
    slow: number('slow', slowSecondsMax),
    flood: number('flood', floodChunksMax),
    crash: has('crash'),
    hang: has('hang'),
    noPermission: has('no-permission'),
    stubborn: has('stubborn'),
  }
}
