/**
 * Where a commit is made: the repository that a folder lies in, on which branch and commit it stands, and whether a person
 * is in the middle of something there.
 *
 * - R-104 A folder of a repository is in that repository, however deep; on no branch, in the middle of a merge or beside
 *   another command of Git nothing is committed.
 */
import { resolve } from 'node:path'
import { git, type GitEnd, type GitOptions } from './git.ts'
import { halfDone } from './half-done.ts'

export type Run = (args: readonly string[], more?: RunMeans) => Promise<GitEnd>
export type RunMeans = Pick<
  Partial<GitOptions>,
  'variables' | 'settings' | 'input' | 'credential' | 'signal'
>

export interface Ground {
  /** The top of the work tree. */
  readonly top: string
  /** The folder below it, as Git writes it: bytes as Latin-1, with a slash at its end, or nothing. */
  readonly prefix: string
  readonly gitFolder: string
  readonly index: string
  readonly branch: string
  /** Absent before the first commit. */
  readonly head: string | undefined
  /** The tree of it, or the empty one. */
  readonly base: string
}

/** Why nothing is committed, as the end of a sentence. */
export class Uncommitted extends Error {}

/** @returns a way to run git until then. It throws nothing: what fails is told by its end */
export function runner({ env, signal }: Pick<GitOptions, 'env' | 'signal'>, until: number): Run {
  return (args, more = {}) =>
    git(args, { env, signal, msMax: Math.max(1, until - performance.now()), ...more })
}

/** @throws Uncommitted */
export async function must(end: Promise<GitEnd>): Promise<GitEnd> {
  const ended = await end
  if (ended.fault !== undefined) throw new Uncommitted(ended.fault)
  if (ended.cut) throw new Uncommitted('Git had more to say than can be taken in.')
  return ended
}

/** @throws Uncommitted when it is no place for a commit now */
export async function groundOf(run: Run, folder: string): Promise<Ground> {
  const here = (args: readonly string[]) => run(['-C', folder, ...args])
  const places = ['--show-toplevel', '--absolute-git-dir', '--show-prefix', '--git-path', 'index']
  const found = await here(['rev-parse', ...places])
  if (found.lines.some((line) => /not a git repository|run in a work tree/.test(line)))
    throw new Uncommitted('the folder is no Git repository.')
  if (found.fault !== undefined) throw new Uncommitted(found.fault)
  const [top = '', gitFolder = '', prefix = '', index = '', ...more] = found.bytes
    .toString('latin1')
    .split('\n')
  if (more.length !== 1) throw new Uncommitted('the path of the repository holds a line end.')
  const name = await here(['symbolic-ref', '--quiet', 'HEAD'])
  const branch = /^refs\/heads\/(.+)\n$/.exec(name.output)?.[1]
  if (branch === undefined) {
    const isKnown = name.end.type === 'exited'
    throw new Uncommitted(isKnown ? 'the workspace is on no branch.' : (name.fault ?? ''))
  }
  await notInTheMiddle(here, text(gitFolder))
  const commit = await here(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  if (commit.fault !== undefined && (commit.end.type !== 'exited' || commit.end.code !== 1))
    throw new Uncommitted(commit.fault)
  const head = commit.fault === undefined ? commit.output.trim() : undefined
  return {
    top: text(top),
    prefix,
    gitFolder: text(gitFolder),
    index: resolve(folder, text(index)),
    branch,
    head,
    base: head ?? (await emptyTree(run, folder)),
  }
}

async function emptyTree(run: Run, folder: string): Promise<string> {
  const args = ['-C', folder, 'hash-object', '-t', 'tree', '--stdin']
  return (await must(run(args, { input: Buffer.alloc(0) }))).output.trim()
}

async function notInTheMiddle(
  here: (args: readonly string[]) => Promise<GitEnd>,
  gitFolder: string,
): Promise<void> {
  const [words] = halfDone(gitFolder)
  if (words !== undefined)
    throw new Uncommitted(`${words} is under way in the repository. Finish it, or give it up.`)
  const unmerged = await must(here(['ls-files', '--unmerged', '-z']))
  if (unmerged.output !== '')
    throw new Uncommitted('files of the repository are in conflict. Settle them first.')
}

/** Names are kept byte by byte; those that go to the file system as text are UTF-8. */
function text(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
