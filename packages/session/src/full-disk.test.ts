/** The disk beside an agent is full: that is what is waited for, and not the agent. */
import { deadlines } from '@belay/protocol'
import { runningTurn, type Scenario, statusOf } from '@belay/testing'
import { viewOf, whyOf } from '@belay/session'
import { expect, test } from 'vitest'

const message = 'The disk of /data is full. Free some space, and all goes on by itself.'
const full = { type: 'warning', code: 'disk-full', message } as const
const said = { type: 'text', turn: 1, text: 'on we go' } as const
const quiet = deadlines.turnQuietMs + 1000

function sentences(s: Scenario): readonly string[] {
  const proofs = { serverSince: s.now, linkHeardAt: s.now, runner: undefined }
  return [
    viewOf(s.state, s.id).why,
    whyOf(s.state, s.now, { id: s.id, deadlines, proofs }).sentence,
  ]
}

test('[S-178] a full disk is said until something is written again, and its silence is not the agent’s', () => {
  const s = runningTurn()
  s.report(said, full)
  expect(sentences(s)).toEqual([message, message])
  s.wait(quiet)
  s.input({ type: 'alarm' })
  expect(statusOf(s)).toBe('working')
  s.report(said)
  expect(sentences(s)[0]).toBe('The agent is working.')
  // From here on it is the agent again that is silent.
  s.wait(quiet)
  s.input({ type: 'alarm' })
  expect(viewOf(s.state, s.id).lastTurn).toMatchObject({ code: 'no-progress' })
})
