import type { AgentLink } from '@belay/protocol'
import { createdSession, runningTurn, type Scenario } from '@belay/testing'
import { viewOf, whyOf } from '@belay/session'
import { deadlines } from '@belay/protocol'
import { expect, test } from 'vitest'

const backoff: AgentLink = {
  state: 'backoff',
  generation: 2,
  since: 1_000_000,
  attempt: 2,
  attemptsMax: 4,
  nextRetryAt: 1_002_000,
  cause: { code: 'crash', title: 'The agent stopped (exit 1).', exit: { code: 1 } },
  canSend: 'queue',
  actions: ['restart-now', 'stop'],
  fence: 'process-tree',
}
const proofs = { serverSince: 0, linkHeardAt: undefined, runner: undefined }
const why = (s: Scenario) => whyOf(s.state, s.now, { id: s.id, proofs, deadlines }).sentence

function idle(): Scenario {
  const s = runningTurn()
  s.report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  return s
}

test('[S-80] the connection is in the view as it was told last, and in no event', () => {
  const s = idle()
  expect(viewOf(s.state, s.id).agentLink).toBeUndefined()
  const events = s.events.length
  s.report({ type: 'agent-link', link: backoff })
  s.report({ type: 'agent-link', link: { ...backoff, attempt: 3 } })
  expect(viewOf(s.state, s.id).agentLink).toEqual({ ...backoff, attempt: 3 })
  expect(s.events.length).toBe(events)
  expect(s.state.head.seq).toBe(events)
})

test('[S-80] the connection goes with its runner', () => {
  const s = idle()
  s.report({ type: 'agent-link', link: backoff })
  s.input({ type: 'runner-exited', generation: 1, code: 1, signal: undefined })
  expect(viewOf(s.state, s.id).agentLink).toBeUndefined()
})

test('[S-33] says when an agent that stopped is started again, and which try it is', () => {
  const s = idle()
  s.report({ type: 'agent-link', link: { ...backoff, nextRetryAt: s.now + 2000 } })
  expect(why(s)).toBe('The agent stopped (exit 1). It restarts in 2 s (2 of 4).')
  s.prompt('p2')
  expect(why(s)).toMatch(/^The agent stopped \(exit 1\)\. It restarts in 2 s \(2 of 4\)\. Without/)
})

test('[S-33] says that an agent is not started again by itself, and one that restarts', () => {
  const s = idle()
  s.report({ type: 'agent-link', link: { ...backoff, state: 'failed', canSend: 'no' } })
  expect(why(s)).toContain('The agent stopped (exit 1). It is not started again by itself')
  s.report({ type: 'agent-link', link: { ...backoff, state: 'starting' } })
  expect(why(s)).toContain('It is started again.')
  const notice = 'The agent takes longer than usual to start; it has 60 s for it.'
  s.report({ type: 'agent-link', link: { ...backoff, state: 'starting', notice } })
  expect(why(s)).toContain(`The agent stopped (exit 1). ${notice}`)
  s.report({ type: 'agent-link', link: { ...backoff, state: 'degraded' } })
  expect(why(s)).toContain('is being opened again')
  const { cause: _, ...well } = backoff
  s.report({ type: 'agent-link', link: { ...well, state: 'ready' } })
  expect(why(s)).toContain('Waiting for the next prompt')
})

test('[S-33] says that the first start of an agent takes long, while the session is prepared', () => {
  const s = createdSession()
  s.input({ type: 'runner-hello', generation: 1, received: 0 })
  s.report({ type: 'step', step: 'agent-start', status: 'started' })
  expect(why(s)).toContain('Starting the agent.')
  const notice = 'The agent takes longer than usual to start; it has 60 s for it.'
  const { cause: _, ...first } = { ...backoff, state: 'starting' as const, attempt: 0, notice }
  s.report({ type: 'agent-link', link: first })
  expect(why(s)).toContain(notice)
  expect(why(s)).not.toContain('given up')
  s.report({ type: 'step', step: 'agent-session', status: 'started' })
  const opening = {
    ...first,
    notice: 'The agent takes longer than usual to open the conversation.',
  }
  s.report({ type: 'agent-link', link: opening })
  expect(why(s)).toContain(opening.notice)
})

test('[S-131] says what the agent did not answer while it is started again, and at the end of it all', () => {
  const s = createdSession()
  s.input({ type: 'runner-hello', generation: 1, received: 0 })
  s.report({ type: 'step', step: 'agent-session', status: 'started' })
  s.wait(70_000)
  const title = 'The agent did not answer session/new within 60 s.'
  const mute = {
    ...backoff,
    state: 'starting' as const,
    cause: { code: 'timeout' as const, title },
  }
  s.report({ type: 'agent-link', link: mute })
  expect(why(s)).toContain(`${title} It is started again.`)
  expect(why(s)).not.toMatch(/The step began|longer than usual/)
  s.ring()
  expect(s.state.lifecycle).toMatchObject({
    problem: {
      code: 'prepare-timeout',
      message: `The preparation gave no sign for 12 min. The last that is known: ${title}`,
    },
  })
})

test('[S-81] a person can have the agent started again, in a turn too', () => {
  const s = runningTurn()
  expect(s.input({ type: 'agent-restart-asked' })).toEqual({ type: 'done' })
  expect(s.commands().at(-1)).toEqual({ type: 'restart-agent' })
})

test('[S-81] without a prepared runner there is nothing to restart', () => {
  const s = createdSession()
  expect(s.input({ type: 'agent-restart-asked' })).toMatchObject({
    refusal: { code: 'not-ready' },
  })
  const asleep = idle()
  asleep.input({ type: 'runner-exited', generation: 1, code: 0, signal: undefined })
  expect(asleep.input({ type: 'agent-restart-asked' })).toMatchObject({
    refusal: { code: 'nothing-to-retry' },
  })
  s.input({ type: 'runner-start-failed', generation: 1, message: 'no' })
  expect(s.input({ type: 'agent-restart-asked' })).toMatchObject({
    refusal: { code: 'not-ready' },
  })
})
