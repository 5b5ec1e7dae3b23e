import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Fence, probeFence, processTree } from './fence.ts'
import { type AgentProcess, spawnAgent } from './process.ts'
import { marked, sweepMarked } from './processes.ts'

// Real processes share the machine with everything else.
vi.setConfig({ testTimeout: 30_000 })

let folder: string
const marker = `process-test.${process.pid}.1`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-process-'))
})
afterEach(async () => {
  await sweepMarked(marker)
  rmSync(folder, { recursive: true, force: true })
})

function shell(script: string, fence: Fence): AgentProcess {
  return spawnAgent({
    command: '/bin/sh',
    args: ['-c', script],
    cwd: folder,
    env: process.env,
    marker,
    fence,
  })
}

async function appears(name: string): Promise<void> {
  await until(() => existsSync(join(folder, name)))
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10)
}

function lives(pid: number): boolean {
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

/** An agent that is deaf to the end of its input, with a tool in a session of its own that acts a moment later. */
const deafWithTool = 'setsid sh -c "touch started; sleep 3; touch acted" & sleep 60'

describe.each([['the best fence'], ['process-tree']])('an agent behind %s', (name) => {
  const fenceOf = () => (name === 'process-tree' ? Promise.resolve(processTree) : probeFence())

  test('[A-8] [A-9] a tool in its own session does nothing any more once the agent was ended', async () => {
    const agent = shell(deafWithTool, await fenceOf())
    await appears('started')
    expect(await agent.end()).toMatchObject({ signal: 'SIGKILL' })
    expect(marked(marker)).toEqual([])
    await sleep(3200)
    expect(existsSync(join(folder, 'acted'))).toBe(false)
  })

  test('[A-8] a tool does nothing any more once the agent ended by itself', async () => {
    const agent = shell(
      'setsid sh -c "touch started; sleep 3; touch acted" & while [ ! -e started ]; do sleep 0.02; done; exit 3',
      await fenceOf(),
    )
    expect(await agent.exited).toMatchObject({ code: 3 })
    expect(marked(marker)).toEqual([])
    await sleep(3200)
    expect(existsSync(join(folder, 'acted'))).toBe(false)
  })

  test('[A-7] the exit carries the last lines of stderr, bounded and without colours', async () => {
    const agent = shell(
      'i=0; while [ $i -lt 50 ]; do i=$((i+1)); printf "\\033[31mline $i\\033[0m\\n" >&2; done; printf half >&2; exit 7',
      await fenceOf(),
    )
    const exit = await agent.exited
    expect(exit.code).toBe(7)
    expect(exit.stderr).toHaveLength(20)
    expect(exit.stderr.at(-2)).toBe('line 50')
    expect(exit.stderr.at(-1)).toBe('half')
  })

  test('[A-7] why memory ran out is told whatever stack was printed after it', async () => {
    const agent = shell(
      'echo "FATAL ERROR: heap out of memory" >&2; i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "$i: frame" >&2; done; exit 134',
      await fenceOf(),
    )
    const { stderr } = await agent.exited
    expect(stderr).toHaveLength(20)
    expect(stderr[0]).toBe('FATAL ERROR: heap out of memory')
    expect(stderr.slice(1)).toEqual(Array.from({ length: 19 }, (_, n) => `${n + 22}: frame`))
  })

  test('[A-7] a signal from outside is told by its name', async () => {
    const agent = shell('touch started; exec sleep 60', await fenceOf())
    await appears('started')
    const pids = marked(marker)
    process.kill(Math.max(...pids), 'SIGKILL')
    expect(await agent.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  test('[A-9] the end of its input is told first, and an agent that obeys ends its own way', async () => {
    const agent = shell('cat >/dev/null; exit 5', await fenceOf())
    expect(await agent.end()).toMatchObject({ code: 5 })
    expect(await agent.end()).toMatchObject({ code: 5 })
  })
})

test('[A-7] a command that does not exist ends with an error and no code', async () => {
  const options = { args: [], cwd: folder, env: process.env, marker, fence: processTree }
  const agent = spawnAgent({ command: join(folder, 'nothing'), ...options })
  const exit = await agent.exited
  expect(exit.error).toContain('ENOENT')
  expect(exit).not.toHaveProperty('code')
  expect(await agent.end()).toEqual(exit)
})

test('[A-18] kill -9 of whoever started the agent leaves nothing, or what the next one sweeps', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'index.ts'))
  const options = JSON.stringify({
    command: '/bin/sh',
    args: ['-c', deafWithTool],
    cwd: folder,
    marker,
  })
  const code = `import(${module}).then(async (m) => m.spawnAgent({ ...${options}, env: process.env, fence: await m.probeFence() })); setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: 'ignore',
  })
  await appears('started')
  parent.kill('SIGKILL')
  const fence = await probeFence()
  if (fence.kind !== 'pid-namespace') await sweepMarked(marker.slice(0, -1))
  await sleep(1200)
  expect(existsSync(join(folder, 'acted'))).toBe(false)
  expect(marked(marker)).toEqual([])
})

test('[A-11] a sweep ends what carries the marker, or a marker that begins with it, and nothing else', async () => {
  const other = `process-test-other.${process.pid}.1`
  const mine = shell('sleep 60', processTree)
  const theirs = spawnAgent({
    command: '/bin/sh',
    args: ['-c', 'sleep 60'],
    cwd: folder,
    env: process.env,
    marker: other,
    fence: processTree,
  })
  while (marked(marker).length === 0 || marked(other).length === 0) await sleep(10)
  await sweepMarked('process-test')
  expect(marked(marker)).not.toEqual([])
  await sweepMarked(`process-test.${process.pid}.`)
  expect(await mine.exited).toMatchObject({ signal: 'SIGKILL' })
  expect(marked(other)).not.toEqual([])
  await theirs.end()
})

test('[A-27] a copied marker ends nobody who is older than it, nor one that has no birth', async () => {
  const bare = 'BELAY_AGENT'
  const sh = '/bin/sh'
  // It is there before the agent, and takes over the agent's whole environment afterwards.
  const older = spawn(sh, ['-c', 'read environment; exec env "$environment" sleep 60'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await sleep(50)
  const agent = shell('echo "$BELAY_AGENT"; exec sleep 60', processTree)
  let carried = ''
  agent.stdout.on('data', (data: Buffer) => {
    carried += data.toString()
  })
  await until(() => carried.endsWith('\n'))
  expect(carried).toMatch(/^process-test\.\d+\.1@\d+\n$/)
  older.stdin.write(`${bare}=${carried}`)
  const markerOnly = spawn(sh, ['-c', 'exec sleep 60'], {
    env: { ...process.env, [bare]: marker },
    stdio: 'ignore',
  })
  const copies = [older.pid ?? 0, markerOnly.pid ?? 0]
  const copied = (pid: number) => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker)
  await until(() => copies.every(copied))

  expect(marked(marker)).toEqual([agent.pid])
  expect(await sweepMarked(`process-test.${process.pid}.`)).toBe(1)
  expect(await agent.exited).toMatchObject({ signal: 'SIGKILL' })
  // One that is younger and carries the agent's own words is taken for one of its tools.
  const younger = spawn(sh, ['-c', 'exec sleep 60'], {
    env: { ...process.env, [bare]: carried.trim() },
    stdio: 'ignore',
  })
  await until(() => marked(marker).includes(younger.pid ?? 0))
  expect(copies.filter(lives)).toEqual(copies)
  older.kill()
  markerOnly.kill()
})

test('[A-10] the fence that is chosen is one that works here', async () => {
  const fence = await probeFence()
  const agent = shell('ps -A -o pid= 2>/dev/null | wc -l', fence)
  let out = ''
  agent.stdout.on('data', (data: Buffer) => {
    out += data.toString()
  })
  expect(await agent.exited).toMatchObject({ code: 0 })
  // In a namespace of its own an agent sees itself and few others.
  expect(Number(out) < 10).toBe(fence.kind === 'pid-namespace')
})
