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
import { nextPrompt } from './undecided.ts'

/** Nobody has touched it for so long that its owner wants it gone, what failed in it and what it holds back included. */
export function expire(change: Change, before: number): SessionReply {
  const { lifecycle, turn, changes } = change.state
  const isWorking = turn.type === 'active' || nextPrompt(change.state) !== undefined
  const busy = isWorking || restoreUnderWay(change.state) !== undefined || changes.type === 'due'
  const isAtRest =
    lifecycle.type === 'attention' ? turn.type === 'none' : lifecycle.type === 'ready' && !busy
  if (!isAtRest || touchedAt(change.state) >= before) return ignore('it is in use')
  return remove(change)
}

/** When something last happened in it, of what has a date. */
function touchedAt({ lifecycle, last, settings, queue }: SessionState): number {
  return Math.max(
    settings.createdAt,
    last.type === 'ended' ? last.endedAt : 0,
    lifecycle.type === 'attention' ? (lifecycle.since ?? 0) : 0,
    ...queue.map(({ at }) => at),
  )
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
