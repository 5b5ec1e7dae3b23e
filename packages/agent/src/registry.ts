/**
 * The agents Belay knows by name: how each is started, where npm puts it, and what proves that it can reach a model.
 *
 * Owns: the table. `node/detect.ts` looks at this machine; nothing here does.
 *
 * Invariants:
 * - A-107 Each says how it is installed and how one signs in.
 * - A-1 What an agent needs is proven by any one of its proofs; an agent without proofs needs nothing.
 */

import type { KnownAgent, Proof } from './known-agent.ts'
import { fromNpm, moreAgents } from './more-agents.ts'

const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'] as const

/** Where a package of per-platform programs puts them; only the one of this machine is ever installed. */
function perPlatform(prefix: string, path: string): readonly string[] {
  return platforms.map((platform) => `${prefix}-${platform}/${path}`)
}

/** Some are spoken to in two ways, each an entry of its own. */
const opencode = {
  demo: false,
  binaries: ['opencode'],
  packaged: perPlatform('opencode', 'bin/opencode'),
  // Its own hosted models take a public key, so it works before anybody signed in.
  proofs: [],
  missing: '',
  install: fromNpm('opencode-ai'),
  signIn: 'run `opencode auth login`',
} as const
const kilo = {
  demo: false,
  binaries: ['kilo', 'kilocode'],
  packaged: perPlatform('@kilocode/cli', 'bin/kilo'),
  proofs: [
    { env: 'KILO_API_KEY' },
    { env: 'KILO_CONFIG_CONTENT' },
    { env: 'ANTHROPIC_API_KEY' },
    { env: 'OPENAI_API_KEY' },
    { file: '.local/share/kilo/auth.json' },
  ],
  missing: 'a sign-in: run "kilo auth login", or set KILO_API_KEY',
  install: fromNpm('@kilocode/cli'),
  signIn: 'run `kilo auth login`',
} as const

export const knownAgents: readonly KnownAgent[] = [
  {
    name: 'claude',
    title: 'Claude Code',
    demo: false,
    binaries: ['claude-agent-acp', 'claude-code-acp'],
    packaged: [],
    args: [],
    proofs: [
      { env: 'ANTHROPIC_API_KEY' },
      { env: 'ANTHROPIC_AUTH_TOKEN' },
      { env: 'CLAUDE_CODE_OAUTH_TOKEN' },
      { env: 'CLAUDE_CODE_USE_BEDROCK' },
      { env: 'CLAUDE_CODE_USE_VERTEX' },
      { file: '.claude/.credentials.json' },
    ],
    missing: 'a sign-in: run "claude" once and sign in, or set ANTHROPIC_API_KEY',
    install: fromNpm('@agentclientprotocol/claude-agent-acp @anthropic-ai/claude-code'),
    signIn: 'run `claude` and sign in, or set ANTHROPIC_API_KEY',
  },
  {
    name: 'codex',
    title: 'Codex',
    demo: false,
    binaries: ['codex-acp'],
    packaged: perPlatform('@zed-industries/codex-acp', 'bin/codex-acp'),
    args: [],
    proofs: [{ env: 'OPENAI_API_KEY' }, { env: 'CODEX_API_KEY' }, { file: '.codex/auth.json' }],
    missing: 'a sign-in: run "codex login", or set OPENAI_API_KEY',
    install: fromNpm('@agentclientprotocol/codex-acp @openai/codex'),
    signIn: 'run `codex login`, or set OPENAI_API_KEY',
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    demo: false,
    binaries: ['gemini'],
    packaged: [],
    args: ['--acp'],
    proofs: [
      { env: 'GEMINI_API_KEY' },
      { env: 'GOOGLE_API_KEY' },
      { file: '.gemini/oauth_creds.json' },
    ],
    missing: 'a sign-in: run "gemini" once and sign in, or set GEMINI_API_KEY',
    install: fromNpm('@google/gemini-cli'),
    signIn: 'run `gemini` and sign in, or set GEMINI_API_KEY',
  },
  {
    name: 'qwen',
    title: 'Qwen Code',
    demo: false,
    binaries: ['qwen'],
    packaged: [],
    args: ['--acp'],
    proofs: [
      { env: 'OPENAI_API_KEY' },
      { env: 'DASHSCOPE_API_KEY' },
      { file: '.qwen/oauth_creds.json' },
    ],
    missing: 'a sign-in: run "qwen" once and sign in, or set OPENAI_API_KEY',
    install: fromNpm('@qwen-code/qwen-code'),
    signIn: 'run `qwen` and sign in, or set OPENAI_API_KEY',
  },
  {
    name: 'opencode',
    title: 'opencode',
    ...opencode,
    args: ['acp'],
  },
  {
    name: 'kilo',
    title: 'Kilo',
    ...kilo,
    args: ['acp'],
  },
  {
    name: 'opencode-http',
    title: 'opencode (server)',
    protocol: 'http-sse',
    ...opencode,
    args: ['serve', '--port', '0'],
  },
  {
    name: 'kilo-http',
    title: 'Kilo (server)',
    protocol: 'http-sse',
    ...kilo,
    args: ['serve', '--port', '0'],
  },
  ...moreAgents,
  {
    name: 'demo',
    title: 'Demo agent',
    demo: true,
    binaries: [],
    packaged: [],
    args: [],
    proofs: [],
    missing: '',
  },
]

/** What an agent still misses, in words; nothing when `proven` says yes to any of its proofs. */
export function missingOf(agent: KnownAgent, proven: (proof: Proof) => boolean): readonly string[] {
  return agent.proofs.length === 0 || agent.proofs.some(proven) ? [] : [agent.missing]
}
