/**
 * The real agents that tests run, each installed once from the npm registry at one exact version.
 *
 * Owns: the versions and where they are put. `real-agents.ts` says how each is started without a network.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Exact versions: what is known of an agent was seen in one of them. Installed sizes are in `docs/agents.md`. */
export const agentPackages = {
  'codex-zed': '@zed-industries/codex-acp@0.16.0',
  codex: '@agentclientprotocol/codex-acp@2.6.0',
  claude: '@agentclientprotocol/claude-agent-acp@0.100.0',
  // 0.61.0 loses sessions when they are loaded.
  gemini: '@google/gemini-cli@0.36.0',
  qwen: '@qwen-code/qwen-code@0.24.4',
  opencode: 'opencode-linux-x64@1.18.33',
  kilo: '@kilocode/cli-linux-x64@7.7.7',
  copilot: '@github/copilot@1.0.102',
  // The adapter, and the agent that it starts.
  pi: 'pi-acp@0.0.34 @earendil-works/pi-coding-agent@1.6.0',
} as const
export type PackagedAgent = keyof typeof agentPackages

const root = join(import.meta.dirname, '../../../..')
/** A few hundred megabytes on a slow line. */
const installMsMax = 5 * 60_000

/**
 * Installs an agent below `node_modules/.cache` unless it is there.
 * No script of a package is run: what cannot be had that way cannot be had in a build without a network either.
 *
 * @returns its `node_modules` folder
 * @throws with npm's last words when it cannot be installed
 */
export function installedAgent(name: PackagedAgent): string {
  const wanted = agentPackages[name]
  const folder = join(root, 'node_modules/.cache/belay/agents', wanted.replaceAll(/[^\w.-]+/g, '_'))
  const modules = join(folder, 'node_modules')
  if (existsSync(modules)) return modules
  const draft = `${folder}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  writeFileSync(join(draft, 'package.json'), '{"private":true}\n')
  try {
    execFileSync(
      'npm',
      [
        'install',
        ...wanted.split(' '),
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
        '--loglevel=error',
      ],
      { cwd: draft, stdio: 'pipe', timeout: installMsMax },
    )
    // Whole or not there: a run that was cut off leaves only a draft.
    if (!existsSync(modules)) renameSync(draft, folder)
  } catch (error) {
    throw new Error(`${wanted} could not be installed, so nothing about it was tested`, {
      cause: error,
    })
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return modules
}
