/**
 * Codex as a real agent for tests: Zed's ACP adapter, one static binary, told to ask the scripted model.
 *
 * Facts of this agent that tests must know: its first chunk says that it does not know the model, so look for
 * `tok1`, not for the first chunk; and it asks a permission only for a command that wants out of its sandbox
 * (`askedCommand`).
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface AgentCommand {
  readonly command: string
  readonly args: readonly string[]
  /** All it needs and no more: nothing of the person's own settings or keys reaches it. */
  readonly env: Readonly<Record<string, string>>
}

export interface CodexOptions {
  /** The scripted model, without a path. */
  readonly modelUrl: string
  /** A folder of the test's own, which the agent takes for its home. */
  readonly home: string
}

/** Writes the agent's settings into `home` and says how to start it. @throws when this machine has no binary of it. */
export function codexAgent({ modelUrl, home }: CodexOptions): AgentCommand {
  writeFileSync(join(homeFolder(home, '.codex'), 'config.toml'), codexConfiguration(modelUrl))
  return { command: codexBinary(), args: [], env: { ...hermetic(home), ...codexKeys } }
}

export const codexKeys = { OPENAI_API_KEY: 'sk-fake', CODEX_API_KEY: 'sk-fake' }

/** A folder below a test's home, made. */
export function homeFolder(home: string, name: string): string {
  const path = join(home, name)
  mkdirSync(path, { recursive: true })
  return path
}

/** The environment of an agent that is to know nothing of the person and the machine but its PATH. */
export function hermetic(home: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: homeFolder(home, 'tmp'),
    XDG_CONFIG_HOME: homeFolder(home, '.config'),
    XDG_DATA_HOME: homeFolder(home, '.local/share'),
    XDG_STATE_HOME: homeFolder(home, '.local/state'),
    XDG_CACHE_HOME: homeFolder(home, '.cache'),
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
  }
}

export function codexConfiguration(modelUrl: string): string {
  return `model = "fake-1"
model_provider = "fake"
approval_policy = "on-request"
sandbox_mode = "read-only"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.fake]
name = "Scripted model"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
request_max_retries = 2
stream_max_retries = 2
stream_idle_timeout_ms = 600000
`
}

/** The binary itself, not its Node launcher: the launcher would be one process more between us and the agent. */
function codexBinary(): string {
  const require = createRequire(import.meta.url)
  const launcher = require.resolve('@zed-industries/codex-acp/bin/codex-acp.js')
  const name = `codex-acp-${process.platform}-${process.arch}`
  const path = join(
    dirname(launcher),
    '../..',
    name,
    'bin',
    process.platform === 'win32' ? 'codex-acp.exe' : 'codex-acp',
  )
  if (existsSync(path)) return path
  throw new Error(`the agent Codex has no binary for this machine: ${path} is not there`)
}
