/** opencode as a real agent for tests: its own binary, told to ask the scripted model. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { installedAgent } from './agent-packages.ts'
import type { AgentCommand, CodexOptions } from './codex.ts'

/** @param mode how it is spoken to @throws when it cannot be installed */
export function opencodeAgent(
  mode: 'acp' | 'serve',
  { modelUrl, home }: CodexOptions,
): AgentCommand {
  const command = join(installedAgent('opencode'), 'opencode-linux-x64/bin/opencode')
  chmodSync(command, 0o755)
  const folder = (name: string) => {
    const path = join(home, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  return {
    command,
    args: mode === 'acp' ? ['acp'] : ['serve', '--port', '0'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TMPDIR: folder('tmp'),
      XDG_CONFIG_HOME: folder('.config'),
      XDG_DATA_HOME: folder('.local/share'),
      XDG_STATE_HOME: folder('.local/state'),
      XDG_CACHE_HOME: folder('.cache'),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      OPENCODE_CONFIG_CONTENT: JSON.stringify(configuration(modelUrl)),
      // Each of these would look for something on the internet.
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_SHARE: '1',
    },
  }
}

function configuration(modelUrl: string): unknown {
  const model = { name: 'Fake 1', tool_call: true, limit: { context: 200_000, output: 8192 } }
  const sees = { attachment: true, modalities: { input: ['text', 'image'], output: ['text'] } }
  return {
    provider: {
      fake: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted model',
        options: { baseURL: `${modelUrl}/v1`, apiKey: 'sk-fake' },
        models: { 'fake-1': model, 'fake-eyes': { ...model, ...sees, name: 'Fake with eyes' } },
      },
    },
    enabled_providers: ['fake'],
    model: 'fake/fake-1',
    small_model: 'fake/fake-1',
    autoupdate: false,
    share: 'disabled',
    permission: { bash: 'ask', edit: 'ask', question: 'allow' },
  }
}
