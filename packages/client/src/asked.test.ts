/** What the questions of a turn say of its work: whether a tool ran, and who was waited for. */
import type { EventOf } from '@belay/protocol'
import { expect, test } from 'vitest'
import { toolMs, turnTimeWords } from './asked.ts'
import type { ToolItem, TurnEndItem } from './item.ts'
import { applyFrame, emptyTranscript, findItem, type Transcript } from './view.ts'

type Entry = Parameters<typeof told>[0][number]
const options = [
  { optionId: 'yes', name: 'Allow once', kind: 'allow_once' as const },
  { optionId: 'no', name: 'Reject', kind: 'reject_once' as const },
]
const ask = (permissionId: string) =>
  ({
    type: 'permission-asked',
    turn: 1,
    permissionId,
    title: 'rm',
    toolCallId: 't',
    options,
  }) as const
const asked = ask('a')
const settled = (optionId: string | undefined, by = 'web') =>
  ({
    type: 'permission-settled',
    permissionId: 'a',
    by,
    ...(optionId === undefined ? {} : { optionId }),
  }) as const
const tool = (status: EventOf<'tool'>['status']) =>
  ({ type: 'tool', turn: 1, toolCallId: 't', status }) as const
const ended = {
  type: 'turn-ended',
  turn: 1,
  promptId: 'p1',
  outcome: 'completed',
  code: 'end-turn',
  sentence: 'It ended.',
  reached: 'yes',
  retryable: false,
  action: 'none',
  fault: 'none',
} as const

/** @param entries what happened, a second after another from the start of the turn */
function told(
  entries: readonly (
    | typeof asked
    | ReturnType<typeof settled>
    | ReturnType<typeof tool>
    | typeof ended
  )[],
): Transcript {
  const started = { type: 'turn-started', turn: 1, promptId: 'p1', generation: 1 } as const
  const events = [started, ...entries].map((entry, index) => ({
    ...entry,
    seq: index + 1,
    at: index * 1000,
  }))
  return applyFrame(emptyTranscript(), { type: 'events', events })
}

const itemOf = (entries: readonly Entry[]): ToolItem => {
  const item = findItem(told(entries), 'tool:1:t')
  if (item?.type !== 'tool') throw new Error('there is no tool')
  return item
}
const toolOf = (entries: readonly Entry[]) => itemOf(entries).status

test('[V-172] a tool that nobody allowed did not run, whatever its agent calls that', () => {
  const rejected = [tool('pending'), asked, settled('no')]
  expect(toolOf([...rejected, tool('failed')])).toBe('not-run')
  expect(toolOf([...rejected, ended])).toBe('not-run')
  expect(toolOf([tool('pending'), asked, ended])).toBe('not-run')
  expect(toolOf([tool('pending'), asked, settled(undefined, 'interrupted'), ended])).toBe('not-run')
})

test('[V-172] one that was allowed, or not asked about, is told as its agent says', () => {
  const allowed = [tool('pending'), asked, settled('yes')]
  expect(toolOf([...allowed, tool('failed')])).toBe('failed')
  expect(toolOf([...allowed, tool('completed')])).toBe('completed')
  expect(toolOf([...allowed, ended])).toBe('unknown')
  expect(toolOf([tool('in_progress'), ended])).toBe('unknown')
  // An agent that runs it all the same is believed: it is the worse news.
  expect(toolOf([tool('pending'), asked, settled('no'), tool('completed')])).toBe('completed')
})

test('[V-173] the time of a turn is told as work and as waiting for a person', () => {
  const end = (entries: readonly Entry[]): TurnEndItem | undefined => {
    const item = findItem(told(entries), 'turn-end:1')
    return item?.type === 'turn-end' ? item : undefined
  }
  expect(end([tool('pending'), asked, settled('yes'), ended])).toMatchObject({
    durationMs: 4000,
    waitedMs: 1000,
  })
  // Two questions at once are one wait.
  expect(end([asked, ask('b'), settled('yes'), ended])).toMatchObject({ waitedMs: 3000 })
  expect(end([tool('completed'), ended])).toMatchObject({ durationMs: 2000, waitedMs: 0 })
})

test('[V-173] a wait that nobody noticed is no word of a turn’s time', () => {
  const seconds = (ms: number) => `${ms / 1000} s`
  const words = (durationMs: number | undefined, waitedMs: number) =>
    turnTimeWords({ durationMs, waitedMs }, seconds)
  expect(words(192_000, 180_000)).toBe('worked 12 s · waited 180 s for you')
  expect(words(12_000, 499)).toBe('12 s')
  expect(words(undefined, 0)).toBe(undefined)
})

test('[V-234] how long a person was asked about a tool is no time of its own', () => {
  const running = [tool('in_progress'), asked]
  expect(itemOf(running)).toMatchObject({ askingSince: 2000, waitedMs: 0, endedAt: undefined })
  const allowed = [...running, tool('in_progress'), settled('yes')]
  expect(itemOf(allowed)).toMatchObject({ askingSince: undefined, waitedMs: 2000 })
  expect(toolMs(itemOf(allowed))).toBe(undefined)
  expect(toolMs(itemOf([...allowed, tool('completed')]))).toBe(2000)
  // Asked about before it is told of, and asked twice.
  expect(toolMs(itemOf([asked, tool('pending'), settled('yes'), tool('completed')]))).toBe(1000)
  const twice = [tool('pending'), asked, ask('b'), settled('yes'), tool('completed')]
  expect(toolMs(itemOf(twice))).toBe(1000)
  expect(itemOf(twice).askingSince).toBe(undefined)
})

test('[V-234] a tool whose turn ends while a person is asked has had its time before the question', () => {
  expect(toolMs(itemOf([tool('in_progress'), asked, ended]))).toBe(1000)
  expect(toolMs(itemOf([tool('in_progress'), ended]))).toBe(1000)
})
