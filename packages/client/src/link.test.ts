import { expect, test } from 'vitest'
import { viewerBeatMs } from '@belay/protocol'
import { type Hear, Link, type LinkState, silenceMsMax, viewerBackoff } from './link.ts'

/** A link on a clock that a test moves; lines are dialled into an array. */
function world() {
  let now = 0
  let timers: { at: number; run: () => void }[] = []
  const lines: { hear: Hear; hungUp: boolean }[] = []
  const states: LinkState[] = []
  const texts: string[] = []
  const platform = {
    now: () => now,
    random: () => 1,
    later(ms: number, run: () => void) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  const link = new Link({
    platform,
    dial(hear) {
      const line = { hear, hungUp: false }
      lines.push(line)
      return () => {
        line.hungUp = true
      }
    },
    onText: (text) => {
      texts.push(text)
      return undefined
    },
    onEnd: () => {},
    onLink: (state) => states.push(state),
  })
  function pass(ms: number): void {
    const until = now + ms
    for (;;) {
      const [next] = timers.toSorted((a, b) => a.at - b.at)
      if (next === undefined || next.at > until) break
      timers = timers.filter((timer) => timer !== next)
      now = next.at
      next.run()
    }
    now = until
  }
  const last = () => {
    const line = lines.at(-1)
    if (line === undefined) throw new Error('nothing was dialled')
    return line
  }
  return { link, lines, states, texts, pass, last }
}

test('[V-40] a line that was given up is hung up, and whatever it still says is ignored', () => {
  const { last, lines, texts, states } = world()
  const old = last()
  old.hear.text('from the first')
  old.hear.lost({ reason: 'cut' })
  expect(old.hungUp).toBe(true)
  old.hear.text('late')
  old.hear.lost({ reason: 'late' })
  expect(texts).toEqual(['from the first'])
  expect(lines).toHaveLength(1)
  expect(states.at(-1)).toMatchObject({ state: 'waiting', reason: 'cut' })
})

test('[V-41] after a steady line the first try is at once; then the waits grow up to the cap, for ever', () => {
  const { last, lines, states, pass } = world()
  last().hear.text('hello')
  pass(10_000)
  last().hear.lost({ reason: 'cut' })
  expect(lines).toHaveLength(2)
  const waits = Array.from({ length: 40 }, () => {
    last().hear.lost({ reason: 'refused' })
    const dialled = lines.length
    for (let ms = 0; ; ms += 1) {
      if (lines.length > dialled) return ms
      pass(1)
    }
  })
  // A server that is back after half a second is met within a tenth of one; one that stays away is asked every 5 s.
  expect(waits.slice(0, 8)).toEqual([50, 57, 66, 76, 87, 101, 116, 133])
  expect(waits.slice(-4)).toEqual([5000, 5000, 5000, 5000])
  expect(viewerBackoff.capMs).toBe(5000)
  expect(states.at(-1)).toMatchObject({ state: 'connecting', attempt: 40 })
})

test('[V-42] a server that opens and drops at once is not dialled in a tight loop', () => {
  const { last, lines, states } = world()
  last().hear.opened()
  last().hear.text('hello')
  last().hear.lost({ reason: 'cut' })
  expect(lines).toHaveLength(1)
  expect(states.at(-1)).toMatchObject({ state: 'waiting', attempt: 1, nextAt: 50 })
})

test('[V-43] a line without a sign of life for 17 s is given up, any sign keeps it', () => {
  const { last, lines, pass } = world()
  last().hear.text('hello')
  expect(silenceMsMax).toBeLessThan(2 * viewerBeatMs)
  pass(silenceMsMax - 1000)
  last().hear.alive()
  pass(silenceMsMax - 1000)
  expect(lines).toHaveLength(1)
  pass(1000)
  expect(lines).toHaveLength(2)
})

test('[V-43] a server that takes the connection and says nothing is given up after 15 s', () => {
  const { last, states, pass } = world()
  last().hear.opened()
  pass(14_000)
  expect(states.at(-1)?.state).toBe('connecting')
  pass(1000)
  expect(states.at(-1)).toMatchObject({
    state: 'waiting',
    reason: 'the server did not answer in time',
  })
})

test('[V-44] retrying now replaces a line that may be dead and shortens a wait', () => {
  const { link, last, lines, pass } = world()
  last().hear.text('hello')
  pass(11_000)
  link.retryNow()
  expect(lines).toHaveLength(1)
  pass(2000)
  link.retryNow()
  expect(lines.map((line) => line.hungUp)).toEqual([true, false])
  link.retryNow()
  expect(lines).toHaveLength(2)
  last().hear.lost({ reason: 'cut' })
  link.retryNow()
  expect(lines).toHaveLength(3)
})
