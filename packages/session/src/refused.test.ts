/** What the world refuses for now, as the session tells it. */
import { createdSession, runningTurn } from '@belay/testing'
import { expect, test } from 'vitest'
import { viewOf } from './view.ts'

const message = 'EPERM: operation not permitted, unlink /data/workspaces/s1/x'

test('[S-13] [K-50] a deleted session says what of it could not be removed yet, until it is', () => {
  const s = runningTurn()
  s.input({ type: 'delete' })
  s.input({ type: 'effect-refused', what: 'remove-files', message })
  expect(s.input({ type: 'interrupt', turn: 1 })).toMatchObject({
    type: 'refused',
    refusal: { code: 'session-deleted', message: expect.stringContaining(message) },
  })
  expect(s.outbox.has('remove-files'), 'it is still to be done').toBe(true)
  s.input({ type: 'files-removed' })
  expect(s.outbox.has('remove-files')).toBe(false)
  expect(s.input({ type: 'interrupt', turn: 1 })).toMatchObject({
    refusal: { message: 'This session was deleted.' },
  })
})

test('[K-50] a session that is there has the word in its log, and goes on', () => {
  const s = createdSession('do it')
  const before = viewOf(s.state, 's1').status
  s.input({ type: 'effect-refused', what: 'start-runner', message: 'spawn EAGAIN' })
  expect(s.events.at(-1)).toMatchObject({
    type: 'warning',
    code: 'effect-refused',
    message:
      'Belay’s process beside the agent could not be started yet: spawn EAGAIN. It is tried again by itself.',
  })
  expect(viewOf(s.state, 's1').status).toBe(before)
})
