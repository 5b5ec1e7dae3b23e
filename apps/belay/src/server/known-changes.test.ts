/** Reading the log right after the end of a turn: a real host, and a runner that says what a test wants. */
import { loneSession } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { changesKnown } from './known-changes.ts'

test('[E-32] nothing is waited for while a turn runs, and what it changed once it has ended', async () => {
  const { host, id, prompt, report } = await loneSession('known-changes')
  try {
    await prompt('p1')
    await report({ type: 'turn-taken', turn: 1 })
    expect(changesKnown({ host, id })).toBeUndefined()
    await report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
    const waiting = changesKnown({ host, id })
    expect(waiting).toBeInstanceOf(Promise)
    expect(changesKnown({ host, id, turn: 1 })).toBeInstanceOf(Promise)
    expect(changesKnown({ host, id, turn: 2 }), 'of another turn').toBeUndefined()
    await report({ type: 'turn-changes', turn: 1, files: [], patch: '' })
    await waiting
    expect(changesKnown({ host, id })).toBeUndefined()
  } finally {
    host.stop()
  }
})
