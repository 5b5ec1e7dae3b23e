/** A process or a connection is lost: until a viewer is shown the event that says so. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { livenessPolicy } from '../packages/channel/src/index.ts'
import { killHard, startTcpProxy } from '../packages/testing/src/node/index.ts'
import { hangingTurn, startReal } from './real.ts'
import { percentile } from './world.ts'

const rounds = 20
const silentSessions = 4

export async function loss(folder: string): Promise<void> {
  const real = await startReal(folder, ['--deadline', 'graceMs=60000'])
  const agents: number[] = []
  const turns: number[] = []
  const runners: number[] = []
  for (let round = 0; round < rounds; round++) {
    const turn = await hangingTurn(real)
    const killed = performance.now()
    killHard(turn.agent)
    agents.push((await turn.shown('agent-exited')) - killed)
    turns.push((await turn.shown('turn-ended')) - killed)
    turn.close()
    await real.client.call('deleteSession', { id: turn.session })
  }
  for (let round = 0; round < rounds / 2; round++) {
    const turn = await hangingTurn(real)
    const killed = performance.now()
    killHard(turn.runner)
    runners.push((await turn.shown('runner-lost')) - killed)
    turn.close()
    await real.client.call('deleteSession', { id: turn.session })
  }
  const raw: number[] = []
  for (let round = 0; round < rounds; round++) raw.push(await rawExit())
  const rawP95 = percentile(raw, 0.95)
  const row = (what: string, values: readonly number[]) => {
    const p95 = percentile(values, 0.95)
    console.log(
      `${what.padEnd(44)} p50 ${percentile(values, 0.5).toFixed(1).padStart(6)} ms  p95 ${p95.toFixed(1).padStart(6)} ms  ${(p95 / rawP95).toFixed(1)} × a parent's own`,
    )
  }
  row('agent killed → its exit shown to a viewer', agents)
  row('agent killed → end of its turn shown', turns)
  row('runner killed → "runner lost" shown', runners)
  row('child killed → exit event of its parent', raw)
  await silence(folder, real)
  await real.end()
}

/** Nothing is closed and nothing comes: only heartbeats can tell. */
async function silence(folder: string, real: Awaited<ReturnType<typeof startReal>>): Promise<void> {
  const proxy = await startTcpProxy(Number(new URL(real.server.url).port))
  const path = join(folder, 'server.json')
  const address: object = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...address, url: `http://127.0.0.1:${proxy.port}` }))
  const turns = await Promise.all(Array.from({ length: silentSessions }, () => hangingTurn(real)))
  const from = performance.now()
  await proxy.stall()
  const times = await Promise.all(
    turns.map(async (turn) => (await turn.shown('runner-lost')) - from),
  )
  for (const turn of turns) turn.close()
  const worst = Math.max(...times)
  const { pingMs } = livenessPolicy
  console.log(
    `connection silent → "runner lost" shown, worst of ${silentSessions}: ${(worst / 1000).toFixed(1)} s, ${(worst / pingMs).toFixed(2)} heartbeats of ${pingMs / 1000} s`,
  )
  await proxy.stop()
}

async function rawExit(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise((done) => child.stdout.once('data', done))
  const gone = new Promise((done) => child.once('exit', done))
  const killed = performance.now()
  child.kill('SIGKILL')
  await gone
  return performance.now() - killed
}
