/**
 * Which of the known agents this machine has, and how to start each. Looks at files only: nothing is run, so it takes
 * milliseconds and cannot hang.
 */
import {
  accessSync,
  constants,
  existsSync,
  openSync,
  readSync,
  closeSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { AgentChoice, FoundAgent } from '@belay/protocol'
import { type KnownAgent, knownAgents, missingOf, type Proof } from '../registry.ts'
import type { AgentCommand } from './process.ts'

/** What decides which agents are seen. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `node_modules` folders are looked for here and upwards, and from Belay itself upwards. */
  readonly cwd: string
  /** How the demo agent is started. */
  readonly demoCommand?: readonly string[]
}

export interface DetectedAgent extends FoundAgent {
  /** How to start it; absent when it was not found. */
  readonly run?: AgentCommand
}

/** Every known agent, found or not, in the order of the table. */
export function detectAgents(surroundings: Surroundings): readonly DetectedAgent[] {
  return knownAgents.map((agent) => {
    const run = locate(agent, surroundings)
    const proven = (proof: Proof) => isProven(proof, surroundings)
    return {
      name: agent.name,
      title: agent.title,
      demo: agent.demo,
      // The demo ships with Belay: it is there, wherever its program is started from.
      found: agent.demo || run !== undefined,
      missing: run === undefined ? [] : [...missingOf(agent, proven)],
      ...(run === undefined ? {} : { command: [run.command, ...run.args].join(' '), run }),
    }
  })
}

/** How to start what a person chose; `undefined` when this machine does not have it. */
export function resolveAgent(
  choice: AgentChoice,
  surroundings: Surroundings,
):
  | {
      readonly run: AgentCommand
      readonly name: string
      readonly title: string
      readonly demo: boolean
    }
  | undefined {
  if ('command' in choice) {
    const command = onPath(choice.command, surroundings)
    const name = choice.command.split(/[\\/]/).at(-1) ?? choice.command
    if (command === undefined) return undefined
    return { run: { command, args: choice.args }, name, title: name, demo: false }
  }
  const agent = knownAgents.find((known) => known.name === choice.name)
  const run = agent && locate(agent, surroundings)
  return run && { run, name: agent.name, title: agent.title, demo: agent.demo }
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

function isProven(proof: Proof, { env }: Surroundings): boolean {
  if ('env' in proof) return (env[proof.env] ?? '') !== ''
  return existsSync(join(env['HOME'] ?? homedir(), proof.file))
}
