/**
 * Tries every real agent that can be installed, and writes what it saw into the table of `docs/agents.md`.
 * Arguments are names of agents: then only those are tried, and the rows of the others stay.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quirks } from '../packages/agent/src/index.ts'
import { agentPackages } from '../packages/testing/src/node/agent-packages.ts'
import { type Trial, tryAgent } from '../packages/testing/src/node/agent-trial.ts'
import { startFakeModel } from '../packages/testing/src/node/fake-model.ts'
import {
  packageOf,
  realAgent,
  type RealAgentName,
} from '../packages/testing/src/node/real-agents.ts'

const page = join(import.meta.dirname, '../docs/agents.md')
const marks = [
  '<!-- measured: npm run test:agents -->',
  '<!-- end of what was measured -->',
] as const

const all = [...Object.keys(agentPackages), 'opencode-http', 'kilo-http'].filter(isAgent)
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !isAgent(name))
if (unknown.length > 0)
  throw new Error(`known agents are ${all.join(', ')}, not ${unknown.join(', ')}`)
const names = wanted.length === 0 ? all : wanted.filter(isAgent)

const trials = new Map<RealAgentName, Trial>()
let failed = 0
for (const name of names) {
  const trial = await attempt(name)
  if (trial === undefined || trial.problems.length > 0) failed += 1
  if (trial !== undefined) trials.set(name, trial)
}
write()
console.log(`${names.length - failed} agents passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function isAgent(name: string): name is RealAgentName {
  return Object.hasOwn(agentPackages, name) || name === 'opencode-http' || name === 'kilo-http'
}

async function attempt(name: RealAgentName): Promise<Trial | undefined> {
  const model = await startFakeModel()
  const place = mkdtempSync(join(tmpdir(), 'belay-trial-'))
  const from = performance.now()
  try {
    const home = mkdtempSync(join(place, 'home-'))
    const folder = mkdtempSync(join(place, 'work-'))
    const agent = realAgent(name, { modelUrl: model.url, home })
    const tried = await tryAgent(agent, { folder, failures: true })
    const trial = { ...tried, problems: [...tried.problems, ...unanswered(name, tried)] }
    const how = trial.problems.length === 0 ? 'fine' : `FAILED: ${trial.problems.join('; ')}`
    console.log(`${name}: ${how} (${((performance.now() - from) / 1000).toFixed(1)} s)`)
    return trial
  } catch (error) {
    console.log(`${name}: FAILED`, error)
    return undefined
  } finally {
    await model.stop()
    rmSync(place, { recursive: true, force: true })
  }
}

/** Words that an agent says again are told once wherever the table of what agents get wrong says so. */
function unanswered(name: RealAgentName, { again }: Trial): readonly string[] {
  const rules = quirks.filter(({ agents }) => agents.includes(name)).map(({ rule }) => rule)
  const isToldOnce = rules.includes('A-60') || rules.includes('A-41')
  return isToldOnce && again !== 'told once' ? [`words said again: ${again}`] : []
}

/** A cell for each thing that was seen. An agent that could not be tried has no row. */
function write(): void {
  const head = [
    'agent',
    'package',
    'says it can',
    'offers',
    'thoughts',
    'asks with',
    'mode after a restart',
    'restored by',
    'cancel → ended',
    'kill → told',
    'model says 429 once',
    'answer lost halfway, once',
    'model is broken (500)',
  ]
  const text = readFileSync(page, 'utf8')
  const [start, end] = marks
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from < 0 || to < from)
    throw new Error(`${page} has no place for the table: ${start} … ${end}`)
  const old = text.slice(from, to).split('\n').map(cellsOf)
  const rows = all.flatMap((name) => {
    const trial = trials.get(name)
    if (trial !== undefined) return [row(name, trial)]
    return names.includes(name)
      ? []
      : old.filter((one) => one[0] === name && one.length === head.length)
  })
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
  writeFileSync(page, `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`)
}

function row(name: RealAgentName, trial: Trial): readonly string[] {
  return [
    name,
    `\`${agentPackages[packageOf(name)]}\``,
    trial.capabilities.join(', '),
    trial.offers,
    trial.thoughts ? 'yes' : 'no',
    trial.permission.join(', '),
    trial.modeAgain,
    trial.restored,
    `${trial.cancelMs} ms`,
    `${trial.killMs} ms`,
    trial.quota,
    trial.again,
    trial.broken,
  ]
}

function cellsOf(tableLine: string): readonly string[] {
  return tableLine
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
