import type { LogEntry } from '@belay/testing'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventOf } from '@belay/protocol'
import {
  startViewerServer,
  temporaryFolder,
  type ViewerServer,
  type ViewerSession,
  waitFor,
} from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from './program.ts'
import { testWorld } from './test-world.ts'

let server: ViewerServer
let folder: string

beforeEach(async () => {
  server = await startViewerServer()
  server.agents = [
    { name: 'absent', title: 'Absent', demo: false, found: false, missing: [] },
    { name: 'locked', title: 'Locked', demo: false, found: true, missing: ['a key'] },
    { name: 'real', title: 'Real', demo: false, found: true, missing: [] },
    { name: 'demo', title: 'Demo agent', demo: true, found: true, missing: [] },
  ]
  folder = temporaryFolder('belay-cli')
  writeAddress()
  writeFileSync(join(folder, 'token'), `${server.token}\n`)
})
afterEach(async () => {
  await server.stop()
})

function writeAddress(): void {
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ url: server.url }))
}

function cli(world: ReturnType<typeof testWorld>, ...args: string[]): Promise<number> {
  return runCli([...args, '--data', folder], world)
}

function started(promptId: string): LogEntry {
  return { type: 'turn-started', turn: 1, promptId, generation: 1 }
}
function ended(
  promptId: string,
  outcome: EventOf<'turn-ended'>['outcome'] = 'completed',
  more: Pick<EventOf<'turn-ended'>, 'changesFollow'> = {},
): LogEntry {
  return {
    type: 'turn-ended',
    turn: 1,
    promptId,
    outcome,
    code: 'end-turn',
    sentence: `It ${outcome}.`,
    reached: 'yes',
    retryable: false,
    action: 'none',
    fault: 'none',
    ...more,
  }
}
function say(text: string): LogEntry {
  return { type: 'text', turn: 1, text }
}

function question(permissionId: string): LogEntry {
  return {
    type: 'permission-asked',
    turn: 1,
    permissionId,
    title: `May I ${permissionId}?`,
    options: [
      { optionId: 'always', name: 'Always', kind: 'allow_always' },
      { optionId: 'once', name: 'Once', kind: 'allow_once' },
      { optionId: 'no', name: 'No', kind: 'reject_once' },
    ],
  }
}

/** The agent asks, and its turn ends with what it was told. */
function askThenEnd(asking: ViewerServer): void {
  asking.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), question('write'))
    asking.onAnswer = (_session, _permissionId, optionId) =>
      session.append(say(`told ${optionId}`), ended(promptId))
  }
}

function onlySession(): ViewerSession {
  const [session] = server.sessions.values()
  if (session === undefined) throw new Error('no session was made')
  return session
}

test.each([
  ['completed', 0],
  ['failed', 1],
  ['interrupted', 3],
  ['cancelled', 3],
  ['in-doubt', 4],
] as const)('[V-64] run of a turn that is %s exits with %i', async (outcome, code) => {
  server.onPrompt = (session, { promptId }) =>
    session.append(started(promptId), say('hello'), ended(promptId, outcome))
  const world = testWorld({ cwd: '/' })
  expect(await cli(world, 'run', 'do it')).toBe(code)
  expect(world.written()).toBe(`\n> do it\n\nhello\n\n■ It ${outcome}. 2.0 s\n`)
  expect(server.asked.find(({ route }) => route === 'createSession')?.args).toMatchObject({
    agent: { name: 'real' },
    workspace: { type: 'folder', path: '/' },
    prompt: { text: 'do it' },
  })
})

test('[V-64] run goes on where the server does not say who works in the folder', async () => {
  server.place = undefined
  server.onPrompt = (session, { promptId }) =>
    session.append(started(promptId), ended(promptId, 'completed'))
  const world = testWorld({ cwd: '/' })
  expect(await cli(world, 'run', 'do it')).toBe(0)
  expect(server.asked.map(({ route }) => route)).toContain('place')
})

test('[V-64] a session whose preparation fails exits with 5 and says how to go on', async () => {
  server.onPrompt = (session) => {
    session.append({
      type: 'preparation-failed',
      attempt: 1,
      step: 'clone',
      code: 'clone-failed',
      message: 'No such repository.',
    })
    session.change({ status: 'attention', why: 'No such repository.' })
  }
  const world = testWorld()
  expect(await cli(world, 'run', 'do it')).toBe(5)
  expect(world.written()).toContain(
    '✗ Repository: No such repository. Your prompts are kept: correct it, then retry.',
  )
  expect(world.told()).toContain(`belay retry ${onlySession().view.id}`)
})

test('[V-64] a session that is deleted meanwhile exits with 3', async () => {
  const code = cli(testWorld(), 'run', 'do it')
  await waitFor(() => server.streamsOpened === 1, 'the stream', 5000)
  onlySession().end({ type: 'end', code: 'session-deleted', message: 'Deleted.', retry: false })
  expect(await code).toBe(3)
})

