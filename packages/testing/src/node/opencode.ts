/** opencode as a real agent for tests: its own binary, told to ask the scripted model. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { installedAgent } from './agent-packages.ts'
import { type AgentCommand, type CodexOptions, hermetic } from './codex.ts'

/** @param mode how it is spoken to @throws when it cannot be installed */
export function opencodeAgent(
  mode: 'acp' | 'serve',
  { modelUrl, home }: CodexOptions,
): AgentCommand {
  const command = join(installedAgent('opencode'), 'opencode-linux-x64/bin/opencode')
  chmodSync(command, 0o755)
  const model = { name: 'Fake 1', tool_call: true, limit: { context: 200_000, output: 8192 } }
  const sees = { attachment: true, modalities: { input: ['text', 'image'], output: ['text'] } }
  const models = { 'fake-1': model, 'fake-eyes': { ...model, ...sees, name: 'Fake with eyes' } }
  return {
    command,
    args: mode === 'acp' ? ['acp'] : ['serve', '--port', '0'],
    env: { ...hermetic(home), ...opencodeVariables('OPENCODE', modelUrl, models) },
  }
}

/**
 * What tells opencode, and Kilo which is made of it, to ask the scripted model and nobody else. Without `enabled_providers`
 * their hosted models stay on.
 * @param prefix of its variables
 */
export function opencodeVariables(
  prefix: string,
  modelUrl: string,
  models: { readonly 'fake-1': object },
): Readonly<Record<string, string>> {
  const configuration = {
    provider: {
      fake: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted model',
        options: { baseURL: `${modelUrl}/v1`, apiKey: 'sk-fake' },
        models,
      },
    },
    enabled_providers: ['fake'],
    model: 'fake/fake-1',
    small_model: 'fake/fake-1',
    autoupdate: false,
    share: 'disabled',
    permission: { bash: 'ask', edit: 'ask', question: 'allow' },
  }
  // Each of these would look for something on the internet.
  const off = ['MODELS_FETCH', 'AUTOUPDATE', 'DEFAULT_PLUGINS', 'LSP_DOWNLOAD', 'SHARE']
  return {
    [`${prefix}_CONFIG_CONTENT`]: JSON.stringify(configuration),
    ...Object.fromEntries(off.map((what) => [`${prefix}_DISABLE_${what}`, '1'])),
  }
}
