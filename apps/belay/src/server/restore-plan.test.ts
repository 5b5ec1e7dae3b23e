/** Waiting for a plan: a real host, and a runner that says what a test wants. */
import { deadlines, type Report } from '@belay/protocol'
import { restoreUnderWay } from '@belay/session'
import { type LoneSession, loneSession } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planMsMax, planOnceMade } from './restore-plan.ts'
import type { SessionHost } from './session-host.ts'

const point = { turn: 1, to: 'before' } as const
const plan = { ...point, back: [{ path: 'a', does: 'remove' as const }], stay: [] }

let session: LoneSession
let host: SessionHost
beforeEach(async () => {
  session = await loneSession('restore-plan')
  host = session.host
  await prompt('p1')
  await report({ type: 'turn-taken', turn: 1 })
  await report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
})
afterEach(() => host.stop())

function report(said: Report): Promise<void> {
  return session.report(said)
}

function prompt(promptId: string) {
  return session.prompt(promptId)
}

/** Asks for the plan, as the API does. */
async function asked(msMax = 60_000) {
  await host.submit('s1', { type: 'plan-restore', ...point })
  const answer = planOnceMade({ host, id: 's1', ...point, msMax })
  // What comes of it is looked at later.
  answer.catch(() => {})
  return { answer }
}

test('[E-31] all who asked for a plan get it once it is made, and who comes later at once', async () => {
  const waiting = [await asked(), await asked()]
  await report({ type: 'restore-planned', ...plan })
  for (const { answer } of waiting)
    // oxlint-disable-next-line no-await-in-loop
    expect(await answer).toEqual(plan)
  expect(await planOnceMade({ host, id: 's1', ...point, msMax: 1 })).toEqual(plan)
})

test('[E-31] who asked hears why there is no plan, whatever came between', async () => {
  const ends: readonly [() => Promise<unknown>, code: string, words: RegExp][] = [
    [
      () => report({ type: 'restore-failed', ...point, message: 'There is no checkpoint.' }),
      'not-restorable',
      /^There is no checkpoint\.$/,
    ],
    [
      // The next turn begins in the step that ends the planning.
      async () => {
        await prompt('p2')
        await report({ type: 'restore-planned', ...plan })
        await report({ type: 'turn-finished', turn: 2, stopReason: 'end_turn' })
      },
      'turn-running',
      /^Turn 2 has begun/,
    ],
    [
      () => host.submit('s1', { type: 'runner-exited', generation: 1, code: 1, signal: undefined }),
      'not-restorable',
      /beside the agent ended/,
    ],
  ]
  for (const [end, code, words] of ends) {
    // oxlint-disable-next-line no-await-in-loop
    const { answer } = await asked()
    // oxlint-disable-next-line no-await-in-loop
    await end()
    // oxlint-disable-next-line no-await-in-loop
    await expect(answer).rejects.toMatchObject({
      problem: { error: { code, message: expect.stringMatching(words) } },
    })
  }
})

test('[E-31] a plan that takes long is waited for no longer than the bound, and the session goes on', async () => {
  const { answer } = await asked(20)
  await expect(answer).rejects.toMatchObject({ problem: { error: { code: 'not-restorable' } } })
  const again = await asked()
  await report({ type: 'restore-planned', ...plan })
  expect(await again.answer).toEqual(plan)
})

test('[E-31] a plan is waited for as long as its runner may take, a checkpoint before it included', async () => {
  const before = Date.now()
  await host.submit('s1', { type: 'plan-restore', ...point })
  const deadline = restoreUnderWay(host.read('s1'))?.deadline ?? Infinity
  expect(deadline - before).toBeGreaterThan(deadlines.checkpointMs + deadlines.restoreMs)
  expect(before + planMsMax(deadlines)).toBeGreaterThan(deadline)
})

test('[E-31] a session that is deleted meanwhile has no plan', async () => {
  const { answer } = await asked()
  await host.submit('s1', { type: 'delete' })
  await expect(answer).rejects.toMatchObject({ status: 410 })
})
