/** What each step of a preparation is called to a person. */
import type { PreparationStep, StepState } from '@belay/protocol'

const words: Readonly<Record<PreparationStep, string>> = {
  disk: 'Disk',
  workspace: 'Folder',
  clone: 'Repository',
  worktree: 'Worktree',
  branch: 'Branch',
  setup: 'Setup',
  'agent-start': 'Agent',
  'agent-session': 'Conversation',
  'first-prompt': 'First prompt',
}

/** A setup command, which is a step of its own, is called by its line too. */
export function stepWords({ step, label }: Pick<StepState, 'step' | 'label'>): string {
  return label === undefined ? words[step] : `${words[step]}: ${label}`
}

/** A step by the name that a log has for it: one of another version is called as it is there. */
export function stepName(step: string): string {
  const known: Readonly<Record<string, string>> = words
  return known[step] ?? step
}
