/** The end of an agent's process as one fact, and that fact in words. */

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

/** Signals and codes a person is helped by a word about; all others are named as they are. */
const signalWords: Readonly<Record<string, string>> = {
  SIGKILL: 'was killed from outside, or by the system when memory ran out',
  SIGSEGV: 'crashed (segmentation fault)',
  SIGABRT: 'crashed (aborted itself)',
  SIGILL: 'crashed (this processor lacks an instruction it needs)',
  SIGTERM: 'was asked to end from outside',
}
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
  if (exit.signal !== undefined) return signalWords[exit.signal] ?? `was ended by ${exit.signal}`
  if (exit.code === 0) return 'ended by itself'
  if (exit.code === undefined) return 'is gone'
  return codeWords[exit.code] ?? `ended with exit code ${exit.code}`
}
