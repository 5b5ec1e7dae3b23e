import { eventSchema, type Report, type SessionEvent } from '@belay/protocol'
import { createdSession, runningTurn } from '@belay/testing'
import { describe, expect, test } from 'vitest'
import { attachmentsGone, trimPoint } from './trim.ts'

/** A session of two turns, the second prompt waiting while the first runs, then a third that runs. */
function story(): SessionEvent[] {
  const s = runningTurn()
  const stop = (turn: number) => s.report({ type: 'turn-finished', turn, stopReason: 'end_turn' })
  stop(1)
  s.prompt('p2')
  s.report({ type: 'turn-taken', turn: 2 })
  s.prompt('p3')
  stop(2)
  s.report({ type: 'turn-taken', turn: 3 })
  return s.events.map((event) => eventSchema.parse(event))
}

const events = story()
const seqOf = (type: string, turn: number) =>
  events.find((event) => event.type === type && 'turn' in event && event.turn === turn)?.seq ?? 0
const last = events.at(-1)?.seq ?? 0

describe('the point to cut a log at', () => {
  test('[S-54] is the end of a turn that nothing reaches across', () => {
    expect(trimPoint(events, { events: 1 }, last)).toBe(seqOf('turn-ended', 1))
    // The third prompt was accepted before the end of the second turn, and runs now.
    expect(seqOf('turn-ended', 2)).toBeLessThan(last - 1)
  })

  test('[S-54] is nowhere in what is to be kept, by number or by time', () => {
    const end = seqOf('turn-ended', 1)
    expect(trimPoint(events, { events: last - end }, last)).toBe(end)
    expect(trimPoint(events, { events: last - end + 1 }, last)).toBeLessThan(end)
    expect(trimPoint(events, { events: last }, last)).toBeUndefined()
    expect(trimPoint(events, {}, last)).toBeUndefined()
    const at = events.find(({ seq }) => seq === end)?.at ?? 0
    expect(trimPoint(events, { since: at + 1 }, last)).toBeGreaterThanOrEqual(end)
    expect(trimPoint(events, { since: 0 }, last)).toBeUndefined()
  })

  test('[S-54] is never in a preparation, and never the last event', () => {
    const s = createdSession('do it')
    const created = s.events.map((event) => eventSchema.parse(event))
    expect(created.map(({ type }) => type)).toEqual([
      'session-created',
      'prompt-accepted',
      'preparation-started',
    ])
    expect(trimPoint(created, { events: 1 }, 3)).toBe(1)
    expect(trimPoint(created.slice(0, 1), { since: Infinity }, 1)).toBeUndefined()
  })
})

test('[S-54] a session cuts its log and nothing else, and keeps its last event', () => {
  const s = runningTurn()
  const before = s.state
  expect(s.input({ type: 'trim', through: s.state.head.seq })).toMatchObject({ type: 'ignored' })
  expect(s.input({ type: 'trim', through: s.state.head.seq - 1 })).toEqual({ type: 'done' })
  expect(s.state).toEqual(before)
})

describe('what came with a prompt', () => {
  /** Its first turn went well, its second failed; each prompt brought something. */
  function attached() {
    const s = createdSession()
    s.linkRunner()
    const run = (turn: number, finished: Partial<Extract<Report, { type: 'turn-finished' }>>) => {
      const promptId = `p${turn}`
      const file = { id: `a${turn}`, name: 'x.txt', type: 'text/plain', bytes: 1, data: 'eA==' }
      const prompt = { promptId, text: promptId, digest: promptId, attachments: [file] }
      s.input({ type: 'prompt-submitted', prompt })
      s.report({ type: 'turn-taken', turn }, { type: 'turn-finished', turn, ...finished })
      s.report({ type: 'turn-changes', turn, files: [], patch: '' })
    }
    run(1, { stopReason: 'end_turn' })
    run(2, { error: { code: 'agent-error', message: 'No.' } })
    const kept = () => [...s.rows.keys()].filter((key) => key.startsWith('attachment:'))
    const log = () => s.events.map((event) => eventSchema.parse(event))
    expect(kept()).toEqual(['attachment:a1', 'attachment:a2'])
    return { s, kept, log }
  }

  test('[S-190] goes with the events that tell of it, unless the prompt can still be sent again', () => {
    const { s, kept, log } = attached()
    const { seq: end } = s.state.head
    expect(attachmentsGone(log(), 1)).toEqual([])
    const attachments = attachmentsGone(log(), end)
    expect(attachments).toEqual([
      { id: 'a1', turn: 1 },
      { id: 'a2', turn: 2 },
    ])
    expect(s.input({ type: 'trim', through: end - 1, last: end, attachments })).toEqual({
      type: 'done',
    })
    expect(kept()).toEqual(['attachment:a2'])
  })

  test('[S-190] stays while a prompt that was sent again names it, also one that came since it was looked', () => {
    const { s, kept, log } = attached()
    const { seq: end } = s.state.head
    const attachments = attachmentsGone(log(), end)
    s.input({ type: 'turn-resolved', turn: 2, action: 'send-again', promptId: 'p3' })
    expect(s.input({ type: 'trim', through: end - 1, last: end, attachments })).toMatchObject({
      type: 'ignored',
    })
    expect(kept()).toHaveLength(2)
    expect(attachmentsGone(log(), end)).toEqual([{ id: 'a1', turn: 1 }])
  })
})
