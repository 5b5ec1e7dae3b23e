import { limits } from '@belay/protocol'
import { createdSession } from '@belay/testing'
import { expect, test } from 'vitest'
import { viewOf } from './view.ts'

test('[S-120] a session that shares its folder says so once in its log, and to viewers until the other is gone', () => {
  const s = createdSession('do it')
  expect(viewOf(s.state, 's1').sharedWith).toBeUndefined()
  const shared = { type: 'folder-shared', session: 'other', title: 'Other' } as const
  expect(s.input(shared)).toEqual({ type: 'done' })
  // Told again, after a start of the server say: nothing new.
  expect(s.input(shared)).toMatchObject({ type: 'ignored' })
  expect(s.events.filter(({ type }) => type === 'folder-shared')).toMatchObject([
    { session: 'other', title: 'Other' },
  ])
  expect(viewOf(s.state, 's1').sharedWith).toEqual([{ id: 'other', title: 'Other' }])
  expect(s.input({ type: 'folder-freed', session: 'other' })).toEqual({ type: 'done' })
  expect(s.input({ type: 'folder-freed', session: 'other' })).toMatchObject({ type: 'ignored' })
  expect(viewOf(s.state, 's1').sharedWith).toBeUndefined()
})

test('[S-120] of very many sessions in one folder some are named, and the others add nothing to the log', () => {
  const s = createdSession('do it')
  for (let n = 0; n < limits.sharedSessionsMax + 5; n++)
    s.input({ type: 'folder-shared', session: `other-${n}`, title: 'Other' })
  expect(viewOf(s.state, 's1').sharedWith).toHaveLength(limits.sharedSessionsMax)
  const told = s.events.filter(({ type }) => type === 'folder-shared')
  expect(told).toHaveLength(limits.sharedSessionsMax)
})

test('[S-121] what is done with a worktree is part of the effect that removes files: kept, unless a person discards it', () => {
  const removing = (discard?: true) => {
    const s = createdSession('do it')
    s.input({ type: 'delete', ...(discard === undefined ? {} : { discard }) })
    return s.effects.filter(({ type }) => type === 'remove-files')
  }
  expect(removing()).toEqual([{ type: 'remove-files' }])
  expect(removing(true)).toEqual([{ type: 'remove-files', discard: true }])
  // What stayed may be discarded later, and a second plain delete does nothing.
  const s = createdSession('do it')
  s.input({ type: 'delete' })
  expect(s.input({ type: 'delete' })).toEqual({ type: 'done' })
  expect(s.effects).toEqual([])
  expect(s.input({ type: 'delete', discard: true })).toEqual({ type: 'done' })
  expect(s.effects).toEqual([{ type: 'remove-files', discard: true }])
  expect(s.state.lifecycle.type).toBe('deleted')
})
