import { expect, test } from 'vitest'
import { linkChanged, linkWords, quietMs } from './link-words.ts'

const open = { state: 'open', attempt: 0 } as const
const connecting = { state: 'connecting', attempt: 0 } as const

test('[W-9] nothing is said before two seconds, whatever the line tries in between', () => {
  const up = linkChanged(undefined, open, 0)
  const lost = linkChanged(up, connecting, 1000)
  const waiting = linkChanged(lost, { state: 'waiting', attempt: 1, nextAt: 1700 }, 1200)
  expect(linkWords(up, 99_000)).toBeUndefined()
  expect(linkWords(lost, 1000)).toBeUndefined()
  // Counted from the loss, not from the last try.
  expect(linkWords(waiting, 1000 + quietMs - 1)).toBeUndefined()
  expect(linkWords(waiting, 1000 + quietMs)).toBeDefined()
  expect(linkWords(linkChanged(waiting, open, 3500), 3500)).toBeUndefined()
})

test('[W-9] a line that is closed for good is no interruption', () => {
  const over = linkChanged(linkChanged(undefined, connecting, 0), { state: 'over', attempt: 0 }, 10)
  expect(linkWords(over, 99_000)).toBeUndefined()
})

test('[W-10] waiting counts down and can be cut short; trying cannot', () => {
  const waiting = linkChanged(undefined, { state: 'waiting', attempt: 4, nextAt: 10_000 }, 0)
  expect(linkWords(waiting, 5100)).toMatchObject({
    text: 'Server away · reconnecting in 5 s',
    canRetry: true,
  })
  expect(linkWords(waiting, 9900)).toMatchObject({ text: 'Server away · reconnecting in 1 s' })
  expect(linkWords(linkChanged(waiting, connecting, 10_000), 10_000)).toMatchObject({
    canRetry: false,
  })
})
