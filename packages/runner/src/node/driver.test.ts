/** What of a runner's reports outlives the power of its machine. */
import { join } from 'node:path'
import type { AgentLink } from '@belay/protocol'
import { temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { Spool } from './spool.ts'
import { loneDriver, prepare } from './testing/lone-driver.ts'

/** Notes up to which report the disk was made to keep it all. */
class WatchedSpool extends Spool {
  synced = 0
  override sync(): void {
    super.sync()
    this.synced = this.last
  }
}

test('[R-43] that a prompt was handed over outlives the power, as does the end of its turn', async () => {
  const folder = temporaryFolder('runner')
  const path = join(folder, 'spool-1.log')
  const spool = new WatchedSpool(path, { bytesMax: 2 ** 20, rotateBytes: 2 ** 20 })
  const { driver, workspace } = loneDriver(folder, spool)
  const numberOf = (type: string) =>
    spool.read(0, 2 ** 20).find(({ json }) => json.includes(`"type":"${type}"`))?.n
  // An agent that never says a word: its part is played by this test.
  prepare(driver, workspace, {
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
  })
  await waitFor(() => numberOf('step') !== undefined, 'the workspace is looked at', 5000)
  await waitFor(
    () => spool.read(0, 2 ** 20).some(({ json }) => json.includes('"agent-start"')),
    'the agent is started',
    5000,
  )
  const ready = {
    agent: { name: 'mute', title: 'Mute', demo: false },
    agentSession: 'conversation',
    restored: 'new',
    folder: workspace,
    fence: 'process-tree',
  } as const
  driver.feed({ type: 'agent-ready', agentGeneration: 1, ready })
  const link: AgentLink = {
    state: 'ready',
    generation: 1,
    since: 1,
    attempt: 0,
    attemptsMax: 4,
    canSend: 'send',
    actions: [],
  }
  driver.feed({ type: 'agent-link', link, step: 'agent-session' })
  driver.feed({
    type: 'command',
    command: { type: 'prompt', turn: 1, promptId: 'p1', text: 'do it' },
  })
  await waitFor(() => numberOf('turn-taken') !== undefined, 'the prompt is handed over', 5000)
  expect(spool.synced).toBeGreaterThanOrEqual(numberOf('turn-taken') ?? Infinity)
  driver.feed({
    type: 'prompt-settled',
    agentGeneration: 1,
    turn: 1,
    settled: { stopReason: 'end_turn' },
  })
  await waitFor(() => numberOf('turn-finished') !== undefined, 'the turn is finished', 5000)
  expect(spool.synced).toBeGreaterThanOrEqual(numberOf('turn-finished') ?? Infinity)
  driver.kill()
})
