/** Exit codes, the same for every command. `docs/cli.md` and `--help` show this table. */
import type { Outcome } from '@belay/protocol'

export const exitCodes = {
  completed: 0,
  failed: 1,
  usage: 2,
  interrupted: 3,
  inDoubt: 4,
  attention: 5,
  away: 6,
  detached: 130,
} as const

export const exitTable = [
  [exitCodes.completed, 'the turn completed, or the command did what it says'],
  [exitCodes.failed, 'the turn failed, or the server refused'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.interrupted, 'the turn was stopped, or its prompt or session was cancelled'],
  [exitCodes.inDoubt, 'nobody can know whether the agent acted on the prompt'],
  [
    exitCodes.attention,
    'the session needs attention: its preparation failed, or prompts wait for a decision',
  ],
  [exitCodes.away, 'no server is running, or it went away'],
  [exitCodes.detached, 'left with Ctrl-C; the session goes on'],
] as const

export const exitHelp = [
  'Exit codes:',
  ...exitTable.map(([code, sentence]) => `  ${String(code).padStart(3)}  ${sentence}`),
].join('\n')

export function exitCodeOf(outcome: Outcome): number {
  switch (outcome) {
    case 'completed':
      return exitCodes.completed
    case 'failed':
      return exitCodes.failed
    case 'interrupted':
    case 'cancelled':
      return exitCodes.interrupted
    case 'in-doubt':
      return exitCodes.inDoubt
  }
}

/** Ends a command with a sentence for the person. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  constructor(exitCode: number, sentence: string) {
    super(sentence)
    this.exitCode = exitCode
  }
}
