/** What a session says of a prompt when its runner did not have the last word. */
import { deadlines } from '@belay/protocol'
import { agentReady, createdSession, type Scenario } from '@belay/testing'
import { expect, test } from 'vitest'

/** A turn whose prompt is on its way to the runner, and nothing has been heard of it. */
function handedOver(): Scenario {
  const s = createdSession('do it')
  s.linkRunner()
  return s
}

const lost = { type: 'runner-link-lost', generation: 1 } as const
const silent = { type: 'runner-silent', generation: 1 } as const

const unheard: Record<string, readonly [string, (s: Scenario) => unknown]> = {
  'it is interrupted while its runner is away': [
    'interrupted',
    (s) => (s.input(lost), s.input({ type: 'interrupt', turn: 1 })),
  ],
  'its interrupt is not answered': [
    'interrupt-forced',
    (s) => (s.input({ type: 'interrupt', turn: 1 }), s.ring()),
  ],
  'its runner does not come back': ['in-doubt', (s) => (s.input(lost), s.ring(), s.input(silent))],
  'it is not taken in time': ['no-start', (s) => (s.wait(deadlines.turnStartMs), s.ring())],
}

test.each(Object.entries(unheard))(
  '[S-70] a prompt may have arrived when %s',
  (_, [code, happens]) => {
    const s = handedOver()
    happens(s)
    expect(s.events).toContainEqual(
      expect.objectContaining({ type: 'turn-ended', turn: 1, code, reached: 'maybe' }),
    )
  },
)

test('[S-70] a prompt has not arrived when its runner ended and had not taken it', () => {
  const s = handedOver()
  s.input({ type: 'runner-exited', generation: 1, code: undefined, signal: 'SIGKILL' })
  expect(s.events).toContainEqual(
    expect.objectContaining({ type: 'turn-ended', code: 'runner-exited', reached: 'no' }),
  )
})

test('[S-70] a prompt has not arrived when its runner says that the agent could not be started', () => {
  const s = createdSession('do it')
  s.linkRunner()
  s.report({
    type: 'turn-finished',
    turn: 1,
    error: { code: 'agent-start-failed', message: 'no' },
  })
  expect(s.events).toContainEqual(
    expect.objectContaining({ type: 'turn-ended', code: 'agent-start-failed', reached: 'no' }),
  )
  expect(s.events).toContainEqual(expect.objectContaining({ type: agentReady.type }))
})

test('[R-151] the end of a turn whose runner met a fault of its own says which', () => {
  const s = handedOver()
  s.report({ type: 'turn-taken', turn: 1 }, { type: 'text', turn: 1, text: 'so' })
  const fault = 'no space left on device'
  s.input({ type: 'runner-exited', generation: 1, code: 70, signal: undefined, fault })
  expect(s.events).toContainEqual(
    expect.objectContaining({
      type: 'turn-ended',
      code: 'runner-exited',
      detail: 'It met a fault of its own: no space left on device.',
    }),
  )
})
