/** Waiting for the plan of a restore that a session was asked for. */
import type { RestorePlan, RestoreTo } from '@belay/protocol'
import type { SessionState } from '@belay/session'
import { RefusalError } from './problem.ts'
import { onceFound, type SessionWait } from './session-wait.ts'

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
  if (restore.type === 'planned' && restore.plan.turn === turn && restore.plan.to === to)
    return restore.plan
  const isSame = restore.type !== 'none' && restore.type !== 'planned' && restore.turn === turn
  if (isSame && restore.to === to && restore.type === 'planning') return undefined
  if (isSame && restore.to === to && restore.type === 'unplanned')
    return new RefusalError('not-restorable', restore.message)
  if (lifecycle.type === 'deleted')
    return new RefusalError('session-deleted', 'The session was deleted meanwhile.')
  if (active.type === 'active')
    return new RefusalError(
      'turn-running',
      `Turn ${active.turn} has begun meanwhile, and works on these files.`,
    )
  return new RefusalError('not-restorable', 'Something else was asked of the workspace meanwhile.')
}
