/**
 * Deleting: wins over everything, at any moment.
 *
 * - S-13 What is deleted stays deleted: the runner is ended, what the session owned on disk is removed, and a
 *   tombstone answers whoever comes later. Both are effects that must happen, so a restart does not forget them.
 */
import { emptyOutgoing } from '@belay/channel'
import type { Change } from './change.ts'
import type { SessionReply } from './input.ts'
import { releaseRunner } from './preparation.ts'
import { initialState } from './state.ts'

export function remove(change: Change): SessionReply {
  const { head, runner, turn, settings } = change.state
  releaseRunner(change)
  const blank = initialState()
  change.state = {
    ...blank,
    head,
    lifecycle: { type: 'deleted', at: change.now },
    // The workspace stays known until its files are removed; what people typed does not.
    settings: { ...settings, title: '' },
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
