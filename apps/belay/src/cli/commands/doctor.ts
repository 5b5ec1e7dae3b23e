/** `belay doctor`: what this machine has, what it misses, and what to do about it. */
import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { lockOwner } from '@belay/actor/node'
import {
  agentsFileName,
  type DetectedAgent,
  detectAgents,
  probeFence,
  readAgentsFile,
  resolveAgent,
  type Surroundings,
} from '@belay/agent/node'
import type { FoundAgent } from '@belay/protocol'
import { readSeen, type SeenAgents, writeSeen } from '../../agents-seen.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Paint, painter } from '../paint.ts'
import { connect, dataFolderOf } from '../place.ts'
import type { World } from '../world.ts'
import { howToGet, isReady } from './agents.ts'
import type { ManageOptions } from './manage.ts'

interface Check {
  readonly name: string
  /** `lacking`: it works without, less well. */
  readonly state: 'good' | 'lacking' | 'bad'
  readonly detail: string
}

export interface DoctorOptions extends ManageOptions {
  /** Starts no agent. */
  readonly quick?: boolean
}

export async function doctor(world: World, options: DoctorOptions): Promise<number> {
  const server = await checkServer(world, options)
  const surroundings = surroundingsOf(world, options)
  const local = detectAgents(surroundings)
  const checks = [
    checkNode(),
    checkFolder(world, options),
    server.check,
    await checkGit(),
    await checkFence(),
    ...fileProblems(surroundings),
    ...checkAgents(server.agents ?? local, await tried(world, options, local)),
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
  const by =
    owner === undefined
      ? 'nobody serves it'
      : owner === 'unknown'
        ? 'who serves it cannot be seen now'
        : `served by process ${owner.pid}`
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

function surroundingsOf(world: World, options: ManageOptions): Surroundings {
  const main = resolve(import.meta.dirname, '../../main.ts')
  const demoCommand = [process.execPath, main, 'demo-agent']
  const agentsFile = join(dataFolderOf(world, options), agentsFileName)
  return { env: world.env, cwd: world.cwd, demoCommand, agentsFile }
}

function fileProblems(surroundings: Surroundings): readonly Check[] {
  const { problems } = readAgentsFile(surroundings)
  return problems.map((detail): Check => ({ name: 'agents file', state: 'bad', detail }))
}

/** From starting an agent to its answer. The slowest of those known needs six seconds on a slow machine. */
const handshakeMs = 30_000
const { version }: { version: string } = createRequire(import.meta.url)('../../../package.json')

/** What a handshake with each agent of this machine came to, in words; one at a time, said as it goes. */
async function tried(
  world: World,
  options: DoctorOptions,
  agents: readonly DetectedAgent[],
): Promise<ReadonlyMap<string, Tried>> {
  const results = new Map<string, Tried>()
  if (options.quick === true) return results
  // Loaded here, because it brings along all it takes to talk to agents.
  const { adapterOf, capabilitiesOf, handshake } = await import('@belay/agent/adapters')
  const folder = dataFolderOf(world, options)
  const seen: SeenAgents = readSeen(folder)
  for (const { name, title, found, command } of agents) {
    const agent = found ? resolveAgent({ name }, surroundingsOf(world, options)) : undefined
    if (agent === undefined || command === undefined) continue
    if (options.json !== true) world.err.write(`Asking ${title} …\n`)
    const answer = await handshake(agent, {
      adapter: adapterOf(agent.protocol),
      env: world.env,
      version,
      msMax: handshakeMs,
    })
    if ('failure' in answer) results.set(name, { problem: answer.failure.message })
    else {
      const capabilities = capabilitiesOf(answer.ok)
      const said = answer.ok.version
      results.set(name, { said: [said ?? 'no version', ...capabilities].join(', ') })
      seen[name] = { command, capabilities, ...(said === undefined ? {} : { version: said }) }
    }
  }
  writeSeen(folder, seen)
  return results
}

type Tried = { readonly said: string } | { readonly problem: string }

function checkAgents(
  agents: readonly FoundAgent[],
  results: ReadonlyMap<string, Tried>,
): readonly Check[] {
  const checks = agents.map((agent): Check => {
    const name = `agent ${agent.name}`
    const result = results.get(agent.name)
    if (result !== undefined && 'problem' in result)
      return { name, state: 'lacking', detail: `${agent.title}: does not work: ${result.problem}` }
    const said = result === undefined ? '' : ` (${result.said})`
    if (agent.demo)
      return { name, state: 'good', detail: `${agent.title}, DEMO: needs nothing${said}` }
    if (isReady(agent)) return { name, state: 'good', detail: `${agent.title}${said}` }
    const missing = agent.found
      ? `misses ${agent.missing.join('; ')}`
      : `not found${howToGet(agent)}`
    return { name, state: 'lacking', detail: `${agent.title}: ${missing}${said}` }
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
