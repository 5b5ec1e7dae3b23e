/** Secrets that a person named in the file of agents, on their way through a whole Belay to the process of the agent. */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { marked } from '@belay/agent/node'
import { rudeAgent, temporaryFolder, waitFor } from '@belay/testing/node'
import { agentMarker } from '@belay/runner/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, textOf, turnEnd, watch, type World } from './world.ts'

/** Three, each by another way. No log may hold any of them. */
const secrets = {
  file: `file-${randomBytes(12).toString('hex')}`,
  variable: `variable-${randomBytes(12).toString('hex')}`,
  tools: `tools-${randomBytes(12).toString('hex')}`,
}
const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Says what it sees as digests only. */
const seeing = `
const crypto = require('node:crypto')
const digest = (text) => crypto.createHash('sha256').update(text ?? '').digest('hex').slice(0, 16)
let tools = ''
methods['session/new'] = ({ mcpServers }) => { tools = mcpServers[0].env[0].value; return { sessionId: 's1' } }
methods['session/prompt'] = ({ prompt }) => {
  const keys = [process.env.FROM_FILE, process.env.FROM_VARIABLE, tools].join(' and ')
  const words = prompt[0].text
  if (words !== 'look') process.stderr.write('refused: ' + keys + '\\n')
  if (words === 'fail') fail(-32603, 'bad keys ' + keys)
  if (words === 'die') process.exit(3)
  say([process.env.FROM_FILE, process.env.FROM_VARIABLE, tools].map(digest).join(' '))
  return { stopReason: 'end_turn' }
}
main()`

let world: World
beforeAll(async () => {
  world = await startWorld([], { PERSONS_KEY: secrets.variable })
})
afterAll(() => world.end())

/** Every file below a folder that holds one of them. */
function filesWithSecrets(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => holdsSecret(readFileSync(path, 'latin1')))
}

function holdsSecret(text: string): boolean {
  return Object.values(secrets).some((secret) => text.includes(secret))
}

/** Of every process of this machine that may be looked at. */
function processes(file: 'cmdline' | 'environ'): { readonly pid: number; readonly text: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), text: readFileSync(`/proc/${name}/${file}`, 'latin1') }]
      } catch {
        return []
      }
    })
}

test('[A-81] [A-83] secrets of the file of agents are in the agent’s environment and its tools’, and in no argument, log, view or file', async () => {
  const folder = temporaryFolder('secrets')
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, `${secrets.file}\n`)
  writeFileSync(join(folder, 'tools-key'), secrets.tools)
  const mine = {
    title: 'Mine',
    ...rudeAgent(folder, seeing),
    env: { FROM_FILE: { file: keyFile }, FROM_VARIABLE: { env: 'PERSONS_KEY' } },
    mcpServers: [
      { name: 'tools', command: 'true', env: { KEY: { file: join(folder, 'tools-key') } } },
    ],
  }
  // A secret in the wrong place is not repeated where it is told that it is wrong.
  const broken = { command: 'true', env: { KEY: { secret: secrets.file } } }
  writeFileSync(join(world.dataFolder, 'agents.json'), JSON.stringify({ agents: { mine, broken } }))
  const { client, repository, dataFolder } = world
  const known = await waitFor(
    async () => {
      const answer = await client.call('agents', {})
      return answer.agents.some(({ name }) => name === 'mine') && answer
    },
    'the agent to be known',
    20_000,
  )
  expect(known.problems).toEqual([expect.stringContaining('the agent "broken" is left out')])

  const { session } = await client.call('createSession', {
    agent: { name: 'mine' },
    workspace: { type: 'folder', path: repository.path },
    prompt: { promptId: 'p1', text: 'look' },
  })
  const watching = watch(world, session.id, 'socket')
  try {
    await turnEnd(watching, 1)
    const seen = [secrets.file, secrets.variable, secrets.tools].map(digest).join(' ')
    expect(textOf(watching.events, 1)).toBe(seen)

    // It repeats them in an error, in its log, and in its last words.
    const prompt = (promptId: string, text: string) =>
      client.call('prompt', { id: session.id, promptId, text })
    await prompt('p2', 'fail')
    const failed = await turnEnd(watching, 2)
    expect(failed.detail).toContain('bad keys [secret] and [secret] and [secret]')
    await prompt('p3', 'die')
    const died = await turnEnd(watching, 3)
    expect(died.detail).toContain('refused: [secret] and [secret] and [secret]')
    await waitFor(
      async () =>
        (await client.call('getSession', { id: session.id })).agentLink?.state === 'ready',
      'the agent to come back',
      20_000,
    )

    const view = await client.call('getSession', { id: session.id })
    const why = await client.call('why', { id: session.id })
    for (const told of [watching.events, view, why, known])
      expect(holdsSecret(JSON.stringify(told))).toBe(false)
    expect(processes('cmdline').filter(({ text }) => holdsSecret(text))).toEqual([])
    const agent = marked(agentMarker(session.id, join(dataFolder, 'runners', session.id), 1))
    expect(agent.length).toBeGreaterThan(0)
    const holders = processes('environ').filter(({ text }) => text.includes(secrets.file))
    expect(new Set(holders.map(({ pid }) => pid))).toEqual(new Set(agent))
    // Where Belay writes: events, state, spool, the logs of the server and of the runner.
    const agentsJson = join(dataFolder, 'agents.json')
    expect(filesWithSecrets(dataFolder)).toEqual([agentsJson])
    writeFileSync(agentsJson, '{"agents":{}}')
    expect(readdirSync(dataFolder, { recursive: true }).length).toBeGreaterThan(5)
  } finally {
    watching.close()
  }
}, 60_000)
