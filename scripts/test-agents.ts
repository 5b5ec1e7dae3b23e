/**
 * Tries every real agent that can be installed, and writes what it saw into the table of `docs/agents.md`.
 * Arguments are names of agents: then only those are tried, and the rows of the others stay.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { knownAgents, quirks } from '../packages/agent/src/index.ts'
import { agentPackages } from '../packages/testing/src/node/agent-packages.ts'
import { type Trial, tryAgent } from '../packages/testing/src/node/agent-trial.ts'
import { type AgentWords, wordsOf } from '../packages/testing/src/node/agent-words.ts'
import { startFakeModel } from '../packages/testing/src/node/fake-model.ts'
import {
  packageOf,
  realAgent,
  type RealAgentName,
} from '../packages/testing/src/node/real-agents.ts'
import { type Marks, putTable, rowsOf } from './page-table.ts'

const page = join(import.meta.dirname, '../docs/agents.md')
const measuredMarks = [
  '<!-- measured: npm run test:agents -->',
  '<!-- end of what was measured -->',
] as const
const measuredHead = [
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
const wordsMarks = [
  '<!-- what Belay says: npm run test:agents -->',
  '<!-- end of what Belay says -->',
] as const
const wordsHead = ['agent', 'missing', 'not signed in', 'mute', 'its model dead']
const quirkMarks = [
  '<!-- what agents get wrong -->',
  '<!-- end of what agents get wrong -->',
] as const

const all = [...Object.keys(agentPackages), 'opencode-http', 'kilo-http'].filter(isAgent)
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !isAgent(name))
if (unknown.length > 0)
  throw new Error(`known agents are ${all.join(', ')}, not ${unknown.join(', ')}`)
const names = wanted.length === 0 ? all : wanted.filter(isAgent)

interface Seen extends Trial, AgentWords {}
const trials = new Map<RealAgentName, Seen>()
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

async function attempt(name: RealAgentName): Promise<Seen | undefined> {
  const model = await startFakeModel()
  const place = mkdtempSync(join(tmpdir(), 'belay-trial-'))
  const from = performance.now()
  try {
    const home = mkdtempSync(join(place, 'home-'))
    const folder = mkdtempSync(join(place, 'work-'))
    const agent = realAgent(name, { modelUrl: model.url, home })
    const tried = await tryAgent(agent, { folder, failures: true })
    const words = await wordsOf(agent, folder)
    const problems = [...tried.problems, ...unanswered(name, tried)]
    const trial = { ...tried, ...words, problems }
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

function write(): void {
  writeTable(measuredMarks, measuredHead, (name, trial) => measured(name, trial))
  writeTable(wordsMarks, wordsHead, (name, trial) => said(name, trial))
  const cells = quirks.map(({ agents, wrong, seen, done, rule }) => [
    agents.join(', '),
    wrong,
    seen,
    done,
    rule,
  ])
  const head = ['agent', 'what it gets wrong', 'seen in', 'what Belay does', 'rule']
  putTable(page, quirkMarks, [head, ...cells])
}

/** An agent that could not be tried has no row; one that was not to be tried keeps its own. */
function writeTable(
  marks: Marks,
  head: readonly string[],
  rowOf: (name: RealAgentName, trial: Seen) => readonly string[],
): void {
  const before = rowsOf(page, marks)
  const rows = all.flatMap((name) => {
    const trial = trials.get(name)
    if (trial !== undefined) return [rowOf(name, trial)]
    const old = before.get(name)
    return names.includes(name) || old?.length !== head.length ? [] : [old]
  })
  putTable(page, marks, [head, ...rows])
}

function measured(name: RealAgentName, trial: Seen): readonly string[] {
  const packages = agentPackages[packageOf(name)].split(' ')
  return [
    name,
    packages.map((one) => `\`${one}\``).join(', '),
    trial.capabilities.join(', '),
    trial.offers,
    trial.thoughts ? 'yes' : 'no',
    trial.permission.length === 0 ? 'never asks' : trial.permission.join(', '),
    trial.modeAgain,
    trial.restored,
    `${trial.cancelMs} ms`,
    `${trial.killMs} ms`,
    trial.quota,
    trial.again,
    trial.broken,
  ]
}

function said(name: RealAgentName, { signedOut, mute, dead, broken }: Seen): readonly string[] {
  const known = knownAgents.find((agent) => agent.name === (name === 'codex-zed' ? 'codex' : name))
  const missing =
    known?.install === undefined ? '' : `install it (${known.install}), then ${known.signIn}`
  return [name, missing, signedOut, mute, dead === '' ? broken : dead].map(inCell)
}

function inCell(words: string): string {
  return words.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 300)
}
