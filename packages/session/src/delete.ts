/**
 * Deleting: wins over everything, at any moment.
 *
 * - S-13 What is deleted stays deleted: the runner is ended, what the session owned on disk is removed, and a
 *   tombstone answers whoever comes later. Both are effects that must happen, so a restart does not forget them.
 */
import { emptyOutgoing } from '@belay/channel'
import { type Change, ignore } from './change.ts'
import type { SessionReply } from './input.ts'
import { releaseRunner } from './preparation.ts'
import { initialState, restoreUnderWay } from './state.ts'
import { endTurn } from './turn.ts'

/** Nobody has touched it for so long that its owner wants it gone. */
export function expire(change: Change, before: number): SessionReply {
  const { lifecycle, turn, queue, last, settings, changes } = change.state
  const since = last.type === 'ended' ? last.endedAt : settings.createdAt
  const isWorking = turn.type === 'active' || queue.length > 0
  const busy = isWorking || restoreUnderWay(change.state) !== undefined || changes.type === 'due'
  if (lifecycle.type !== 'ready' || busy || since >= before) return ignore('it is in use')
  return remove(change)
}

export function remove(change: Change): SessionReply {
  const { head } = change.state
  // Whoever waits for the end of the turn outside is told, though the log that would hold it goes.
  endTurn(change, 'session-deleted')
  const { runner, turn, settings } = change.state
  releaseRunner(change)
  const blank = initialState()
  change.state = {
    ...blank,
    head,
    lifecycle: { type: 'deleted', at: change.now },
    // The workspace stays known until its files are removed; what people typed does not.
    settings: { ...settings, title: '' },
    callbacks: change.state.callbacks.filter(({ phase }) => !('at' in phase)),
    runner: { type: 'none', generation: runner.generation },
    commands: emptyOutgoing,
    turn: { type: 'none', last: turn.type === 'active' ? turn.turn : turn.last },
  }
  change.append.length = 0
  change.rows.length = 0
  change.wipe = true
  change.must.push({ key: 'remove-files', effect: { type: 'remove-files' } })
  return { type: 'done' }
}
