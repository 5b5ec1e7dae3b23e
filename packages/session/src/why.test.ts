/** One sentence for every state, and the last proof of life of each hop. */
import { deadlines, type HopState, type Report } from '@belay/protocol'
import { type Proofs, whyOf } from '@belay/session'
import { createdSession, runningTurn, type Scenario, unchanged } from '@belay/testing'
import { expect, test } from 'vitest'

const text: Report = { type: 'text', turn: 1, text: 'words' }
const exited = { type: 'runner-exited', generation: 1, code: 1, signal: undefined } as const
const minute = 60_000

function handedOver(): Scenario {
  const s = createdSession('do it')
  s.linkRunner()
  return s
}
function running(...reports: Report[]): Scenario {
  const s = runningTurn()
  s.report(...reports)
  return s
}
function ended(...reports: Report[]): Scenario {
  const end: Report = { type: 'turn-finished', turn: 1, stopReason: 'end_turn' }
  return running(...reports, end, unchanged(1))
}

/** What was done, how long ago, and the whole sentence. */
const table: readonly (readonly [string, () => Scenario, number, string])[] = [
  [
    'a new session',
    () => createdSession('do it'),
    4000,
    'Starting Belay’s process beside the agent. It is given up in 26 s.',
  ],
  [
    'a clone',
    () => {
      const s = createdSession('do it')
      s.input({ type: 'runner-hello', generation: 1, received: 0 })
      s.report({ type: 'step', step: 'clone', status: 'started' })
      return s
    },
    3 * minute,
    'Cloning the repository. The step began 3 min ago. It is given up in 9 min.',
  ],
  [
    'a failed preparation',
    () => {
      const s = createdSession('do it')
      s.input({ type: 'runner-start-failed', generation: 1, message: 'No memory.' })
      return s
    },
    minute,
    'No memory. It waits for a person: retry, or send a prompt.',
  ],
  [
    'a prompt on its way',
    handedOver,
    30_000,
    'The prompt was handed over 30 s ago, and the agent has not taken it yet. Without a sign it is given up in 60 s.',
  ],
  ['a busy agent', () => running(text), 2000, 'The agent is working; its last sign was 2 s ago.'],
  [
    'a silent agent',
    () => running(text),
    3 * minute,
    'The agent has been silent for 3 min; no tool is running and nobody is asked. Without a sign it is given up in 4 min.',
  ],
  [
    'a tool',
    () =>
      running({ type: 'tool', turn: 1, toolCallId: 't', status: 'in_progress', title: 'npm test' }),
    10 * minute,
    'The tool “npm test” has been running for 10 min. Without a sign it is given up in 24 h.',
  ],
  [
    'a question',
    () =>
      running({
        type: 'permission-asked',
        turn: 1,
        permissionId: 'a',
        title: 'Write it',
        options: [],
      }),
    60 * minute,
    'Waiting for you: Write it (asked 60 min ago). The agent hears that nobody answers in 23 h.',
  ],
  [
    'a stop',
    () => {
      const s = running(text)
      s.input({ type: 'interrupt', turn: 1 })
      return s
    },
    3000,
    'The agent was asked to stop. It is ended in 7 s.',
  ],
  [
    'a lost runner',
    () => {
      const s = running(text)
      s.input({ type: 'runner-link-lost', generation: 1 })
      return s
    },
    4000,
    'Connection to the agent lost 4 s ago. Waiting 6 s more; the agent’s output is kept.',
  ],
  [
    'an idle session',
    () => ended(text),
    10 * minute,
    'Waiting for the next prompt; without one the agent is let go in 20 min.',
  ],
  [
    'one that sleeps',
    () => {
      const s = ended(text)
      s.ring()
      return s
    },
    minute,
    'Asleep; the next prompt wakes the agent with its conversation.',
  ],
  [
    'one that was cut off',
    () => {
      const s = running(text)
      s.input(exited)
      return s
    },
    minute,
    'Decide about turn 1: Cut off: Belay’s process beside the agent ended, and the agent with it. It ended 60 s ago: continue, send it again, or leave it.',
  ],
  [
    'one in doubt',
    () => {
      const s = running()
      s.input(exited)
      return s
    },
    minute,
    'Decide about turn 1: The prompt may not have arrived: the agent was lost before it gave a sign of it. It ended 60 s ago: continue, send it again, or leave it.',
  ],
  [
    'what a turn changed',
    () => running(text, { type: 'turn-finished', turn: 1, stopReason: 'end_turn' }),
    1000,
    'Waiting for the next prompt; what turn 1 changed is being looked at.',
  ],
  [
    'a prompt behind what a turn changed',
    () => {
      const s = running(text, { type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
      s.prompt('p2')
      return s
    },
    1000,
    'The prompt is next, after it was looked at what turn 1 changed. Without a sign it is given up in 89 s.',
  ],
  [
    'a runner that closes',
    () => {
      const s = ended(text)
      s.report({ type: 'closing', reason: 'asked' })
      s.prompt('p2')
      return s
    },
    1000,
    'The agent is being let go; the next prompt starts it again.',
  ],
]

const why = (s: Scenario, proofs: Partial<Proofs> = {}) =>
  whyOf(s.state, s.now, {
    id: s.id,
    deadlines,
    proofs: { serverSince: s.now - minute, linkHeardAt: undefined, runner: undefined, ...proofs },
  })

test.each(table)(
  '[S-33] %s is explained in one sentence with its times',
  (_name, start, ms, sentence) => {
    const s = start()
    s.wait(ms)
    expect(why(s).sentence).toBe(sentence)
  },
)

test('[S-33] each hop tells its last proof of life', () => {
  const s = running(text, { type: 'tool', turn: 1, toolCallId: 't', status: 'in_progress' })
  s.wait(30_000)
  const runner = { pid: 77, since: s.now - 5 * minute }
  const told = why(s, { linkHeardAt: s.now - 2000, runner })
  const states = (hops: readonly HopState[]) => hops.map(({ hop, state }) => [hop, state])
  expect(states(told.hops)).toEqual([
    ['server', 'alive'],
    ['link', 'alive'],
    ['runner', 'alive'],
    ['agent', 'alive'],
    ['tool', 'waited-for'],
    ['person', 'idle'],
    ['model', 'idle'],
  ])
  expect(told.hops.map(({ at }) => (at === undefined ? undefined : s.now - at))).toEqual([
    minute,
    2000,
    5 * minute,
    30_000,
    30_000,
    undefined,
    30_000,
  ])
  s.report({ type: 'agent-exited', agentGeneration: 1, code: 1, expected: false, stderr: [] })
  s.input({ type: 'runner-link-lost', generation: 1 })
  s.wait(minute)
  expect(states(why(s).hops).slice(1, 4)).toEqual([
    ['link', 'gone'],
    ['runner', 'gone'],
    ['agent', 'gone'],
  ])
})
