/** Waiting for the plan of a restore that a session was asked for. */
import type { RestorePlan, RestoreTo } from '@belay/protocol'
import type { SessionState } from '@belay/session'
import { RefusalError } from './problem.ts'
import type { SessionHost } from './session-host.ts'

export interface PlanWait {
  readonly host: SessionHost
  readonly id: string
  readonly turn: number
  readonly to: RestoreTo
  /** How long it is waited for, milliseconds. */
  readonly msMax: number
}

/**
 * The plan, as soon as the session has it. Whoever asks again meanwhile waits for the same one.
 * @throws RefusalError with the reason why there is none, or that it takes longer
 */
export function planOnceMade({ host, id, turn, to, msMax }: PlanWait): Promise<RestorePlan> {
  const { promise, resolve, reject } = Promise.withResolvers<RestorePlan>()
  function look(state: SessionState): void {
    const found = planIn(state, { turn, to })
    if (found === 'not yet') return
    clearTimeout(timer)
    stopWatching()
    if (found instanceof RefusalError) reject(found)
    else resolve(found)
  }
  const stopWatching = host.watch(id, ({ state }) => look(state))
  const timer = setTimeout(() => {
    stopWatching()
    const seconds = Math.round(msMax / 1000)
    reject(
      new RefusalError(
        'not-restorable',
        `After ${seconds} s it is not known yet what the restore would do; the session goes on looking, and whoever asks again waits for that.`,
      ),
    )
  }, msMax)
  // A server that stops does not wait for it: whoever asked has lost the connection by then.
  timer.unref()
  look(host.read(id))
  return promise
}

function planIn(
  { restore, lifecycle, turn: active }: SessionState,
  { turn, to }: Pick<PlanWait, 'turn' | 'to'>,
): RestorePlan | RefusalError | 'not yet' {
  if (restore.type === 'planned' && restore.plan.turn === turn && restore.plan.to === to)
    return restore.plan
  const isSame = restore.type !== 'none' && restore.type !== 'planned' && restore.turn === turn
  if (isSame && restore.to === to && restore.type === 'planning') return 'not yet'
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
