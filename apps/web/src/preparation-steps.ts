/**
 * A session's preparation as a list of steps. Pure.
 *
 * Invariants:
 * - W-16 Every step before the present one is done; none after it is said to have begun, and none is under way once
 *   the preparation has failed.
 */
import type { PreparationStep, SessionView } from '@belay/protocol'

export interface StepView {
  readonly step: PreparationStep
  readonly words: string
  readonly state: 'to-do' | 'started' | 'done' | 'failed'
  readonly since: number | undefined
  readonly detail: string | undefined
}

const words: Readonly<Record<PreparationStep, string>> = {
  workspace: 'Workspace',
  clone: 'Clone of the repository',
  branch: 'Branch',
  'agent-start': 'Start of the agent',
  'agent-session': 'The agent’s session',
}
const order: readonly PreparationStep[] = [
  'workspace',
  'clone',
  'branch',
  'agent-start',
  'agent-session',
]

export function preparationSteps({
  workspace,
  step: present,
  status,
}: Pick<SessionView, 'workspace' | 'step' | 'status'>): readonly StepView[] {
  const steps = order.filter((step) => step === present?.step || applies(step, workspace))
  const at = steps.findIndex((step) => step === present?.step)
  return steps.map((step, index) => ({
    step,
    words: words[step],
    state: index < at ? 'done' : index === at ? stateOf(present?.status, status) : 'to-do',
    since: index === at ? present?.since : undefined,
    detail: index === at ? present?.detail : undefined,
  }))
}

function applies(step: PreparationStep, workspace: SessionView['workspace']): boolean {
  if (step === 'clone') return workspace.type === 'repository'
  if (step === 'branch') return workspace.type === 'repository' && workspace.branch !== undefined
  return true
}

/** A step of a preparation that failed is not under way, whatever its last word was. */
function stateOf(step: string | undefined, session: SessionView['status']): StepView['state'] {
  if (step === 'done' || step === 'failed') return step
  return session === 'attention' ? 'failed' : 'started'
}
