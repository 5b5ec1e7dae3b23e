/** What holds after every transition. A state that breaks it is a bug: the actor stops, loudly, before the commit. */
import { assert } from '@belay/actor'
import { limits } from '@belay/protocol'
import { isWaiting } from './waiting.ts'
import { restoreUnderWay, type SessionState } from './state.ts'

/** @throws when the state is one that must be impossible */
export function checkState(state: SessionState): void {
  const { lifecycle, runner, turn, queue, permissions, commands, changes } = state
  if (turn.type === 'active') {
    assert(runner.type === 'linked' || runner.type === 'lost', 'an active turn has a runner')
    assert(
      turn.generation === runner.generation,
      'an active turn belongs to the present generation',
    )
    assert(
      (turn.waitingSince !== undefined) === isWaiting(turn, permissions),
      'the clocks of a turn stand still exactly while something is waited for',
    )
  }
  assert(permissions.length === 0 || turn.type === 'active', 'no permission outlives its turn')
  assert(permissions.length <= limits.permissionsOpenMax, 'open permissions are bounded')
  assert(queue.length <= limits.queuedPromptsMax, 'the queue is bounded')
  if (lifecycle.type === 'preparing') assert(runner.type !== 'none', 'a preparation has a runner')
  if (lifecycle.type === 'attention')
    assert(runner.type === 'none' && turn.type === 'none', 'attention leaves no runner and no turn')
  if (lifecycle.type === 'deleted' || lifecycle.type === 'absent') {
    assert(
      runner.type === 'none' && turn.type === 'none' && queue.length === 0,
      'what is not there does nothing',
    )
  }
  if (restoreUnderWay(state) !== undefined) {
    assert(turn.type === 'none', 'no turn runs while the workspace is put back, or that is planned')
    assert(runner.type !== 'none', 'a restore and its plan have a runner')
  }
  if (changes.type === 'due')
    assert(runner.type === 'linked' || runner.type === 'lost', 'changes are due of a runner')
  if (turn.type === 'active')
    assert(state.restore.type === 'none', 'no plan outlives the beginning of a turn')
  if (runner.type === 'none') assert(commands.unacked.length === 0, 'commands have a runner')
}