test('[V-62] Ctrl-C leaves the turn alone and says how to come back; a second one ends the process at once', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), say('working'))
  const world = testWorld()
  const code = cli(world, 'run', 'do it')
  await waitFor(() => world.written().includes('working'), 'the turn', 5000)
  const before = server.asked.length
  world.interrupt()
  world.interrupt()
  expect(await code).toBe(130)
  const { id } = onlySession().view
  expect(world.told()).toContain(`belay attach ${id}`)
  expect(world.told()).toContain(`belay stop ${id}`)
  expect(server.asked).toHaveLength(before)
  expect(world.exits).toEqual([130])
  expect(world.written()).toMatch(/working\n$/)
})

test.each([[], ['--sse']])(
  '[V-63] a server that goes away and comes back elsewhere costs no line and repeats none (%s)',
  async (...flags) => {
    const texts = Array.from({ length: 30 }, (_, index) => `line ${index}\n`)
    server.onPrompt = (session, { promptId }) => session.append(started(promptId))
    const world = testWorld()
    const code = cli(world, 'run', 'count', ...flags)
    await waitFor(() => world.written().includes('> count'), 'the turn', 5000)
    const session = onlySession()
    for (const [index, text] of texts.entries()) {
      session.append(say(text))
      if (index === 5) server.cutStreams()
      // oxlint-disable-next-line no-await-in-loop -- the server is gone while the turn goes on
      if (index === 10) await server.stop()
      if (index === 20) {
        // oxlint-disable-next-line no-await-in-loop
        await waitFor(() => world.told().includes('Connection lost'), 'the loss to be seen', 5000)
        // oxlint-disable-next-line no-await-in-loop
        await server.start()
        writeAddress()
      }
    }
    session.append(
      ended(session.log.find((event) => event.type === 'turn-started')?.promptId ?? ''),
    )
    expect(await code).toBe(0)
    expect(world.written()).toBe(`\n> count\n\n${texts.join('')}\n■ It completed. 31.0 s\n`)
    expect(world.told()).toContain('Connected again; nothing was lost.')
  },
)

test('[V-63] on a screen, the loss of a connection begins on a line of its own', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), say('half a line'))
  const world = testWorld({ canAsk: true })
  const code = cli(world, 'run', 'talk')
  await waitFor(() => world.written().includes('half a line'), 'the line', 5000)
  const told = world.told()
  await server.stop()
  await waitFor(() => world.told().includes('Connection lost'), 'the loss to be seen', 5000)
  expect(world.told().slice(told.length)).toMatch(/^\n· Connection lost: /)
  world.interrupt()
  expect(await code).toBe(130)
})

test('[V-60] attach shows the same text whether the stream was cut or not, and --from what follows an event', async () => {
  const session = server.create('s1')
  session.append({ type: 'prompt-accepted', promptId: 'p1', text: 'go' }, started('p1'))
  for (let index = 0; index < 20; index++) session.append(say(`${index} `))
  session.append(ended('p1'))
  const whole = testWorld()
  expect(await cli(whole, 'attach', 's1', '--until-idle')).toBe(0)
  let framesMax = 1
  server.faults = { framesMax: () => (framesMax += 1), repeated: () => 2 }
  const cut = testWorld()
  expect(await cli(cut, 'attach', 's1', '--until-idle')).toBe(0)
  expect(server.streamsOpened).toBeGreaterThan(3)
  expect(cut.written()).toBe(whole.written())
  server.faults = {}
  const late = testWorld()
  expect(await cli(late, 'attach', 's1', '--until-idle', '--from', '22')).toBe(0)
  expect(late.written()).toBe('19 \n\n■ It completed.\n')
})

test('[V-65] --yes allows once and --reject rejects, without asking', async () => {
  askThenEnd(server)
  const yes = testWorld({ canAsk: true })
  expect(await cli(yes, 'run', 'do it', '--yes')).toBe(0)
  expect(yes.written()).toContain('told once')
  expect(yes.written()).toContain('→ Allowed once, in the terminal')
  const no = testWorld()
  expect(await cli(no, 'run', 'do it', '--reject')).toBe(0)
  expect(no.written()).toContain('told no')
  expect([...yes.asked, ...no.asked]).toEqual([])
})

test('[V-65] a person is asked until they name an option', async () => {
  askThenEnd(server)
  const world = testWorld({ canAsk: true })
  world.typed.push('what?', '9', '3')
  expect(await cli(world, 'run', 'do it')).toBe(0)
  expect(world.asked).toHaveLength(3)
  expect(world.written()).toContain('told no')
})

