import { routes, type FoundAgent } from '@belay/protocol'
import { expect, test } from 'vitest'
import { quoted, wordsOf } from './command-line.ts'
import { keepForm, readForm } from './form-shelf.ts'
import {
  attemptOf,
  bodyOf,
  emptyForm,
  formOf,
  isComplete,
  orderAgents,
  restOf,
  otherAgent,
  retryBodyOf,
  wrongFields,
  type NewSessionForm,
} from './new-session-form.ts'

const form: NewSessionForm = {
  ...emptyForm,
  agent: 'demo',
  path: ' /home/me/project ',
  prompt: 'Do it.',
}
const first = { sessionId: 's-1', promptId: 'p-1' }
const second = { sessionId: 's-2', promptId: 'p-2' }

test('[W-14] the same form again is the same request', () => {
  const attempt = attemptOf(form, undefined, first)
  expect(bodyOf(attemptOf({ ...form }, attempt, second))).toEqual(bodyOf(attempt))
  expect(bodyOf(attempt)).toMatchObject({ id: 's-1', prompt: { promptId: 'p-1', text: 'Do it.' } })
})

test('[W-15] a changed form is another request, for each field that can be changed', () => {
  const attempt = attemptOf(form, undefined, first)
  for (const name of [
    'agent',
    'command',
    'path',
    'url',
    'branch',
    'ref',
    'workBranch',
    'user',
    'worktreeBranch',
    'token',
    'setup',
    'prompt',
  ] as const) {
    expect(attemptOf({ ...form, [name]: 'changed' }, attempt, second).sessionId).toBe('s-2')
  }
  expect(attemptOf({ ...form, where: 'repository' }, attempt, second).sessionId).toBe('s-2')
  expect(attemptOf({ ...form, apart: 'worktree' }, attempt, second).sessionId).toBe('s-2')
})

test('[W-14] what is sent is what the API takes, for each kind of agent and workspace', () => {
  const forms: NewSessionForm[] = [
    form,
    { ...form, prompt: '  ' },
    { ...form, agent: otherAgent, command: 'my-agent --acp "two words"' },
    { ...form, where: 'repository', url: 'https://example.com/a.git' },
    { ...form, where: 'repository', url: 'https://example.com/a.git', branch: ' fix/it ' },
  ]
  const bodies = forms.map((each) =>
    routes.createSession.body.parse(bodyOf(attemptOf(each, undefined, first))),
  )
  expect(bodies[0]).toMatchObject({
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: '/home/me/project' },
  })
  expect(bodies[1]?.prompt).toBeUndefined()
  expect(bodies[2]?.agent).toEqual({ command: 'my-agent', args: ['--acp', 'two words'] })
  expect(bodies[3]?.workspace).toEqual({ type: 'repository', url: 'https://example.com/a.git' })
  expect(bodies[4]?.workspace).toMatchObject({ branch: 'fix/it' })
})

test('[W-24] what was wrong is said at the field a person sees', () => {
  const fields = [
    { path: 'workspace.path', expected: 'must be an absolute path', got: '"project"' },
    { path: 'agent.name', expected: 'a known agent', got: '"x"' },
    { path: 'id', expected: 'something', got: 'nothing' },
  ]
  const problem = { code: 'bad-request', message: 'm', action: 'a', fields } as const
  expect(wrongFields({ ...problem, fields: [...fields] }, form)).toEqual({
    path: 'Must be an absolute path; got "project".',
    agent: 'A known agent; got "x".',
  })
  expect(
    Object.keys(wrongFields({ ...problem, fields: [...fields] }, { ...form, agent: otherAgent })),
  ).toEqual(['path', 'command'])
  const rest = restOf({ ...problem, fields: [...fields] }, form)
  expect(rest?.fields?.map(({ path }) => path)).toEqual(['id'])
  // What is said at a field is not said again below.
  expect(restOf({ ...problem, fields: fields.slice(0, 1) }, form)).toBeUndefined()
  const { fields: _, ...other } = problem
  expect(restOf(other, form)).toBe(other)
  expect(wrongFields(undefined, form)).toEqual({})
})

test('[W-24] a form that lacks a place or an agent cannot be sent', () => {
  expect(isComplete(form)).toBe(true)
  expect(isComplete({ ...form, path: ' ' })).toBe(false)
  expect(isComplete({ ...form, where: 'repository' })).toBe(false)
  expect(isComplete({ ...form, agent: otherAgent })).toBe(false)
})

