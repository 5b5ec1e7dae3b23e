/**
 * The finish of a turn: its changes committed to the branch they are on and, where asked for, pushed.
 *
 * - R-38 Whatever goes wrong here is a warning on a finished turn.
 */
import { type Finish, type FinishResult, limits } from '@belay/protocol'
import { type Credential, git, type GitEnd } from './git.ts'

export interface CommitOptions {
  readonly folder: string
  readonly finish: Finish
  /** The prompt. */
  readonly text: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credential: Credential | undefined
  readonly signal: AbortSignal
  readonly msMax: number
}

/** @returns `undefined` when there was nothing to commit */
export async function commitTurn(options: CommitOptions): Promise<FinishResult | undefined> {
  const until = performance.now() + options.msMax
  const run = (args: readonly string[]) => {
    const { folder, env, signal, credential } = options
    const msMax = Math.max(1, until - performance.now())
    return git(['-C', folder, ...args], { env, signal, msMax, credential })
  }
  const branch = await run(['symbolic-ref', '--short', '--quiet', 'HEAD'])
  if (branch.fault !== undefined)
    return warn(options, 'Nothing was committed', 'the workspace is on no branch.')
  const on = branch.output.trim()
  const added = await run(['add', '--all'])
  if (added.fault !== undefined) return warn(options, 'Nothing was committed', added.fault)
  const staged = await run(['diff', '--cached', '--quiet'])
  if (staged.fault === undefined) return undefined
  const author = await authorArgs(run)
  const message = options.finish.message ?? subjectOf(options.text)
  const made = await run([...author, 'commit', '--quiet', '-m', message])
  if (made.fault !== undefined) return warn(options, 'Nothing was committed', made.fault)
  const commit = (await run(['rev-parse', 'HEAD'])).output.trim()
  if (options.finish.push !== true) return { commit, branch: on }
  const pushed = await run(['push', '--quiet', 'origin', `HEAD:refs/heads/${on}`])
  return pushed.fault === undefined
    ? { commit, branch: on, pushed: true }
    : {
        commit,
        branch: on,
        pushed: false,
        ...warn(options, 'The commit was made and not pushed', pushed.fault),
      }
}

/** Whoever has set no name commits as Belay. */
async function authorArgs(
  run: (args: readonly string[]) => Promise<GitEnd>,
): Promise<readonly string[]> {
  const { fault } = await run(['config', 'user.email'])
  return fault === undefined ? [] : ['-c', 'user.name=Belay', '-c', 'user.email=belay@localhost']
}

function warn({ signal }: CommitOptions, what: string, fault: string): FinishResult {
  const why = signal.aborted ? 'a person stopped it.' : fault
  return { warning: `${what}: ${why}`.slice(0, 2000) }
}

const subjectCharsMax = 72

function subjectOf(text: string): string {
  const line = text.trim().split('\n')[0] ?? ''
  const subject = line.length > subjectCharsMax ? `${line.slice(0, subjectCharsMax - 1)}…` : line
  return (subject || 'Changes of a turn').slice(0, limits.commitCharsMax)
}
