/** The end of an agent's process as one fact, and that fact in words. */

import { howEnded } from '@belay/protocol'

export interface AgentExit {
  readonly code?: number
  readonly signal?: string
  /** Why no process came to be, as the system said it; then there is neither code nor signal. */
  readonly error?: string
  /** Why it ended, in one sentence, where more is known than its code and signal say. */
  readonly verdict?: string
  /** The last lines it wrote to stderr, oldest first, without colours. */
  readonly stderr: readonly string[]
}

/** Codes a person is helped by a word about; all others are named as they are. */
const codeWords: Readonly<Record<number, string>> = {
  126: 'may not be executed',
  127: 'was not found',
  3221225785: 'needs a newer Windows (entry point not found)',
}

/** One sentence about an exit, with the last thing the agent said when it failed. */
export function exitSentence(exit: AgentExit): string {
  if (exit.verdict !== undefined) return exit.verdict
  const last = exit.stderr.findLast((line) => line.trim() !== '')
  const said = last === undefined || exit.code === 0 ? '' : ` Its last words: ${last}`
  return `The agent ${whatHappened(exit)}.${said}`
}

function whatHappened(exit: AgentExit): string {
  if (exit.error !== undefined) return `could not be started: ${exit.error}`
  const words = exit.code === undefined ? undefined : codeWords[exit.code]
  return words ?? howEnded(exit)
}

/** What a shell says of a program that a signal ended: "Killed", or "sh: line 1: 42 Segmentation fault (core dumped) …". */
const shellWords =
  /^(\S*sh: .*?\d+ )?(Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction|Hangup)\b( \(core dumped\))?.*$/

/** Its own last words: what the shell around it said of its end is none of them. */
export function ownWords(stderr: readonly string[], { signal }: AgentExit): readonly string[] {
  const last = stderr.at(-1)
  return signal !== undefined && last !== undefined && shellWords.test(last)
    ? stderr.slice(0, -1)
    : stderr
}
