import { expect, test } from 'vitest'
import { parseAgentsFile } from './agents-file.ts'

const read = (value: unknown) =>
  parseAgentsFile(typeof value === 'string' ? value : JSON.stringify(value), '/d/agents.json', [
    'claude',
    'codex',
  ])

test('[A-80] agents are added, and settings given to the known ones', () => {
  const mine = {
    command: '/opt/mine',
    args: ['--acp'],
    env: { KEY: { env: 'MY_KEY' }, PLAIN: 'x' },
  }
  const claude = { model: 'big', mcpServers: [{ name: 'docs', command: 'docs-server' }] }
  expect(read({ agents: { mine, claude } })).toEqual({
    entries: {
      mine,
      claude: {
        model: 'big',
        mcpServers: [{ name: 'docs', command: 'docs-server', args: [], env: {} }],
      },
    },
    problems: [],
  })
})

test.each([
  ['{"agents": ', 'is not JSON'],
  [{ agenst: {} }, 'must be {"agents": {NAME: {…}}}'],
  [{ agents: { Mine: { command: 'x' } } }, 'the agent "Mine" is left out: its name must be'],
  [{ agents: { mine: { title: 'x' } } }, 'the agent "mine" is left out: "command" is missing'],
  [
    { agents: { claude: { args: ['x'] } } },
    'the agent "claude" is left out: "args" and "protocol"',
  ],
  [{ agents: { mine: { command: 'x', colour: 1 } } }, 'colour'],
  [{ agents: { mine: { command: 'x', args: 'y' } } }, '"args": expected array, received string'],
  [{ agents: { mine: { command: 'x', cwd: '../up' } } }, '"cwd": must be a folder inside'],
  [{ agents: { mine: { command: 'x', cwd: 'a/../../up' } } }, '"cwd": must be a folder inside'],
  [{ agents: { mine: { command: 'x', env: { 'A B': 'x' } } } }, '"env.A B"'],
  [{ agents: { mine: { command: 'x', protocol: 'smoke' } } }, '"protocol"'],
])('[A-80] %j is told', (file, sentence) => {
  const { entries, problems } = read(file)
  expect(entries).toEqual({})
  expect(problems).toEqual([expect.stringContaining(sentence)])
  expect(problems[0]).toMatch(/^\/d\/agents\.json.*\.$/)
})

test('[A-80] an entry that is wrong takes no other with it, and its values are not repeated', () => {
  const { entries, problems } = read({
    agents: { good: { command: 'x' }, bad: { command: 'x', env: { KEY: { secret: 'sk-123' } } } },
  })
  expect(Object.keys(entries)).toEqual(['good'])
  expect(problems).toHaveLength(1)
  expect(problems.join()).toContain('"bad"')
  expect(problems.join()).not.toContain('sk-123')
})
