/**
 * How each real agent is started against the scripted model: a home of its own, no account, no address but loopback.
 *
 * Owns: the settings of each. `agent-packages.ts` owns the versions, `agent-trial.ts` what is tried.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentProtocol } from '@belay/protocol'
import { askedCommand } from '../model/directives.ts'
import { installedAgent, type PackagedAgent } from './agent-packages.ts'
import { type AgentCommand, codexConfiguration, codexKeys, hermetic, homeFolder } from './codex.ts'
import { opencodeVariables } from './opencode.ts'

export interface RealAgent extends AgentCommand {
  readonly protocol: AgentProtocol
  /** The mode in which it asks before it writes, where its own default is another. */
  readonly mode?: string
  /** It knows no permissions. */
  readonly asksNothing?: true
  /** The directive that makes it write `text` into `path` after asking. */
  readonly write: (path: string, text: string) => string
}

interface Place {
  /** The scripted model, without a path. */
  readonly modelUrl: string
  readonly home: string
}

/** @throws when it cannot be installed */
export function realAgent(name: RealAgentName, place: Place): RealAgent {
  const recipe = recipes[packageOf(name)](installedAgent(packageOf(name)), place)
  return isServer(name)
    ? { ...recipe, protocol: 'http-sse', args: ['serve', '--port', '0'] }
    : { ...recipe, protocol: 'acp' }
}

/** Two of them are spoken to in both ways. */
export type RealAgentName = PackagedAgent | 'opencode-http' | 'kilo-http'

export function packageOf(name: RealAgentName): PackagedAgent {
  if (name === 'opencode-http') return 'opencode'
  return name === 'kilo-http' ? 'kilo' : name
}

function isServer(name: RealAgentName): boolean {
  return packageOf(name) !== name
}

type Recipe = (modules: string, place: Place) => Omit<RealAgent, 'protocol'>

const recipes: Readonly<Record<PackagedAgent, Recipe>> = {
  'codex-zed': (modules, place) => ({
    ...codex(place),
    command: join(
      modules,
      `@zed-industries/codex-acp-${process.platform}-${process.arch}/bin/codex-acp`,
    ),
    args: [],
  }),
  codex: (modules, place) => ({
    ...codex(place),
    ...script(modules, '@agentclientprotocol/codex-acp/dist/index.js'),
    // Its default has a second model decide instead of a person.
    mode: 'workspace-write',
  }),
  claude: (modules, { home, modelUrl }) => ({
    ...script(modules, '@agentclientprotocol/claude-agent-acp/dist/index.js'),
    env: {
      ...hermetic(home),
      ANTHROPIC_BASE_URL: modelUrl,
      ANTHROPIC_API_KEY: 'sk-fake',
      ANTHROPIC_MODEL: 'claude-sonnet-4-5',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      // Root may run it only where that is said to be safe, as a build's container is.
      IS_SANDBOX: '1',
    },
    write,
  }),
  gemini: (modules, { home, modelUrl }) => {
    settings(home, '.gemini', {
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    })
    const env = {
      ...hermetic(home),
      GEMINI_API_KEY: 'fake',
      GOOGLE_GEMINI_BASE_URL: modelUrl,
      GEMINI_MODEL: 'gemini-2.5-flash',
      GEMINI_CLI_NO_RELAUNCH: '1',
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    }
    return { ...script(modules, '@google/gemini-cli/bundle/gemini.js', '--acp'), env, write }
  },
  qwen: (modules, { home, modelUrl }) => {
    settings(home, '.qwen', {
      security: { auth: { selectedType: 'openai' } },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    })
    const env = {
      ...hermetic(home),
      OPENAI_API_KEY: 'sk-fake',
      OPENAI_BASE_URL: `${modelUrl}/v1`,
      OPENAI_MODEL: 'fake-1',
    }
    const run = script(modules, '@qwen-code/qwen-code/cli.js', '--acp')
    // By itself it lets a model decide.
    return { ...run, env, write, mode: 'default' }
  },
  opencode: (modules, place) => ({
    command: join(modules, 'opencode-linux-x64/bin/opencode'),
    args: ['acp'],
    env: { ...hermetic(place.home), ...likeOpencode('OPENCODE', place.modelUrl) },
    write,
  }),
  kilo: (modules, place) => ({
    command: join(modules, '@kilocode/cli-linux-x64/bin/kilo'),
    args: ['acp'],
    env: {
      ...hermetic(place.home),
      ...likeOpencode('KILO', place.modelUrl),
      KILO_TELEMETRY_LEVEL: 'off',
      KILO_DISABLE_SESSION_INGEST: '1',
      KILO_DISABLE_PRESENCE: '1',
      KILO_DISABLE_CODEBASE_INDEXING: '1',
      KILO_NO_DAEMON: '1',
      KILO_API_URL: place.modelUrl,
    },
    write,
  }),
  copilot: (modules, { home, modelUrl }) => ({
    command: join(modules, `@github/copilot-${process.platform}-${process.arch}/copilot`),
    args: ['--acp'],
    env: {
      ...hermetic(home),
      COPILOT_OFFLINE: 'true',
      COPILOT_PROVIDER_BASE_URL: `${modelUrl}/v1`,
      COPILOT_PROVIDER_API_KEY: 'x',
      COPILOT_MODEL: 'fake-1',
      COPILOT_AUTO_UPDATE: 'false',
    },
    write,
  }),
  pi: (modules, { home, modelUrl }) => {
    const folder = homeFolder(home, '.pi/agent')
    const provider = {
      baseUrl: `${modelUrl}/v1`,
      api: 'openai-completions',
      apiKey: 'x',
      models: [{ id: 'fake-1', name: 'Fake 1', contextWindow: 200_000, maxTokens: 8192 }],
    }
    writeFileSync(join(folder, 'models.json'), JSON.stringify({ providers: { fake: provider } }))
    const chosen = { defaultProvider: 'fake', defaultModel: 'fake-1', quietStartup: true }
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(chosen))
    const PATH = [join(modules, '.bin'), dirname(process.execPath), hermetic(home)['PATH']].join(
      ':',
    )
    return {
      ...script(modules, 'pi-acp/dist/index.js'),
      env: { ...hermetic(home), PATH, PI_OFFLINE: '1' },
      write,
      asksNothing: true,
    }
  },
}

function write(path: string, text: string): string {
  return `[[write ${path} ${text}]]`
}

function script(modules: string, path: string, ...args: string[]) {
  return { command: process.execPath, args: [join(modules, path), ...args] }
}

function codex({ home, modelUrl }: Place) {
  writeFileSync(join(homeFolder(home, '.codex'), 'config.toml'), codexConfiguration(modelUrl))
  return { env: { ...hermetic(home), ...codexKeys }, write: writeOutside }
}

/** Codex asks only for a command that wants out of its sandbox. */
function writeOutside(path: string, text: string): string {
  return askedCommand(`printf '%s' '${text}' > ${path}`)
}

function settings(home: string, folder: string, value: object): void {
  writeFileSync(join(homeFolder(home, folder), 'settings.json'), JSON.stringify(value))
}

function likeOpencode(prefix: string, modelUrl: string): Readonly<Record<string, string>> {
  const model = {
    name: 'Fake 1',
    tool_call: true,
    reasoning: true,
    limit: { context: 200_000, output: 8192 },
  }
  const variables = opencodeVariables(prefix, modelUrl, { 'fake-1': model })
  return { ...variables, [`${prefix}_PURE`]: '1' }
}
