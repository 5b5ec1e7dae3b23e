/** The keeper with agent servers that live and do not answer. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, seedFromEnv, seedLine } from '@belay/testing'
import { rudeServer, temporaryFolder, waitFor } from '@belay/testing/node'
import { afterEach, expect, test } from 'vitest'
import type { ConnectionPolicy } from '../connection/policy.ts'
import type { ConnectionSnapshot } from '../connection/snapshot.ts'
import type { AgentExit } from '../exit.ts'
import { serverPolicy } from '../server/policy.ts'
import { agentServer } from './agent-server.ts'
import { processTree } from './fence.ts'
import { Keeper, type Lease } from './keeper.ts'
import { marked } from './processes.ts'
import { Heard } from './testing/heard.ts'

const marker = `keeper-server-test.${process.pid}.1`
/** The judgement of half a minute within some seconds. */
const quick = {
  ...serverPolicy,
  attachMs: 1500,
  silenceMs: 1250,
  probeMs: 250,
  probeWaitsMs: [100, 200],
  lagMsMax: 10_000,
}

let keeper: Keeper | undefined
let shown: ConnectionSnapshot[] = []
let exits: AgentExit[] = []
/** What carried the marker each time a process was about to be launched. */
let beside: number[] = []
let folder = ''

afterEach(async () => {
  await keeper?.dispose()
  const left = marked(marker)
  if (left.length > 0) throw new Error(`left behind: ${left.join(' ')}`)
})

async function keep(script: string, policy: Partial<ConnectionPolicy> = {}): Promise<Lease> {
  folder = temporaryFolder('keeper-server')
  shown = []
  exits = []
  beside = []
  const nothing = () => {}
  keeper = new Keeper({
    plan: () => {
      beside.push(marked(marker).length)
      return {
        ...rudeServer(folder, script),
        adapter: agentServer(quick),
        cwd: folder,
        env: process.env,
        marker,
        version: '0',
      }
    },
    previous: undefined,
    fence: async () => processTree,
    policy: { backoffMs: [50], ...policy },
    on: {
      agent: () => new Heard().on,
      step: nothing,
      ready: nothing,
      gone: (_, exit) => exits.push(exit),
      changed: (snapshot) => shown.push(snapshot),
    },
  })
  keeper.start()
  return lease()
}

async function lease(): Promise<Lease> {
  const end = await keeper?.whenReady()
  if (end === undefined || 'notReady' in end) throw new Error(JSON.stringify(end))
  return end
}

async function comesBack(): Promise<void> {
  await waitFor(() => keeper?.snapshot.generation === 2, 'the next process', 20_000)
  expect((await lease()).generation).toBe(2)
}

const hung = 'The agent hung: its process lived and answered no question.'

test('[M-13] [A-44] a server that accepts and never answers is hung, is told as that, and comes back', async () => {
  const first = await keep(`onPrompt = () => { deaf = true; beats = false; return 'none' }`)
  const answer = first.connection.prompt('one')
  await waitFor(() => first.signal.aborted, 'the end of the lease', 20_000)
  expect(await answer).toMatchObject({ failure: { code: 'agent-exited' } })
  await comesBack()
  const causes = shown.map(({ state, cause }) => [state, cause?.code])
  expect(causes).toContainEqual(['stopping', 'hung'])
  expect(causes).toContainEqual(['backoff', 'hung'])
  expect(shown.find(({ state }) => state === 'backoff')?.cause?.title).toBe(hung)
  expect(exits).toMatchObject([{ signal: 'SIGTERM', verdict: hung }])
}, 40_000)

test('[M-13] [A-44] a frozen server is hung and killed; one that was frozen for a moment goes on', async () => {
  const first = await keep(`onPrompt = () => {}`)
  const pid = first.connection.process.pid ?? 0
  process.kill(-pid, 'SIGSTOP')
  await sleep(2000)
  process.kill(-pid, 'SIGCONT')
  await sleep(2500)
  expect(keeper?.snapshot).toMatchObject({ state: 'ready', generation: 1 })

  process.kill(-pid, 'SIGSTOP')
  const from = performance.now()
  await waitFor(() => keeper?.snapshot.cause?.code === 'hung', 'the judgement', 20_000)
  console.log(
    `frozen → hung: ${((performance.now() - from) / 1000).toFixed(1)} s with short limits`,
  )
  await comesBack()
  expect(exits).toMatchObject([{ signal: 'SIGKILL', verdict: hung }])
}, 40_000)

