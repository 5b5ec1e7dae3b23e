import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heard, livenessPolicy, livenessStart, tick, type Verdict } from './liveness.ts'

const { tickMs, pingMs, deadMs, lagMs } = livenessPolicy

/** Verdicts of punctual ticks after `start`, nothing heard. */
function silence(ticks: number): Verdict[] {
  let state = livenessStart(0)
  return Array.from({ length: ticks }, (_, index) => {
    const next = tick(livenessPolicy, state, (index + 1) * tickMs)
    state = next.state
    return next.verdict
  })
}

test('[C-5] silence is asked about before it is believed', () => {
  const verdicts = silence(deadMs / tickMs)
  const asked = verdicts.indexOf('ping')
  expect((asked + 1) * tickMs).toBe(pingMs)
  expect((verdicts.indexOf('dead') + 1) * tickMs).toBe(deadMs)
  expect(verdicts.slice(0, asked).every((verdict) => verdict === 'fine')).toBe(true)
})

test('[C-5] any byte is proof of life', () => {
  let state = livenessStart(0)
  for (let now = tickMs; now <= 100 * tickMs; now += tickMs) {
    if (now % (4 * tickMs) === 0) state = heard(state, now - 1)
    const next = tick(livenessPolicy, state, now)
    state = next.state
    expect(next.verdict).toBe('fine')
  }
})

test('[C-6] the silence of a late tick is not counted', () => {
  const start = livenessStart(0)
  const slept = tick(livenessPolicy, start, 3_600_000)
  expect(slept.verdict).toBe('fine')
  // A tick that is late by less than that is an ordinary one.
  const bit = tick({ ...livenessPolicy, pingMs: tickMs + lagMs }, start, tickMs + lagMs)
  expect(bit.verdict).toBe('ping')
})

test('[C-6] what was heard right after a long sleep is not taken for heard in the future', () => {
  const wake = 3_600_000
  const { state } = tick(livenessPolicy, heard(livenessStart(0), wake - 5), wake)
  expect(state.heardAt).toBeLessThanOrEqual(wake)
  let verdict: Verdict = 'fine'
  let next = state
  for (let now = wake + tickMs; now <= wake + deadMs + tickMs; now += tickMs) {
    const step = tick(livenessPolicy, next, now)
    next = step.state
    verdict = step.verdict
  }
  expect(verdict).toBe('dead')
})

test('[C-5] [C-6] with any ticks, a link is judged dead only after it was asked', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: tickMs, max: tickMs + lagMs }) },
    { weight: 1, arbitrary: fc.integer({ min: tickMs, max: 100 * tickMs }) },
    { weight: 1, arbitrary: fc.constant('heard' as const) },
  )
  let deaths = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      let now = 0
      let asked = false
      let state = livenessStart(now)
      for (const next of steps) {
        if (next === 'heard') {
          state = heard(state, now)
          asked = false
          continue
        }
        now += next
        const ticked = tick(livenessPolicy, state, now)
        state = ticked.state
        expect(state.heardAt).toBeLessThanOrEqual(now)
        if (ticked.verdict === 'ping') asked = true
        if (ticked.verdict !== 'dead') continue
        deaths++
        expect(asked).toBe(true)
        return
      }
    }),
    { numRuns: 1000 },
  )
  expect(deaths).toBeGreaterThan(100)
})
