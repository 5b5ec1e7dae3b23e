import type { EventOf, SessionEvent } from '@belay/protocol'
import { expect, test } from 'vitest'
import { applyFrame, emptyTranscript } from './view.ts'
import { itemsOf } from './item-list.ts'
import { nothingTakenBack, takeBack } from './taken-back.ts'

type To = EventOf<'restored'>['to']

/** Restores, each with the turns that had ended by then. @returns the turns that are gone */
function gone(...restores: readonly (readonly [turn: number, to: To, turns: number])[]) {
  const state = restores.reduce(
    (before, [turn, to, turns]) => takeBack(before, { turn, to }, turns),
    nothingTakenBack,
  )
  return [...state.gone.keys()].toSorted((a, b) => a - b)
}

test('[V-161] a restore takes back the turns after the time it names, and an undo brings them back', () => {
  expect(gone([2, 'before', 3])).toEqual([2, 3])
  expect(gone([2, 'after', 3])).toEqual([3])
  expect(gone([2, 'before', 3], [2, 'undo', 3])).toEqual([])
  expect(gone([2, 'before', 3], [2, 'undo', 3], [2, 'undo', 3])).toEqual([2, 3])
})

test('[V-161] what was taken back earlier stays so, unless the restore goes to when it was there', () => {
  // Turn 4 began without 2 and 3.
  expect(gone([2, 'before', 3], [4, 'before', 4])).toEqual([2, 3, 4])
  expect(gone([2, 'before', 3], [3, 'after', 4])).toEqual([4])
  expect(gone([2, 'before', 3], [1, 'after', 4])).toEqual([2, 3, 4])
})

test('[V-161] an undo after another turn leaves what that turn did', () => {
  expect(gone([2, 'before', 3], [4, 'undo', 4])).toEqual([])
  expect(gone([1, 'after', 3], [3, 'after', 3], [3, 'undo', 4])).toEqual([2, 3])
})

test('[V-161] the changes of a turn carry it, however late they are told', () => {
  const ended = (seq: number, turn: number) =>
    ({
      seq,
      at: seq,
      type: 'turn-ended',
      turn,
      promptId: `p${turn}`,
      outcome: 'completed',
      code: 'end-turn',
      sentence: '',
      reached: 'yes',
      retryable: false,
      action: '',
      fault: 'none',
    }) as const
  const changes = (seq: number, turn: number): SessionEvent => ({
    ...{ seq, at: seq, type: 'turn-changes', turn },
    ...{ files: [], patch: '' },
  })
  const restored = (seq: number, to: To, stayed?: number) =>
    ({ seq, at: seq, type: 'restored', turn: 1, to, files: 1, stayed }) as const
  let transcript = applyFrame(emptyTranscript(), {
    type: 'events',
    events: [changes(1, 1), ended(2, 1), ended(3, 2), restored(4, 'before', 1), changes(5, 2)],
  })
  const shown = () =>
    itemsOf(transcript.items).flatMap((item) =>
      item.type === 'changes' ? [[item.turn, item.takenBack]] : [],
    )
  expect(shown()).toEqual([
    [1, 'part'],
    [2, 'part'],
  ])
  transcript = applyFrame(transcript, { type: 'events', events: [restored(6, 'undo')] })
  expect(shown()).toEqual([
    [1, undefined],
    [2, undefined],
  ])
})
