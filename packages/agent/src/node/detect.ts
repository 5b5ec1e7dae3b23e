/**
 * Which of the known agents this machine has, and how to start each. Looks at files only: nothing is run, so it takes
 * milliseconds and cannot hang.
 */
import {
  accessSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { AgentChoice, AgentProtocol, FoundAgent } from '@belay/protocol'
import { type AgentEntry, type AgentsFile, parseAgentsFile } from '../agents-file.ts'
import type { KnownAgent, Proof } from '../known-agent.ts'
import { knownAgents, missingOf } from '../registry.ts'
import type { AgentCommand } from './process.ts'

/** In the data folder. */
export const agentsFileName = 'agents.json'

/** What decides which agents are seen. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `node_modules` folders are looked for here and upwards, and from Belay itself upwards. */
  readonly cwd: string
  /** How the demo agent is started. */
  readonly demoCommand?: readonly string[]
  /** Where a person adds agents; it need not be there. */
  readonly agentsFile?: string
}

export interface DetectedAgent extends FoundAgent {
  /** How to start it; absent when it was not found. */
  readonly run?: AgentCommand
}

/** Every known agent and every added one, found or not, in the order of table and file. */
export function detectAgents(surroundings: Surroundings): readonly DetectedAgent[] {
  const { entries } = readAgentsFile(surroundings)
  const known = knownAgents.map((agent): DetectedAgent => {
    const entry = entries[agent.name]
    const run = find({ agent, entry }, surroundings)
    const proven = (proof: Proof) => isProven(proof, surroundings, entry)
    return {
      name: agent.name,
      title: entry?.title ?? agent.title,
      demo: agent.demo,
      // The demo ships with Belay: it is there, wherever its program is started from.
      found: agent.demo || run !== undefined,
      protocol: entry?.protocol ?? agent.protocol ?? 'acp',
      missing: run === undefined ? [] : [...missingOf(agent, proven)],
      ...(agent.install === undefined ? {} : { install: agent.install }),
      ...(agent.signIn === undefined ? {} : { signIn: agent.signIn }),
      ...(run === undefined ? {} : { command: [run.command, ...run.args].join(' '), run }),
    }
  })
  const added = Object.entries(entries)
    .filter(([name]) => !knownAgents.some((agent) => agent.name === name))
    .map(([name, entry]): DetectedAgent => {
      const run = find({ agent: undefined, entry }, surroundings)
      return {
        name,
        title: entry.title ?? name,
        demo: false,
        found: run !== undefined,
        protocol: entry.protocol ?? 'acp',
        missing: [],
        ...(run === undefined ? {} : { command: [run.command, ...run.args].join(' '), run }),
      }
    })
  return [...known, ...added]
}

/** What a person added, and what is wrong with it. */
export function readAgentsFile({ agentsFile }: Surroundings): AgentsFile {
  if (agentsFile === undefined || !existsSync(agentsFile)) return { entries: {}, problems: [] }
  const names = knownAgents.map(({ name }) => name)
  try {
    return parseAgentsFile(readFileSync(agentsFile, 'utf8'), agentsFile, names)
  } catch (error) {
    return { entries: {}, problems: [`${agentsFile} cannot be read: ${String(error)}.`] }
  }
}

export interface ResolvedAgent {
  readonly run: AgentCommand
  readonly name: string
  readonly title: string
  readonly demo: boolean
  readonly protocol: AgentProtocol
  readonly settings: AgentSettings
}
export type AgentSettings = Pick<AgentEntry, 'env' | 'cwd' | 'mcpServers' | 'mode' | 'model'>

