/** Reading the log right after the end of a turn: a real host, and a runner that says what a test wants. */
import type { Report } from '@belay/protocol'
import { agentReady, creation } from '@belay/testing'
import { loneHost } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changesKnown } from './known-changes.ts'
import type { SessionHost } from './session-host.ts'

let host: SessionHost
let reported = 0
beforeEach(async () => {
  host = loneHost('known-changes')
  reported = 0
  await host.submit('s1', creation())
  await host.submit('s1', { type: 'runner-hello', generation: 1, received: 0 })
  await report(agentReady)
  const prompt = { promptId: 'p1', text: 'x', digest: 'p1' }
  await host.submit('s1', { type: 'prompt-submitted', prompt })
  await report({ type: 'turn-taken', turn: 1 })
})
afterEach(() => host.stop())

async function report(said: Report): Promise<void> {
  reported += 1
  const reports = [{ n: reported, json: JSON.stringify(said), report: said }]
  const frame = { type: 'runner-frame', generation: 1, acked: undefined, reports } as const
  expect(await host.submit('s1', frame)).toEqual({ type: 'stored', received: reported })
}

test('[E-32] nothing is waited for while a turn runs, and what it changed once it has ended', async () => {
  expect(changesKnown(host, 's1')).toBeUndefined()
  await report({ type: 'turn-finished', turn: 1, stopReason: 'end_turn' })
  const waiting = changesKnown(host, 's1')
  expect(waiting).toBeInstanceOf(Promise)
  await report({ type: 'turn-changes', turn: 1, files: [], patch: '' })
  await waiting
  expect(changesKnown(host, 's1')).toBeUndefined()
})