test('[V-65] an answer given elsewhere ends the question, and the next question is put after it', async () => {
  server.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), question('one'), question('two'))
    server.onAnswer = (_session, permissionId) => {
      if (permissionId === 'two') session.append(ended(promptId))
    }
  }
  const world = testWorld({ canAsk: true })
  const code = cli(world, 'run', 'do it')
  await waitFor(() => world.asked.length === 1, 'the first question', 5000)
  world.typed.push('2')
  onlySession().append({
    type: 'permission-settled',
    permissionId: 'one',
    optionId: 'no',
    by: 'page',
  })
  expect(await code).toBe(0)
  expect(world.asked).toHaveLength(2)
  expect(world.written()).toContain('→ Rejected, by page')
  expect(world.written()).toContain('→ Allowed once, in the terminal')
})

test('[V-65] with nobody to ask it waits and says how to answer; what was answered before is not asked again', async () => {
  askThenEnd(server)
  const world = testWorld()
  const code = cli(world, 'run', 'do it')
  await waitFor(() => world.told().includes('Answer it'), 'how to answer', 5000)
  const { id } = onlySession().view
  expect(world.told()).toContain(`belay attach ${id}`)
  const other = testWorld({ canAsk: true })
  other.typed.push('2')
  expect(await cli(other, 'attach', id, '--until-idle')).toBe(0)
  await waitFor(() => world.written().includes('told once'), 'the answer', 5000)
  expect(await code).toBe(0)
  const late = testWorld({ canAsk: true })
  expect(await cli(late, 'attach', id, '--until-idle')).toBe(0)
  expect(late.asked).toEqual([])
})

test('[V-67] a request whose answer was lost is made again with the same ids', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), ended(promptId))
  const world = testWorld()
  server.answersToLose.push('createSession', 'createSession')
  expect(await cli(world, 'run', 'do it')).toBe(0)
  const made = server.asked.filter(({ route }) => route === 'createSession')
  expect(made).toHaveLength(3)
  expect(new Set(made.map(({ args }) => JSON.stringify(args))).size).toBe(1)
  expect(server.sessions.size).toBe(1)
  expect(onlySession().log.filter((event) => event.type === 'prompt-accepted')).toHaveLength(1)
})

test('[V-69] --json prints each frame on a line, and nothing else', async () => {
  server.onPrompt = (session, { promptId }) =>
    session.append(started(promptId), say('hello'), ended(promptId))
  const world = testWorld()
  expect(await cli(world, 'run', 'do it', '--json')).toBe(0)
  const frames = world
    .written()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(frames[0]).toMatchObject({ type: 'snapshot' })
  const seqs = frames.flatMap((frame) =>
    frame.type === 'events' ? frame.events.map((event: { seq: number }) => event.seq) : [],
  )
  expect(seqs).toEqual([1, 2, 3, 4, 5])
})

test('[V-71] the agent is the one that is named, else the first that is ready, else the demo, which says so', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), ended(promptId))
  const agentOf = () =>
    server.asked.findLast(({ route }) => route === 'createSession')?.args['agent']
  await cli(testWorld(), 'run', 'x', '--agent', 'locked')
  expect(agentOf()).toEqual({ name: 'locked' })
  await cli(testWorld(), 'run', 'x', '--agent', 'locked', '--mode', 'plan', '--model', 'big')
  expect(agentOf()).toEqual({ name: 'locked', mode: 'plan', model: 'big' })
  const args = ['--command', './agent', '--agent-arg=--acp', '--agent-arg', 'b c']
  await cli(testWorld({ cwd: '/' }), 'run', 'x', ...args)
  expect(agentOf()).toEqual({ command: '/agent', args: ['--acp', 'b c'] })
  const unknown = testWorld()
  expect(await cli(unknown, 'run', 'x', '--agent', 'nobody')).toBe(2)
  expect(unknown.told()).toContain('known are absent, locked, real, demo')
  server.agents = server.agents.filter(({ name }) => name !== 'real')
  const demo = testWorld()
  await cli(demo, 'run', 'x')
  expect(agentOf()).toEqual({ name: 'demo' })
  expect(demo.told()).toContain('DEMO: no agent is ready')
  const chosen = testWorld()
  await cli(chosen, 'run', 'x', '--agent', 'demo')
  expect(chosen.told()).toContain('DEMO: this agent is a script')
})

test('[V-71] a repository is given with its branch', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), ended(promptId))
  await cli(testWorld(), 'run', 'x', '--repo', '/host/a#b.git#main')
  expect(server.asked.at(-2)?.args['workspace'] ?? {}).toEqual({
    type: 'repository',
    url: '/host/a#b.git',
    branch: 'main',
  })
})

