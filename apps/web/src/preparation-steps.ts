/**
 * A session's preparation as a list of steps: those that began, as the server says, and those still to come. Pure.
 *
 * Invariants:
 * - W-16 Steps that began are shown as the server says them; none after them is said to have begun, and none is under way
 *   once the preparation has failed.
 */
import { stepWords } from '@belay/client'
import type { PreparationStep, SessionView, StepState } from '@belay/protocol'

export interface StepView extends Partial<Omit<StepState, 'step' | 'status'>> {
  readonly key: string
  readonly words: string
  readonly state: 'to-do' | StepState['status']
}

/** Steps that every preparation has; whether the others come is said by the runner. */
const always: readonly PreparationStep[] = ['disk', 'workspace', 'agent-start', 'agent-session']

export function preparationSteps({
  steps,
  status,
}: Pick<SessionView, 'steps' | 'status'>): readonly StepView[] {
  const begun = steps.map(({ step, status: said, ...rest }): StepView => ({
    ...rest,
    key: `${step} ${rest.index ?? 0}`,
    words: stepWords({ step, ...rest }),
    state: said === 'started' && status === 'attention' ? 'failed' : said,
  }))
  const last = Math.max(-1, ...steps.map(({ step }) => always.indexOf(step)))
  const later = always.slice(last + 1).filter((step) => !steps.some((one) => one.step === step))
  const coming = later.map((step): StepView => ({
    key: `${step} 0`,
    words: stepWords({ step }),
    state: 'to-do',
  }))
  return [...begun, ...coming]
}

const remedies: Readonly<Record<PreparationStep, string>> = {
  disk: 'Make room on the disk',
  workspace: 'Correct the folder',
  clone: 'Correct the repository or what opens it',
  worktree: 'Correct the folder or the branch of the worktree',
  branch: 'Correct the branch',
  setup: 'Correct the setup commands',
  'agent-start': 'Correct the agent',
  'agent-session': 'Correct the agent',
  'first-prompt': 'Correct the agent',
}

type Remediable = Pick<SessionView, 'steps' | 'status' | 'problem'>

/** What is to be done about a preparation that failed. */
export function remedyWords({ steps, problem }: Remediable): string {
  // Its sentence says how.
  if (problem?.code === 'sign-in-needed') return ''
  const failed = steps.at(-1)
  return `${failed === undefined ? 'Correct that' : remedies[failed.step]}, then retry.`
}
