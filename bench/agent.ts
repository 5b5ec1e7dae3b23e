/** What keeping an agent costs, beside what the system itself needs to tell that a process has ended. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { acp } from '@belay/agent/acp'
import { adapterOf } from '@belay/agent/adapters'
import { type AgentAdapter, Keeper, type Lease } from '@belay/agent/node'
import { rudeAgent, rudeServer } from '@belay/testing/node'

const rounds = 40
const resumes = `methods.initialize = () => ({ protocolVersion: 1, agentCapabilities: { sessionCapabilities: { resume: {} } } })
methods['session/resume'] = () => ({})
methods['session/prompt'] = () => new Promise(() => {})
main()`
export async function agent(folder: string): Promise<void> {
  await rawExit()
  await losses(folder)
  await hangs(folder)
  await freezes(folder)
}

/** The limit: SIGKILL of a process without any of us in between. */
async function rawExit(): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); console.log(1)'])
    await new Promise((done) => child.stdout.once('data', done))
    const from = performance.now()
    child.kill('SIGKILL')
    await new Promise((done) => child.once('exit', done))
    times.push(performance.now() - from)
  }
  console.log(`SIGKILL → exit event, a bare child      ${spread(times)}`)
}

async function losses(folder: string): Promise<void> {
  let goneAt = 0
  let readyAt = 0
  const keeper = keeperOf(folder, {
    gone: () => {
      goneAt = performance.now()
    },
    ready: () => {
      readyAt = performance.now()
    },
  })
  keeper.start()
  const settled: number[] = []
  const told: number[] = []
  const back: number[] = []
  const cold: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { connection } = await leaseOf(keeper)
    const answer = connection.prompt('go')
    await sleep(50)
    const from = performance.now()
    process.kill(-(connection.process.pid ?? 0), 'SIGKILL')
    await answer
    settled.push(performance.now() - from)
    while (keeper.snapshot.state === 'ready') await sleep(1)
    told.push(goneAt - from)
    await leaseOf(keeper)
    back.push(readyAt - from)
  }
  const idle = await idleShare()
  await keeper.dispose()
  for (let round = 0; round < 10; round++) {
    const from = performance.now()
    const one = keeperOf(folder, {})
    one.start()
    await leaseOf(one)
    cold.push(performance.now() - from)
    await one.dispose()
  }
  console.log(`SIGKILL → prompt settled                ${spread(settled)}`)
  console.log(`SIGKILL → its end is told               ${spread(told)}`)
  console.log(`SIGKILL → ready again, no back-off      ${spread(back)}`)
  console.log(`the agent’s own cold start              ${spread(cold)}`)
  console.log(`CPU of an idle connection               ${(100 * idle).toFixed(3)} %`)
}

const windowMs = 5000

/**
 * What share of a core this process takes while nothing happens. After the work before, V8 collects what is left of it, once or
 * twice within half a minute and each time for some hundred milliseconds: that is in one or two of the windows, and the
 * least of them is what idling costs.
 */
async function idleShare(): Promise<number> {
  const shares: number[] = []
  for (let count = 0; count < 6; count++) {
    const before = process.cpuUsage()
    await sleep(windowMs)
    const { user, system } = process.cpuUsage(before)
    shares.push((user + system) / (1000 * windowMs))
  }
  return Math.min(...shares)
}

/** From the loss of the stream of a process that answers nothing to knowing that it hangs. */
async function hangs(folder: string): Promise<void> {
  let lose: (() => void) | undefined
  const mute: AgentAdapter = {
    protocol: 'http-sse',
    connect(options) {
      lose = () => options.on.degraded?.('measured')
      return Object.assign(acp.connect(options), { probe: never })
    },
  }
  const keeper = keeperOf(folder, { adapter: mute })
  keeper.start()
  await leaseOf(keeper)
  const from = performance.now()
  lose?.()
  while (keeper.snapshot.cause?.code !== 'hung') await sleep(5)
  const seconds = (performance.now() - from) / 1000
  console.log(`stream lost, no answer → known to hang  ${seconds.toFixed(1)} s`)
  await keeper.dispose()
}

/** From freezing an agent server, whose process lives and accepts, to knowing that it hangs. */
async function freezes(folder: string): Promise<void> {
  const server = { program: rudeServer(folder, ''), adapter: adapterOf('http-sse') }
  const keeper = keeperOf(folder, server)
  keeper.start()
  const { connection } = await leaseOf(keeper)
  process.kill(-(connection.process.pid ?? 0), 'SIGSTOP')
  const from = performance.now()
  while (keeper.snapshot.cause?.code !== 'hung') await sleep(5)
  const seconds = (performance.now() - from) / 1000
  console.log(`server frozen → known to hang           ${seconds.toFixed(1)} s`)
  await keeper.dispose()
}

function never(): Promise<boolean> {
  return new Promise(() => {})
}

interface Ears {
  readonly adapter?: AgentAdapter
  readonly program?: ReturnType<typeof rudeAgent>
  readonly gone?: () => void
  readonly ready?: () => void
}

function keeperOf(folder: string, ears: Ears): Keeper {
  const { adapter = acp, program = rudeAgent(folder, resumes), gone, ready } = ears
  const marker = `bench.${process.pid}.1`
  return new Keeper({
    plan: () => ({ adapter, ...program, cwd: folder, env: process.env, marker, version: '0' }),
    previous: undefined,
    policy: { backoffMs: [0], lossesMax: 1000, longLossesMax: 1000 },
    on: {
      agent: () => ({
        update() {},
        permission() {},
        permissionGone() {},
        note() {},
        offer() {},
        choiceRefused() {},
        askUnreadable() {},
      }),
      step() {},
      changed() {},
      ready: () => ready?.(),
      gone: () => gone?.(),
    },
  })
}

async function leaseOf(keeper: Keeper): Promise<Lease> {
  const end = await keeper.whenReady()
  if ('notReady' in end) throw new Error(`the agent is ${end.notReady}`)
  return end
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms (n=${times.length})`
}
