/** What goes wrong with an agent or its model. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentChoice } from '@belay/protocol'
import { realAgent, temporaryFolder } from '@belay/testing/node'
import { acts, type Failure } from './failure.ts'
import type { FailureWorld } from './failure-world.ts'

const long = '[[slow 2000 50]]'
/** Words, and what the script says once there is a file `now` in the folder. */
const speaksThen = (then: string) => `
methods['session/prompt'] = async () => {
  say('tok1 tok2 tok3 ')
  while (!fs.existsSync('now')) await later(20)
  ${then}
}
main()`

function now(world: FailureWorld): void {
  writeFileSync(join(world.folder, 'now'), '')
}

function pi(world: FailureWorld): AgentChoice {
  const agent = realAgent('pi', { modelUrl: world.model.url, home: temporaryFolder('home') })
  return { command: agent.command, args: [...agent.args], env: { ...agent.env } }
}

/** The same without anything that signs it in. */
function piSignedOut(world: FailureWorld): AgentChoice {
  const agent = pi(world)
  const home = temporaryFolder('home')
  return { ...agent, env: { ...agent.env, HOME: home, OPENAI_API_KEY: '', CODEX_API_KEY: '' } }
}

/** An agent that has done a turn, and then a model that fails at the next, as often as the agent tries. */
function byModel(
  script: string,
  agentOf?: (world: FailureWorld) => AgentChoice,
): Pick<Failure, 'before' | 'fault' | 'triesOfModel'> {
  return {
    triesOfModel: true,
    async before(world) {
      const agent = agentOf?.(world)
      await world.create('[[say ready]]', agent === undefined ? {} : { agent })
      await world.page.getByText('The agent finished.').waitFor()
    },
    fault: (world) => prompt(world, `[[reset]] ${script}`),
  }
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
    fault: async (world) => now(world),
  },
  {
    id: 'agent-missing',
    of: 'agent',
    what: 'The agent is not installed',
    says: 'The program "/opt/nowhere/agent" was not found.',
    act: acts.retry,
    fault: (world) => world.create('hello', { agent: { command: '/opt/nowhere/agent', args: [] } }),
  },
  {
    id: 'agent-mute',
    of: 'agent',
    what: 'An agent starts and does not answer `initialize`, twice',
    says: 'The agent did not answer initialize within 3 s, twice in a row.',
    act: acts.retry,
    server: ['--deadline', 'agentStartMs=3000'],
    patienceMs: 10_000,
    fault: (world) =>
      world.create('hello', {
        agent: world.rude('methods.initialize = () => later(1e9)\nmain()'),
      }),
  },
  {
    id: 'agent-mute-session',
    of: 'agent',
    what: 'An agent does not answer `session/new`, twice',
    says: 'The agent did not open the conversation within 3 s, twice in a row.',
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
    before: (world) =>
      world
        .create('hello', {
          agent: world.rude(`
let turns = 0
methods['session/prompt'] = async () => {
  if (++turns === 1) say('hello')
  return { stopReason: 'end_turn' }
}
main()`),
        })
        .then(() => world.page.getByText('The agent finished.').waitFor()),
    fault: (world) => prompt(world, 'and then?'),
  },
  {
    id: 'agent-not-acp',
    of: 'agent',
    what: 'The program is no agent: it prints words, and ends',
    says: 'The agent ended at once without an error (exit 0): its command is no agent.',
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
    says: 'The agent stopped by itself (exit code 7), twice in a row.',
    act: acts.retry,
    patienceMs: 8000,
    fault: (world) =>
      world.create('hello', { agent: world.rude("console.error('no'); process.exit(7)") }),
  },
  {
    id: 'signed-out',
    of: 'sign-in',
    what: 'pi is not signed in',
    says: 'The agent needs a sign-in: sign in with its own program in a terminal on the machine of the server (“Launch pi in the terminal”); then retry.',
    act: acts.retry,
    patienceMs: 10_000,
    installs: true,
    fault: (world) => world.create('hello', { agent: piSignedOut(world) }),
  },
  {
    id: 'model-500',
    of: 'model',
    what: 'Codex’ model answers 500 for good',
    says: "We're currently experiencing high demand, which may cause temporary errors.",
    act: acts.decide,
    ...byModel('[[error 500]]'),
  },
  {
    id: 'model-500-pi',
    of: 'model',
    what: 'pi’s model answers 500 for good',
    says: 'The model of the agent failed.',
    act: acts.decide,
    installs: true,
    ...byModel('[[error 500]]', pi),
  },
  {
    id: 'model-429',
    of: 'model',
    what: 'pi’s model answers 429 once',
    says: 'tok1 tok2 tok3',
    told: 'nothing: the agent asks again, and its answer is there',
    act: acts.nothing,
    on: ['page'],
    installs: true,
    ...byModel('[[error 429 1]] [[slow 3 1]]', pi),
  },
  {
    id: 'model-cut',
    of: 'model',
    what: 'The answer of Codex’ model breaks off halfway, always',
    says: 'stream disconnected before completion: Transport error: network error: error decoding response body',
    act: acts.decide,
    ...byModel('[[drop 3 20]] [[slow 5 10]]'),
  },
  {
    id: 'model-401',
    of: 'model',
    what: 'Codex’ model refuses its key (401)',
    says: 'unexpected status 401 Unauthorized',
    act: acts.decide,
    ...byModel('[[error 401]]'),
  },
  {
    id: 'model-401-pi',
    of: 'model',
    what: 'pi’s model refuses its key (401)',
    says: 'The agent ended the turn without a word; its model may have failed.',
    act: acts.decide,
    installs: true,
    ...byModel('[[error 401]]', pi),
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

async function prompt(world: FailureWorld, text: string, promptId = 'p2'): Promise<void> {
  await world.client.call('prompt', { id: world.session, promptId, text })
}
