import { expect, test } from 'vitest'
import { deadlines, limits, stepBounds } from './limits.ts'

test('[P-3] every limit is a whole number above nothing, and its name ends with its unit and Max or Min', () => {
  for (const [name, value] of Object.entries(limits)) {
    expect(name).toMatch(
      /(^notes|[a-z](Bytes|Chars|Ms|Lines|Args|Prompts|Open|Kept|Events|Sessions|Files|Turns|Choices|Variables|Servers|Taken))M(ax|in)$/,
    )
    expect(Number.isSafeInteger(value) && value > 0, name).toBe(true)
  }
  for (const [name, value] of Object.entries(deadlines)) {
    expect(name).toMatch(/Ms$/)
    expect(Number.isSafeInteger(value) && value > 0, name).toBe(true)
  }
})

test('[P-4] what is let in fits into what carries it', () => {
  // Room for the stamps and names around a prompt, an event or a page.
  const envelopeBytes = 4096
  expect(limits.promptBytesMax + envelopeBytes).toBeLessThan(limits.requestBytesMax)
  // A prompt that JSON has to escape grows, but never beyond the request it came in.
  expect(limits.requestBytesMax + envelopeBytes).toBeLessThan(limits.frameBytesMax)
  expect(limits.eventBytesMax + envelopeBytes).toBeLessThan(limits.frameBytesMax)
  expect(limits.patchBytesMax + limits.changedFilesBytesMax + envelopeBytes).toBeLessThan(
    limits.eventBytesMax,
  )
  // A view holds the steps of a preparation with their tails, escaped.
  const tails = limits.tailBytesMax + limits.setupLinesMax * limits.tailKeptBytesMax
  expect(tails * 6 + limits.setupLinesMax * limits.setupCharsMax).toBeLessThan(
    limits.frameBytesMax / 2,
  )
  expect(limits.pageBytesMax + envelopeBytes).toBeLessThan(limits.frameBytesMax)
  expect(limits.joinBytesMax * 6 + envelopeBytes).toBeLessThan(limits.eventBytesMax)
  expect(limits.windowBytesMax).toBeGreaterThanOrEqual(limits.frameBytesMax)
  expect(limits.spoolBytesMax).toBeGreaterThan(limits.windowBytesMax)
})

test('[P-5] deadlines do not outrun those they lie within', () => {
  // The runner ends a deaf agent before the session ends the turn without it.
  expect(deadlines.cancelMs).toBeLessThan(deadlines.interruptMs)
  expect(deadlines.dialMs).toBeLessThan(deadlines.prepareMs)
  expect(deadlines.turnStartMs).toBeLessThan(deadlines.turnMs)
  expect(deadlines.turnQuietMs).toBeLessThan(deadlines.turnMs)
  // The runner names the step that takes too long before the session gives the whole preparation up.
  for (const name of stepBounds) expect(deadlines[name], name).toBeLessThan(deadlines.prepareMs)
  expect(deadlines.checkpointMs).toBeLessThan(deadlines.turnStartMs)
  expect(deadlines.checkpointMs + deadlines.finishMs).toBeLessThan(deadlines.turnQuietMs)
})
