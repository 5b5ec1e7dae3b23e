/** What somebody is in the middle of in a repository, told by what git keeps meanwhile. No git is run for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** @param gitFolder of a worktree its own */
export function halfDone(gitFolder: string): readonly string[] {
  const found = kept.filter(([name]) => existsSync(join(gitFolder, name)))
  return [...new Set(found.map(([, words]) => words))]
}

const kept = [
  ['MERGE_HEAD', 'a merge'],
  ['rebase-merge', 'a rebase'],
  ['rebase-apply', 'a rebase'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['sequencer', 'a cherry-pick or revert of several commits'],
  ['BISECT_LOG', 'a bisect'],
] as const
