/** `belay doctor`: what this machine has, what it misses, and what to do about it. */
import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { lockOwner } from '@belay/actor/node'
import { detectAgents, probeFence } from '@belay/agent/node'
import type { FoundAgent } from '@belay/protocol'
import { exitCodes } from '../exit-codes.ts'
import { type Paint, painter } from '../paint.ts'
import { connect, dataFolderOf } from '../place.ts'
import type { World } from '../world.ts'
import { isReady } from './agents.ts'
import type { ManageOptions } from './manage.ts'

interface Check {
  readonly name: string
  /** `lacking`: it works without, less well. */
  readonly state: 'good' | 'lacking' | 'bad'
  readonly detail: string
}

export async function doctor(world: World, options: ManageOptions): Promise<number> {
  const server = await checkServer(world, options)
  const checks = [
    checkNode(),
    checkFolder(world, options),
    server.check,
    await checkGit(),
    await checkFence(),
    ...checkAgents(server.agents ?? localAgents(world)),
  ]
  const bad = checks.some(({ state }) => state === 'bad')
  if (options.json === true) world.out.write(`${JSON.stringify({ ok: !bad, checks })}\n`)
  else world.out.write(report(painter(world.out.color), checks))
  return bad ? exitCodes.failed : exitCodes.completed
}

function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0])
  return { name: 'node', state: major >= 24 ? 'good' : 'bad', detail: process.version }
}

function checkFolder(world: World, options: ManageOptions): Check {
  const folder = dataFolderOf(world, options)
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) {
    return { name: 'data folder', state: 'good', detail: `${folder}, made at the first start` }
  }
  if (!stats.isDirectory()) {
    return { name: 'data folder', state: 'bad', detail: `${folder} is not a folder` }
  }
  try {
    accessSync(folder, constants.R_OK | constants.W_OK)
  } catch {
    return { name: 'data folder', state: 'bad', detail: `${folder} cannot be written` }
  }
  const owner = lockOwner(folder)
  const by = owner === undefined ? 'nobody serves it' : `served by process ${owner.pid}`
  return { name: 'data folder', state: 'good', detail: `${folder}, ${by}` }
}

async function checkServer(
  world: World,
  options: ManageOptions,
): Promise<{ readonly check: Check; readonly agents?: readonly FoundAgent[] }> {
  const name = 'server'
  try {
    const client = await connect(world, options)
    const [{ version }, { agents }] = await Promise.all([
      client.call('version', {}),
      client.call('agents', {}),
    ])
    return { check: { name, state: 'good', detail: `${client.address('')}, ${version}` }, agents }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { check: { name, state: 'lacking', detail } }
  }
}

async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'])
    return { name: 'git', state: 'good', detail: stdout.trim() }
  } catch {
    return { name: 'git', state: 'lacking', detail: 'not found: --repo needs it' }
  }
}

async function checkFence(): Promise<Check> {
  const { kind } = await probeFence()
  return kind === 'pid-namespace'
    ? { name: 'fence', state: 'good', detail: 'an agent ends with all it started (PID namespace)' }
    : {
        name: 'fence',
        state: 'lacking',
        detail: 'no PID namespace here: an agent’s processes are looked for and ended one by one',
      }
}

function localAgents(world: World): readonly FoundAgent[] {
  const main = resolve(import.meta.dirname, '../../main.ts')
  const demoCommand = [process.execPath, main, 'demo-agent']
  return detectAgents({ env: world.env, cwd: world.cwd, demoCommand })
}

function checkAgents(agents: readonly FoundAgent[]): readonly Check[] {
  const checks = agents.map((agent): Check => {
    const name = `agent ${agent.name}`
    if (agent.demo) return { name, state: 'good', detail: `${agent.title}, DEMO: needs nothing` }
    if (isReady(agent)) return { name, state: 'good', detail: agent.title }
    const missing = agent.found ? `misses ${agent.missing.join('; ')}` : 'not found'
    return { name, state: 'lacking', detail: `${agent.title}: ${missing}` }
  })
  const order = ['good', 'lacking', 'bad']
  return checks.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
}

const marks = { good: ['✓', 'green'], lacking: ['·', 'dim'], bad: ['✗', 'red'] } as const

function report(paint: Paint, checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .map(({ name, state, detail }) => {
      const [mark, color] = marks[state]
      return `${paint(color, mark)} ${name.padEnd(width)}  ${detail}\n`
    })
    .join('')
}