test('[V-71] a token and its user come from the environment', async () => {
  server.onPrompt = (session, { promptId }) => session.append(started(promptId), ended(promptId))
  const env = { BELAY_GIT_TOKEN: 'opens', BELAY_GIT_USER: 'ann' }
  await cli(testWorld({ env }), 'run', 'x', '--repo', 'https://host/a.git')
  expect(server.asked.at(-2)?.args['workspace'] ?? {}).toEqual({
    type: 'repository',
    url: 'https://host/a.git',
    user: 'ann',
    token: 'opens',
  })
})

test('[V-72] prompt sends and says where to watch, with --follow watches, and "-" reads stdin', async () => {
  const session = server.create('s1')
  session.append(say('before'))
  const world = testWorld()
  expect(await cli(world, 'prompt', 's1', '-')).toBe(0)
  expect(world.written()).toContain('belay attach s1 --from 2')
  expect(server.asked.at(-1)?.args).toMatchObject({ id: 's1', text: 'from stdin' })
  server.onPrompt = (of, { promptId }) => of.append(started(promptId), ended(promptId, 'failed'))
  const followed = testWorld()
  expect(await cli(followed, 'prompt', 's1', 'again', '--follow')).toBe(1)
  expect(followed.written()).toBe('\n> again\n\n■ It failed. 1.0 s\n')
  expect(followed.told()).toBe('')
  session.change({ status: 'waiting-person', why: 'Waiting for you: Edit a.txt' })
  const queued = testWorld()
  await cli(queued, 'prompt', 's1', 'more', '--follow')
  expect(queued.told()).toBe('Queued. Before it: Waiting for you: Edit a.txt\n')
})

const changed: LogEntry = {
  type: 'turn-changes',
  turn: 1,
  files: [{ path: 'a.txt', status: 'added', added: 1, removed: 0 }],
  patch: '',
}
const unknown: LogEntry = {
  type: 'turn-changes',
  turn: 1,
  files: [],
  patch: '',
  problem:
    'What turn 1 changed is not known: the process that looks at it ended before it said so.',
}

test.each([
  ['what it changed', changed, '  + a.txt +1 -0\n'],
  ['that this is not known', unknown, '! What turn 1 changed is not known'],
])('[W-91] run ends after the end of its turn and %s', async (_, told, line) => {
  server.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), ended(promptId, 'completed', { changesFollow: true }))
    session.change({ changesDue: 1 })
    setTimeout(() => session.append(told), 50)
  }
  const world = testWorld({ cwd: '/' })
  expect(await cli(world, 'run', 'do it')).toBe(0)
  expect(world.written()).toContain(line)
})

test('[W-91] run ends when its turn is known to have changed nothing, and when the session is deleted meanwhile', async () => {
  server.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), ended(promptId, 'failed', { changesFollow: true }))
    session.change({ changesDue: 1 })
    setTimeout(() => session.change({ changesDue: undefined }), 50)
  }
  expect(await cli(testWorld({ cwd: '/' }), 'run', 'do it')).toBe(1)
  server.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), ended(promptId, 'failed', { changesFollow: true }))
    session.change({ changesDue: 1 })
    setTimeout(
      () => session.end({ type: 'end', code: 'session-deleted', message: 'Gone.', retry: false }),
      50,
    )
  }
  expect(await cli(testWorld({ cwd: '/' }), 'run', 'do it')).toBe(1)
})

test('[W-91] attach --until-idle waits for what the last turn changed', async () => {
  const session = server.create('s1')
  session.append(started('p1'), ended('p1'))
  session.change({ changesDue: 1 })
  const world = testWorld()
  const code = cli(world, 'attach', 's1', '--until-idle')
  await waitFor(() => world.written().includes('It completed.'), 'the end', 5000)
  session.append(changed)
  session.change({ changesDue: undefined })
  await code
  expect(world.written()).toContain('a.txt')
})

test('[W-91] diff waits for what is still looked at, and says what is not known', async () => {
  const session = server.create('s1')
  session.append(started('p1'), ended('p1'))
  session.change({ changesDue: 1 })
  const world = testWorld()
  const code = cli(world, 'diff', 's1', '--turn', '1')
  await waitFor(() => server.asked.some(({ route }) => route === 'turnChanges'), 'a try', 5000)
  session.append(unknown)
  session.change({ changesDue: undefined })
  expect(await code).toBe(0)
  expect(world.written()).toContain('! What turn 1 changed is not known')
  expect(world.written()).not.toContain('nothing')
})

test('[W-90] what a turn changed that is told after the next one began says whose it is', async () => {
  server.onPrompt = (session, { promptId }) => {
    session.append(started(promptId), ended(promptId, 'completed', { changesFollow: true }))
    session.append({ type: 'prompt-accepted', promptId: 'p2', text: 'more' })
    session.append({ type: 'turn-started', turn: 2, promptId: 'p2', generation: 1 }, changed)
  }
  const world = testWorld({ cwd: '/' })
  await cli(world, 'run', 'do it')
  expect(world.written()).toContain('· Turn 1 changed:\n  + a.txt')
})