test('[M-17] [M-18] a server that prints while it starts gets the time it needs and says that it takes long; a silent one does not', async () => {
  const policy = { startMs: 1500, startSignMs: 1500, startMsMax: 20_000, slowMs: 300 }
  const slow = `listening = async (line) => {
    for (let n = 0; n < 6; n++) { console.log('migrating ' + n); await later(600) }
    process.stdout.write(line)
  }`
  expect((await keep(slow, policy)).generation).toBe(1)
  const notices = shown.flatMap(({ notice }) => (notice === undefined ? [] : [notice]))
  expect(notices[0]).toMatch(/^The agent takes longer than usual to start; it has \d s for it\.$/)
  expect(keeper?.snapshot).toMatchObject({ state: 'ready', generation: 1 })
  expect(keeper?.snapshot.notice).toBeUndefined()
  await keeper?.dispose()

  const silent = keep(`listening = () => {}`, { ...policy, lossesMax: 0 })
  await expect(silent).rejects.toThrow('"code":"timeout"')
}, 40_000)

test('[M-14] 80 kills of a server at random moments: no prompt lost or doubled, one process at a time', async () => {
  const seed = seedFromEnv(process.env, Date.now())
  console.log(seedLine('kills of a server', seed))
  const random = seededRandom(seed)
  const kills = 80
  await keep(
    `const fs = require('node:fs')
    onPrompt = async ({ messageID, parts }) => {
      fs.appendFileSync('heard', messageID + ' ' + parts[0].text + '\\n')
      message('user', messageID); message('assistant', 'a1')
      await later(20)
      message('assistant', 'a1', { time: { completed: 1 }, finish: 'stop' }); say('session.idle')
    }`,
    { backoffMs: [5], lossesMax: 1e6, longLossesMax: 1e6, startDeathsMax: 1e6 },
  )
  const outcomes = new Map<string, string>()
  const over = new AbortController()
  const prompting = async () => {
    while (!over.signal.aborted) {
      const { connection } = await lease()
      const name = `p${outcomes.size + 1}`
      const answer = await connection.prompt(name)
      outcomes.set(name, 'ok' in answer ? 'ok' : answer.failure.code)
      await sleep(1)
    }
  }
  const work = prompting()
  const count = (outcome: string) => [...outcomes.values()].filter((one) => one === outcome).length
  // A busy machine spends most of them on starts: more follow, once it is ready, until some cut a prompt and some did not.
  const isEnough = () => count('agent-exited') > 5 && count('ok') > 10
  for (let killed = 0; killed < kills || (!isEnough() && killed < 5 * kills); killed++) {
    if (killed >= kills) await lease()
    await sleep(random.integer(0, killed < kills ? 350 : 60))
    const child = await waitFor(() => keeper?.connection?.process, 'a process', 10_000)
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await waitFor(() => keeper?.connection?.process !== child, 'the end of the child', 10_000)
  }
  over.abort()
  await lease()
  await work
  const heard = readFileSync(join(folder, 'heard'), 'utf8').trim().split('\n')
  const names = heard.map((line) => line.split(' ')[1] ?? '')
  expect(new Set(names).size).toBe(names.length)
  const of = (outcome: string) => [...outcomes].filter(([, one]) => one === outcome)
  expect(of('ok').filter(([name]) => !names.includes(name))).toEqual([])
  expect([...new Set(outcomes.values())].toSorted()).toEqual(['agent-exited', 'ok'])
  expect(beside.filter((others) => others > 0)).toEqual([])
  // Not vacuous: some prompts were cut, some were done.
  expect(of('agent-exited').length).toBeGreaterThan(5)
  expect(of('ok').length).toBeGreaterThan(10)
  console.log(`${kills} kills, ${outcomes.size} prompts, ${of('agent-exited').length} cut`)
}, 120_000)
