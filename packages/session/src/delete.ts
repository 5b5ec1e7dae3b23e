/**
 * Deleting: wins over everything, at any moment.
 *
 * - S-13 What is deleted stays deleted: the runner is ended, what the session owned on disk is removed, and a
 *   tombstone answers whoever comes later, and says what could not be removed yet. Both are effects that must happen, so a restart does not forget them.
 */
import { emptyOutgoing } from '@belay/channel'
import { type Change, ignore, set } from './change.ts'
import type { SessionReply } from './input.ts'
import { releaseRunner } from './preparation.ts'
import { initialState, restoreUnderWay, type SessionState } from './state.ts'
import { endTurn } from './turn.ts'
import { undecidedCount } from './undecided.ts'

/** Nobody has touched it for so long that its owner wants it gone. */
export function expire(change: Change, before: number): SessionReply {
  const { lifecycle, turn, queue, last, settings, changes } = change.state
  const since = last.type === 'ended' ? last.endedAt : settings.createdAt
  const isWorking = turn.type === 'active' || queue.length > 0
  const busy = isWorking || restoreUnderWay(change.state) !== undefined || changes.type === 'due'
  // A failure that nobody has seen does not go with its session, unless its owner wants to go on without.
  const waits = undecidedCount(change.state) > 0 && settings.goOn !== true
  if (lifecycle.type !== 'ready' || busy || waits || since >= before) return ignore('it is in use')
  return remove(change)
}

export function remove(change: Change, discard?: true): SessionReply {
  const { head, lifecycle } = change.state
  if (lifecycle.type === 'deleted') {
    removeFiles(change, discard)
    return { type: 'done' }
  }
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
  removeFiles(change, discard)
  return { type: 'done' }
}

function removeFiles(change: Change, discard?: true): void {
  change.must.push({
    key: 'remove-files',
    effect: { type: 'remove-files', ...(discard === undefined ? {} : { discard }) },
  })
}

/** What became of what the session owned. */
export function filesRemoved(change: Change): SessionReply {
  change.settle.push('remove-files')
  const { lifecycle } = change.state
  if (lifecycle.type === 'deleted') set(change, 'lifecycle', { type: 'deleted', at: lifecycle.at })
  return { type: 'done' }
}

/** For whoever asks for a session that was deleted. */
export function deletedSentence({ lifecycle }: SessionState): string {
  const left = lifecycle.type === 'deleted' ? lifecycle.leftBecause : undefined
  return left === undefined ? 'This session was deleted.' : `This session was deleted. ${left}`
}
