/** Waiting for the plan of a restore that a session was asked for. */
import type { Deadlines, RestorePlan, RestoreTo } from '@belay/protocol'
import { restoreMsMax, type SessionState } from '@belay/session'
import { RefusalError } from './problem.ts'
import { onceFound, type SessionWait } from './session-wait.ts'

/** Beyond the session's own bound, so that it is the one to say what took too long; its runner may have to be woken first. */
const slackMs = 15_000

/** How long a plan is waited for. */
export function planMsMax(deadlines: Deadlines): number {
  return restoreMsMax(deadlines) + slackMs
}

export interface PlanWait extends SessionWait {
  readonly turn: number
  readonly to: RestoreTo
}

/**
 * The plan, as soon as the session has it. Whoever asks again meanwhile waits for the same one.
 * @throws RefusalError with the reason why there is none, or that it takes longer
 */
export async function planOnceMade(wait: PlanWait): Promise<RestorePlan> {
  const found = await onceFound(wait, (state) => planIn(state, wait))
  if (found instanceof RefusalError) throw found
  if (found !== undefined) return found
  const seconds = Math.round(wait.msMax / 1000)
  throw new RefusalError(
    'not-restorable',
    `After ${seconds} s it is not known yet what the restore would do; the session goes on looking, and whoever asks again waits for that.`,
  )
}

/** @returns `undefined` as long as it is looked at */
function planIn(
  { restore, lifecycle, turn: active }: SessionState,
  { turn, to }: Pick<PlanWait, 'turn' | 'to'>,
): RestorePlan | RefusalError | undefined {
  const about = restore.type === 'planned' ? restore.plan : restore
  if ('turn' in about && about.turn === turn && about.to === to) {
    if (restore.type === 'planned') return restore.plan
    if (restore.type === 'planning') return undefined
    if (restore.type === 'unplanned') return new RefusalError('not-restorable', restore.message)
  }
  if (lifecycle.type === 'deleted')
    return new RefusalError('session-deleted', 'The session was deleted meanwhile.')
  if (active.type === 'active')
    return new RefusalError(
      'turn-running',
      `Turn ${active.turn} has begun meanwhile, and works on these files.`,
    )
  return new RefusalError('not-restorable', 'Something else was asked of the workspace meanwhile.')
}
