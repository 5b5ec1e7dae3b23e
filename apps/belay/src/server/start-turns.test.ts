/** Turns to start a runner, with the sessions played. */
import { waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { startsMax, StartTurns } from './start-turns.ts'

function turnsOf() {
  const dialled = new Set<string>()
  const begun: string[] = []
  const ending = new AbortController()
  const turns = new StartTurns({
    isStarting: (session) => !dialled.has(session),
    signal: ending.signal,
  })
  const take = (session: string, error?: Error) =>
    turns.take(session, async () => {
      begun.push(session)
      if (error !== undefined) throw error
    })
  return { dialled, begun, ending, take }
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `s${from + index}`)

test('[K-50] starts that fail for want of something that passes keep no turn from those that come after', async () => {
  const { begun, take } = turnsOf()
  const full = new Error('EAGAIN')
  for (const name of names(1, startsMax)) await expect(take(name, full)).rejects.toBe(full)
  // Each of them is tried again, and others come for the first time.
  const all = [...names(1, startsMax / 2), ...names(startsMax + 1, startsMax * 1.5)]
  await Promise.all(all.map((name) => take(name)))
  expect(begun).toEqual([...names(1, startsMax), ...all])
})

test('[K-50] whoever comes when all turns are taken waits until a runner dialled in, or the server ends', async () => {
  const { dialled, begun, ending, take } = turnsOf()
  await Promise.all(names(1, startsMax).map((name) => take(name)))
  const late = take('late')
  const never = take('never')
  const ended = never.then(
    () => 'it had its turn',
    (error: unknown) => String(error),
  )
  expect(begun).toEqual(names(1, startsMax))
  dialled.add('s3')
  await late
  await waitFor(() => begun.includes('late'), 'it has its turn', 5000)
  ending.abort()
  expect(await ended).toMatch(/abort/i)
  expect(begun).not.toContain('never')
})
