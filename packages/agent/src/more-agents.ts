/**
 * Agents of the public registry of the Agent Client Protocol that a person is likely to have, beside those that Belay was
 * made with (`registry.ts`). The command of each is the one of that registry; what is in npm was also started here, up to
 * its wish for a sign-in.
 *
 * What proves a sign-in of these is not known, so nothing is said to be missing before they say so themselves.
 */
import type { KnownAgent } from './known-agent.ts'

/** How a package of npm is installed. */
export function fromNpm(packages: string): string {
  return `npm install -g ${packages}`
}

type Command = Pick<KnownAgent, 'name' | 'title' | 'args'> & {
  readonly install: string
  readonly signIn: string
  /** Default: the name. */
  readonly binary?: string
}

const commands: readonly Command[] = [
  {
    name: 'copilot',
    title: 'GitHub Copilot CLI',
    args: ['--acp'],
    install: fromNpm('@github/copilot'),
    signIn: 'run `copilot login`',
  },
  {
    name: 'pi',
    title: 'pi',
    binary: 'pi-acp',
    args: [],
    install: fromNpm('pi-acp @earendil-works/pi-coding-agent'),
    signIn: 'run `pi` and log in there',
  },
  {
    name: 'cline',
    title: 'Cline',
    args: ['--acp'],
    install: fromNpm('cline'),
    signIn: 'run `cline` and sign in there, or choose one of its ways when a session asks for it',
  },
  {
    name: 'auggie',
    title: 'Auggie',
    args: ['--acp'],
    install: fromNpm('@augmentcode/auggie'),
    signIn: 'run `auggie login`',
  },
  {
    name: 'cursor',
    title: 'Cursor',
    binary: 'cursor-agent',
    args: ['acp'],
    install: 'as cursor.com/docs/cli says',
    signIn: 'run `cursor-agent login`',
  },
  {
    name: 'goose',
    title: 'goose',
    args: ['acp'],
    install: 'as github.com/block/goose says',
    signIn: 'run `goose configure`',
  },
  {
    name: 'kimi',
    title: 'Kimi CLI',
    args: ['acp'],
    install: 'as github.com/MoonshotAI/kimi-cli says',
    signIn: 'run `kimi` and log in there',
  },
  {
    name: 'vibe',
    title: 'Mistral Vibe',
    binary: 'vibe-acp',
    args: [],
    install: 'as github.com/mistralai/mistral-vibe says',
    signIn: 'run `vibe-acp --setup`, or set MISTRAL_API_KEY',
  },
  {
    name: 'amp',
    title: 'Amp',
    binary: 'amp-acp',
    args: [],
    install: 'as github.com/tao12345666333/amp-acp says',
    signIn: 'run `amp` and log in there',
  },
  {
    name: 'droid',
    title: 'Factory Droid',
    args: ['exec', '--output-format', 'acp'],
    install: fromNpm('droid'),
    signIn: 'run `droid` and log in there, or set FACTORY_API_KEY',
  },
  {
    name: 'grok',
    title: 'Grok Build',
    args: ['agent', 'stdio'],
    install: fromNpm('@xai-official/grok'),
    signIn: 'run `grok` and log in there',
  },
  {
    name: 'qoder',
    title: 'Qoder CLI',
    binary: 'qodercli',
    args: ['--acp'],
    install: fromNpm('@qoder-ai/qodercli'),
    signIn: 'run `qodercli` and log in there',
  },
]

export const moreAgents: readonly KnownAgent[] = commands.map(({ binary, ...agent }) => ({
  ...agent,
  demo: false,
  binaries: [binary ?? agent.name],
  packaged: [],
  proofs: [],
  missing: '',
}))