test('[W-24] agents that can start are offered first, and the demo after the real ones', () => {
  const agent = (name: string, part: Partial<FoundAgent>): FoundAgent => ({
    name,
    title: name,
    demo: false,
    found: true,
    missing: [],
    ...part,
  })
  const order = orderAgents([
    agent('absent', { found: false }),
    agent('demo', { demo: true }),
    agent('keyless', { missing: ['a key'] }),
    agent('ready', {}),
  ])
  expect(order.map(({ name }) => name)).toEqual(['ready', 'demo', 'keyless', 'absent'])
})

test('[W-25] words are cut at spaces outside quotes', () => {
  expect(wordsOf(`  node "my agent.js"  --flag='a b' 'c d' "" $HOME;rm`)).toEqual([
    'node',
    'my agent.js',
    `--flag='a`,
    `b'`,
    'c d',
    '',
    '$HOME;rm',
  ])
  expect(wordsOf('   ')).toEqual([])
})

test('[W-14] everything that a session can be started with can be typed', () => {
  const every: NewSessionForm = {
    ...form,
    where: 'repository',
    url: 'https://example.com/a.git',
    ref: 'refs/pull/1/head',
    workBranch: 'fix/it',
    shallow: true,
    user: 'ann ',
    token: ' abc ',
    setup: 'npm ci\n\n npm run build ',
    finish: 'push',
    afterFailure: 'go-on',
  }
  expect(routes.createSession.body.parse(bodyOf(attemptOf(every, undefined, first)))).toMatchObject(
    {
      workspace: {
        ref: 'refs/pull/1/head',
        workBranch: 'fix/it',
        shallow: true,
        user: 'ann',
        token: 'abc',
      },
      setup: ['npm ci', 'npm run build'],
      finish: { commit: true, push: true },
      goOn: true,
    },
  )
  const folder = bodyOf(attemptOf({ ...form, finish: 'commit' }, undefined, first))
  expect(routes.createSession.body.parse(folder).finish).toEqual({ commit: true, folder: true })
  expect(folder).not.toHaveProperty('goOn')
})

const session = {
  id: 's',
  title: 's',
  status: 'attention',
  why: '',
  agent: { name: 'a', demo: false },
  createdAt: 0,
  queued: 0,
  attempt: 1,
  steps: [],
  queue: [],
  permissions: [],
  runner: { state: 'none', generation: 0 },
} as const

test('[W-45] the settings of a failed preparation, edited by nobody, are asked for again', () => {
  const asked = {
    agent: { command: 'my-agent', args: ['--acp', 'two words', 'a "b"', ''] },
    workspace: {
      type: 'repository',
      url: 'https://example.com/a.git',
      branch: 'main',
      shallow: true,
      workBranch: 'w',
      user: 'ann',
    },
    setup: ['npm ci', 'echo "x"'],
  } as const
  const { agent: agentChoice, setup, workspace } = asked
  const shown = {
    ...session,
    steps: [],
    queue: [],
    permissions: [],
    workspace,
    setup: [...setup],
    agentChoice: { ...agentChoice, args: [...agentChoice.args] },
  }
  expect(routes.retry.body.parse(retryBodyOf(formOf(shown)))).toEqual(asked)
  const named = { ...shown, setup: undefined, agentChoice: { name: 'demo' } }
  const folder = { type: 'folder', path: '/a' } as const
  expect(retryBodyOf(formOf({ ...named, workspace: folder }))).toEqual({
    agent: { name: 'demo' },
    workspace: folder,
    setup: [],
  })
})

test('[W-25] a word in quotes is read as it was', () => {
  for (const word of ['plain', 'two words', 'a "b"', "it's", ''])
    expect(wordsOf(quoted(word))).toEqual([word])
})

test('[W-46] a repository’s token is never kept in the browser, and all else is', () => {
  const kept = new Map<string, string>()
  const shelf = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
  const typed: NewSessionForm = {
    ...form,
    token: 'very-secret',
    setup: 'npm ci',
    finish: 'commit',
    afterFailure: 'go-on',
    shallow: true,
    where: 'repository',
    ref: 'v1',
    worktreeBranch: 'fix/it',
  }
  keepForm(shelf, typed)
  expect([...kept.values()].join()).not.toContain('very-secret')
  expect(readForm(shelf)).toEqual({ ...typed, token: '' })
})
