/** What goes wrong with an agent or its model. */
import { setTimeout as sleep } from 'node:timers/promises'
import { realAgent } from '@belay/testing/node'
import { acts, type Failure } from './failure.ts'
import type { FailureWorld } from './failure-world.ts'
import { type AgentChoice } from '@belay/protocol'
import { temporaryFolder } from '@belay/testing/node'

const long = '[[slow 2000 50]]'
/** Words, and then the end of it as the script says. */
const speaksThen = (then: string) => `
methods['session/prompt'] = async () => {
  say('tok1 tok2 tok3 ')
  await later(3000)
  ${then}
}
main()`

function pi(world: FailureWorld): AgentChoice {
  const agent = realAgent('pi', { modelUrl: world.model.url, home: temporaryFolder('home') })
  return { command: agent.command, args: [...agent.args], env: { ...agent.env } }
}

/** The same without anything that signs it in. */
function piSignedOut(world: FailureWorld): AgentChoice {
  const agent = pi(world)
  const home = temporaryFolder('home')
  return { ...agent, env: { ...agent.env, HOME: home } }
}

export const agentFailures: readonly Failure[] = [
  {
    id: 'agent-killed',
    of: 'agent',
    what: 'Codex is killed (`kill -9`) in a turn',
    says: 'The agent was killed (SIGKILL), from outside or for lack of memory.',
    act: acts.decide,
    before: (world) => world.working(long),
    fault: async (world) => world.killAgent(),
  },
  {
    id: 'agent-exits',
    of: 'agent',
    what: 'An agent ends by itself in a turn, with a code and words',
    says: 'The agent stopped by itself (exit code 3). Its last words: out of cheese',
    act: acts.decide,
    before: (world) =>
      world.working('go', {
        agent: world.rude(speaksThen("console.error('out of cheese'); process.exit(3)")),
      }),
    fault: () => sleep(0),
    patienceMs: 3000,
  },
  {
    id: 'agent-missing',
    of: 'agent',
    what: 'The agent is not installed',
    says: '“/opt/nowhere/agent”',
    act: acts.retry,
    fault: (world) => world.create('hello', { agent: { command: '/opt/nowhere/agent', args: [] } }),
  },
  {
    id: 'agent-mute',
    of: 'agent',
    what: 'An agent starts and answers nothing',
    says: 'initialize',
    act: acts.nothing,
    patienceMs: 10_000,
    fault: (world) =>
      world.create('hello', {
        agent: world.rude('methods.initialize = () => later(1e9)\nmain()'),
      }),
  },
  {
    id: 'agent-mute-session',
    of: 'agent',
    what: 'An agent starts and never opens the conversation',
    says: 'session/new',
    act: acts.retry,
    server: ['--deadline', 'agentSessionMs=3000'],
    patienceMs: 12_000,
    fault: (world) =>
      world.create('hello', {
        agent: world.rude("methods['session/new'] = () => later(1e9)\nmain()"),
      }),
  },
  {
    id: 'agent-no-words',
    of: 'agent',
    what: 'An agent ends its turn without a word',
    says: 'The agent ended the turn without a word; its model may have failed.',
    act: acts.decide,
    fault: (world) =>
      world.create('hello', {
        agent: world.rude(
          "methods['session/prompt'] = async () => ({ stopReason: 'end_turn' })\nmain()",
        ),
      }),
  },
  {
    id: 'agent-not-acp',
    of: 'agent',
    what: 'The program is no agent: it prints words, and ends',
    says: 'is no agent',
    act: acts.retry,
    fault: (world) =>
      world.create('hello', {
        agent: world.rude("console.log('Welcome to the shop!'); process.exit(0)"),
      }),
  },
  {
    id: 'agent-wedged',
    of: 'agent',
    what: 'An agent does not obey Stop',
    says: 'Stopped by a person; the agent did not obey in time and was ended.',
    act: acts.nothing,
    on: ['page'],
    patienceMs: 6000,
    before: (world) => world.working('go', { agent: world.rude(speaksThen('await later(1e9)')) }),
    async fault(world) {
      await world.page.getByRole('button', { name: 'Stop' }).click()
    },
  },
  {
    id: 'agent-dies-again',
    of: 'agent',
    what: 'An agent dies at every start',
    says: 'The agent stopped by itself (exit code 7).',
    act: acts.retry,
    patienceMs: 30_000,
    fault: (world) =>
      world.create('hello', { agent: world.rude("console.error('no'); process.exit(7)") }),
  },
  {
    id: 'signed-out',
    of: 'sign-in',
    what: 'pi is not signed in',
    says: 'The agent needs a sign-in',
    act: acts.retry,
    installs: true,
    fault: (world) => world.create('hello', { agent: piSignedOut(world) }),
  },
  {
    id: 'model-500',
    of: 'model',
    what: 'Codex’ model answers 500 for good',
    says: 'high demand',
    act: acts.decide,
    patienceMs: 10_000,
    before: (world) => world.create('[[say ready]]'),
    fault: (world) => prompt(world, '[[reset]] [[error 500]]'),
  },
  {
    id: 'model-500-pi',
    of: 'model',
    what: 'pi’s model answers 500 for good',
    says: 'The model of the agent failed.',
    act: acts.decide,
    installs: true,
    patienceMs: 20_000,
    fault: (world) => world.create('[[error 500]]', { agent: pi(world) }),
  },
  {
    id: 'model-429',
    of: 'model',
    what: 'pi’s model answers 429 once',
    says: 'Waiting for the next prompt',
    act: acts.nothing,
    on: ['API', 'ls', 'why', 'list', 'page'],
    installs: true,
    patienceMs: 10_000,
    fault: (world) => world.create('[[error 429 1]] [[say recovered]]', { agent: pi(world) }),
  },
  {
    id: 'model-cut',
    of: 'model',
    what: 'The answer of Codex’ model breaks off halfway, always',
    says: 'disconnected',
    act: acts.decide,
    patienceMs: 10_000,
    fault: (world) => world.create('[[drop 3 20]] [[slow 5 10]]'),
  },
  {
    id: 'model-401',
    of: 'model',
    what: 'The model refuses Codex’ key (401)',
    says: '401',
    act: acts.decide,
    patienceMs: 10_000,
    fault: (world) => world.create('[[error 401]]'),
  },
  {
    id: 'model-401-pi',
    of: 'model',
    what: 'The model refuses pi’s key (401)',
    says: '401',
    act: acts.decide,
    installs: true,
    patienceMs: 10_000,
    fault: (world) => world.create('[[error 401]]', { agent: pi(world) }),
  },
  {
    id: 'queue-held',
    of: 'agent',
    what: 'Codex is killed while two prompts wait behind its turn',
    says: 'The agent was killed (SIGKILL), from outside or for lack of memory.',
    act: acts.goOn,
    async before(world) {
      await world.working(long)
      await prompt(world, 'second', 'p2')
      await prompt(world, 'third', 'p3')
    },
    fault: async (world) => world.killAgent(),
  },
]

export async function prompt(world: FailureWorld, text: string, promptId = 'p2'): Promise<void> {
  await world.client.call('prompt', { id: world.session, promptId, text })
}