/** How to start what a person chose; `undefined` when this machine does not have it. */
export function resolveAgent(
  choice: AgentChoice,
  surroundings: Surroundings,
): ResolvedAgent | undefined {
  if ('command' in choice) {
    const command = onPath(choice.command, surroundings)
    const name = choice.command.split(/[\\/]/).at(-1) ?? choice.command
    if (command === undefined) return undefined
    const { args, protocol = 'acp' } = choice
    const run = { command, args }
    return { run, name, title: name, demo: false, protocol, settings: settingsOf(choice) }
  }
  const agent = knownAgents.find((known) => known.name === choice.name)
  const entry = readAgentsFile(surroundings).entries[choice.name]
  const run = find({ agent, entry }, surroundings)
  if (run === undefined) return undefined
  const ofFile = settingsOf(entry ?? {})
  const ofChoice = settingsOf(choice)
  const env = { ...ofFile.env, ...ofChoice.env }
  return {
    run,
    name: choice.name,
    title: entry?.title ?? agent?.title ?? choice.name,
    demo: agent?.demo === true,
    protocol: entry?.protocol ?? agent?.protocol ?? 'acp',
    settings: {
      ...ofFile,
      ...ofChoice,
      ...(Object.keys(env).length === 0 ? {} : { env }),
    },
  }
}

function settingsOf({ env, cwd, mcpServers, mode, model }: AgentSettings): AgentSettings {
  return {
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(mcpServers === undefined ? {} : { mcpServers }),
    ...(mode === undefined ? {} : { mode }),
    ...(model === undefined ? {} : { model }),
  }
}

/** A command of the person's own stands for a known agent's. */
function find(
  { agent, entry }: { agent: KnownAgent | undefined; entry: AgentEntry | undefined },
  surroundings: Surroundings,
): AgentCommand | undefined {
  if (entry?.command !== undefined) {
    const command = onPath(entry.command, surroundings)
    return command === undefined ? undefined : { command, args: entry.args ?? [] }
  }
  return agent && locate(agent, surroundings)
}

function locate(agent: KnownAgent, surroundings: Surroundings): AgentCommand | undefined {
  if (agent.demo) {
    const [command, ...args] = surroundings.demoCommand ?? []
    return command === undefined ? undefined : { command, args }
  }
  for (const binary of agent.binaries) {
    const path = onPath(binary, surroundings)
    // A PATH that leads into node_modules (npx, npm start) leads to npm's wrappers: look there the better way.
    if (path !== undefined && !path.includes('node_modules'))
      return { command: path, args: agent.args }
  }
  for (const modules of moduleFolders(surroundings.cwd)) {
    for (const path of [...agent.packaged, ...agent.binaries.map((binary) => `.bin/${binary}`)]) {
      const file = join(modules, path)
      if (isProgram(file)) return withOwnNode(file, agent.args)
    }
  }
  return undefined
}

/** A script of an npm package runs on the Node that runs Belay: the one on the PATH may be older, or none. */
function withOwnNode(file: string, args: readonly string[]): AgentCommand {
  const script = realpathSync(file)
  const head = Buffer.alloc(128)
  const descriptor = openSync(script, 'r')
  const length = readSync(descriptor, head)
  closeSync(descriptor)
  const interpreter = /^#!.*\bnode\b(.*)/.exec(head.toString('utf8', 0, length))
  if (interpreter === null) return { command: script, args }
  const flags = (interpreter[1] ?? '').split(/\s+/).filter((flag) => flag.startsWith('-'))
  return { command: process.execPath, args: [...flags, script, ...args] }
}

function onPath(command: string, { env, cwd }: Surroundings): string | undefined {
  if (isAbsolute(command)) return isProgram(command) ? command : undefined
  if (/[\\/]/.test(command)) {
    const file = resolve(cwd, command)
    return isProgram(file) ? file : undefined
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => resolve(cwd, folder, command)).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function moduleFolders(cwd: string): readonly string[] {
  const folders = [...upwards(cwd), ...upwards(import.meta.dirname)].map((folder) =>
    join(folder, 'node_modules'),
  )
  return [...new Set(folders)].filter((folder) => existsSync(folder))
}

function upwards(folder: string): readonly string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...upwards(parent)]
}

function isProven(proof: Proof, { env }: Surroundings, entry: AgentEntry | undefined): boolean {
  if ('env' in proof) return (env[proof.env] ?? '') !== '' || entry?.env?.[proof.env] !== undefined
  return existsSync(join(env['HOME'] ?? homedir(), proof.file))
}
