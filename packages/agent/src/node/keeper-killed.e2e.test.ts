/** What is left of an agent when the process that keeps it is killed. */
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rudeAgent, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterEach, expect, test } from 'vitest'
import { type Fence, probeFence, processTree } from './fence.ts'
import { marked, sweepMarked } from './processes.ts'

const scope = `killed-test.${process.pid}.`

afterEach(async () => {
  await sweepMarked(scope)
})

/** A wrapper that relaunches itself; asked, the real one starts a tool in a session of its own and works on by itself. */
const manners = `
const work = (name) => setInterval(() => fs.appendFileSync(name, 'x'), 50)
methods['session/prompt'] = () => {
  spawn('setsid', ['sh', '-c', 'while :; do printf x >> tool; sleep 0.05; done'], { stdio: 'ignore', detached: true })
  work('agent')
  return later(1e6)
}
process.on('SIGTERM', () => {})
process.exit = () => {}
if (process.argv[2]) main()
else spawn(process.execPath, [__filename, 'again'], { stdio: 'inherit' })
`

/** A program that keeps the agent as a runner or an editor does, and has a prompt at work. */
function keeping(folder: string, marker: string, fence: Fence): string {
  const plan = { ...rudeAgent(folder, manners), cwd: folder, marker, version: '0' }
  const from = (name: string) => JSON.stringify(join(import.meta.dirname, name))
  return `
    import { Keeper } from ${from('keeper.ts')}
    import { acp } from ${from('acp.ts')}
    const nothing = () => {}
    const ears = { update: nothing, permission: nothing, permissionGone: nothing, note: nothing, offer: nothing, choiceRefused: nothing }
    const keeper = new Keeper({
      plan: () => ({ ...${JSON.stringify(plan)}, env: process.env, adapter: acp }),
      previous: undefined,
      fence: async () => (${JSON.stringify(fence)}),
      on: { agent: () => ears, step: nothing, ready: nothing, gone: nothing, changed: nothing },
    })
    keeper.start()
    const lease = await keeper.whenReady()
    await lease.connection.prompt('one')`
}

test.each([
  ['the best fence', probeFence],
  ['the walk of a tree', async () => processTree],
] as const)(
  '[M-16] kill -9 of the keeper leaves nothing after 3 s behind %s: no wrapper, no agent, no tool',
  async (name, fenceOf) => {
    const folder = temporaryFolder('keeper-killed')
    const marker = `${scope}1`
    const code = keeping(folder, marker, await fenceOf())
    const keeper = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const files = ['tool', 'agent'].map((file) => join(folder, file))
    await waitFor(() => files.every((file) => existsSync(file)), 'both to be at work', 20_000)
    // Not vacuous: the wrapper, the agent and the tool's shell are there.
    expect(marked(marker).length).toBeGreaterThanOrEqual(3)

    const from = performance.now()
    keeper.kill('SIGKILL')
    await waitFor(() => marked(marker).length === 0, 'the end of them all', 3000)
    console.log(`${name}: gone after ${(performance.now() - from).toFixed(0)} ms`)
    const sizes = () => files.map((file) => statSync(file).size)
    const before = sizes()
    await sleep(1000)
    expect(sizes()).toEqual(before)
    expect(marked(marker)).toEqual([])
  },
  40_000,
)
