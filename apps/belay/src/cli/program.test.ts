import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { serverFolder, startViewerServer, type ViewerServer } from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitHelp, exitTable } from './exit-codes.ts'
import { runCli } from './program.ts'
import { testWorld } from './test-world.ts'

let server: ViewerServer
let folder: string

beforeEach(async () => {
  server = await startViewerServer()
  folder = serverFolder(server)
})
afterEach(async () => {
  await server.stop()
})

async function cli(args: readonly string[], world = testWorld()) {
  const code = await runCli([...args, '--data', folder], world)
  return { code, out: world.written(), err: world.told(), world }
}

test('[V-68] [V-205] without a server every command says in one sentence how to start one, and exits with 6', async () => {
  await server.stop()
  for (const args of [['ls'], ['run', 'x'], ['attach', 's1']]) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await cli(args)).toMatchObject({
      code: 6,
      err: `The Belay server of ${folder} does not answer; agents go on without it. Start it with "belay up".\n`,
      out: '',
    })
  }
  const never = join(folder, 'never-started')
  mkdirSync(never)
  const world = testWorld({ env: { BELAY_DATA: never } })
  expect(await runCli(['ls'], world)).toBe(6)
  expect(world.told()).toContain(never)
})

test('[V-68] the server may be named by flags or by the environment instead of the data folder', async () => {
  const { url, token } = server
  expect(await runCli(['ls', '--url', url, '--token', token], testWorld())).toBe(0)
  expect(await runCli(['ls'], testWorld({ env: { BELAY_URL: url, BELAY_TOKEN: token } }))).toBe(0)
  const wrong = testWorld()
  expect(await runCli(['ls', '--url', url, '--token', 'wrong'], wrong)).toBe(1)
  expect(wrong.told()).toContain('Send the token of this server')
})

test('[V-66] a session is named by the beginning of its id when only one has it', async () => {
  for (const id of ['abc111', 'abd222', 'abd333']) server.create(id)
  expect((await cli(['stop', 'abc'])).out).toBe('Nothing was running.\n')
  expect(server.asked.at(-1)).toEqual({ route: 'interrupt', args: { id: 'abc111' } })
  expect(await cli(['stop', 'abd'])).toMatchObject({
    code: 2,
    err: 'More than one session begins with "abd": abd222, abd333.\n',
  })
  expect(await cli(['stop', 'x'])).toMatchObject({ code: 2 })
  server.create('abd')
  await cli(['stop', 'abd'])
  expect(server.asked.at(-1)?.args).toEqual({ id: 'abd' })
})

test('[V-72] ls lists what there is, with ids as short as may be typed', async () => {
  expect((await cli(['ls'])).out).toBe('No sessions. Start one with "belay run".\n')
  server.create('abcdefgh1')
  server.create('abcdefxx2')
  const { out } = await cli(['ls'])
  expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'ID',
    'abcdefg',
    'abcdefx',
    '',
  ])
  const { sessions } = JSON.parse((await cli(['ls', '--json'])).out)
  expect(sessions.map((session: { id: string }) => session.id)).toEqual(['abcdefgh1', 'abcdefxx2'])
})

test('[V-72] rm deletes only what was confirmed', async () => {
  server.create('s1')
  expect(await cli(['rm', 's1'])).toMatchObject({ code: 2 })
  const doubtful = testWorld({ canAsk: true })
  doubtful.typed.push('')
  expect(await cli(['rm', 's1'], doubtful)).toMatchObject({
    code: 2,
    err: 'Nothing was deleted.\n',
  })
  expect(server.sessions.size).toBe(1)
  const sure = testWorld({ canAsk: true })
  sure.typed.push('y')
  expect(await cli(['rm', 's1'], sure)).toMatchObject({ code: 0 })
  server.create('s2')
  expect((await cli(['rm', 's2', '--yes', '--json'])).out).toBe('{"session":"s2","deleted":true}\n')
  expect(server.sessions.size).toBe(0)
})

test('[V-72] log shows events from a number on, each on a line', async () => {
  const session = server.create('s1')
  session.append(
    { type: 'text', turn: 1, text: 'one' },
    { type: 'text', turn: 1, text: 'two\u001B[2J' },
    { type: 'session-deleted' },
  )
  const { out } = await cli(['log', 's1', '--from', '2'])
  expect(out.split('\n').map((line) => line.trim().split(/ +/)[0])).toEqual(['2', '3', ''])
  expect(out).not.toContain('\u001B')
  const json = await cli(['log', 's1', '--json'])
  const events = json.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events).toEqual(session.log)
})

test('[V-72] queue lists what waits, and changes one prompt by its place or its id', async () => {
  const session = server.create('s1')
  expect((await cli(['queue', 's1'])).out).toBe('No prompt waits.\n')
  session.view = {
    ...session.view,
    queue: [
      { promptId: 'abc', text: 'first', textBytes: 5, at: 1 },
      { promptId: 'abd', text: 'second\u001B[2J', textBytes: 9, at: 2 },
    ],
  }
  const { out } = await cli(['queue', 's1'])
  expect(out).toMatch(/^1 {2}abc {2}first\n2 {2}abd {2}second/)
  expect(out).not.toContain('\u001B')
  const changed = async (...args: string[]) => {
    await cli(['queue', 's1', ...args])
    return server.asked.findLast(({ route }) => route.endsWith('Prompt'))
  }
  expect(await changed('--move', '2', '--to', '1')).toEqual({
    route: 'editPrompt',
    args: { id: 's1', promptId: 'abd', position: 1 },
  })
  expect(await changed('--edit', 'abc', 'other words')).toEqual({
    route: 'editPrompt',
    args: { id: 's1', promptId: 'abc', text: 'other words' },
  })
  expect(await changed('--cancel', 'abd')).toEqual({
    route: 'cancelPrompt',
    args: { id: 's1', promptId: 'abd' },
  })
  for (const wrong of [
    ['--move', 'ab', '--to', '1'],
    ['--move', '1'],
    ['--cancel', '3'],
  ])
    // oxlint-disable-next-line no-await-in-loop
    expect(await cli(['queue', 's1', ...wrong])).toMatchObject({ code: 2 })
})

test('[V-72] prompt --steer asks for the next turn at once', async () => {
  server.create('s1')
  await cli(['prompt', 's1', 'now', '--steer'])
  await cli(['prompt', 's1', 'later'])
  const sent = server.asked.filter(({ route }) => route === 'prompt').map(({ args }) => args)
  expect(sent).toMatchObject([{ text: 'now', steer: true }, { text: 'later' }])
  expect(sent[1]).not.toHaveProperty('steer')
})

test('[V-78] files named on the command line go with a prompt, and what cannot go along is refused before anything is sent', async () => {
  const session = server.create('s1')
  const picture = Buffer.from('89504e470d0a1a0a0000000d', 'hex')
  const file = (name: string, bytes: Buffer | string) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const both = [file('shot.txt', picture), file('notes.md', 'Löwe\n')].flatMap((path) => [
    '--file',
    path,
  ])
  await cli(['prompt', 's1', 'look', ...both])
  expect(server.asked.findLast(({ route }) => route === 'prompt')?.args).toMatchObject({
    text: 'look',
    attachments: [
      { name: 'shot.txt', type: 'image/png', data: picture.toString('base64') },
      { name: 'notes.md', type: 'text/plain', data: Buffer.from('Löwe\n').toString('base64') },
    ],
  })
  const sent = server.asked.length
  const half = 'x'.repeat(300 * 1024)
  for (const [files, words] of [
    [[join(folder, 'nowhere')], 'There is no file'],
    [[folder], 'is not a file'],
    [[file('empty', '')], 'is empty'],
    [[file('binary', Buffer.from([0, 1, 255]))], 'neither a picture nor a text'],
    [[file('half', half), file('other', half)], 'may have 512 KiB; these have 600'],
    [Array.from({ length: 9 }, () => file('small', 'x')), 'takes 8 files; got 9'],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, err } = await cli([
      'prompt',
      's1',
      'look',
      ...files.flatMap((path) => ['--file', path]),
    ])
    expect([code, err]).toEqual([2, expect.stringContaining(words)])
  }
  const asked = server.asked.slice(sent).map(({ route }) => route)
  expect(asked).not.toContain('prompt')
  expect(session.view.id).toBe('s1')
})

test('[V-72] restore takes a turn, or undoes the last restore, and nothing without being told which', async () => {
  const session = server.create('s1')
  const ended = { outcome: 'completed', code: 'end-turn', endedAt: 1, reached: 'yes' } as const
  session.view = { ...session.view, lastTurn: { turn: 3, ...ended } }
  const asked = async (...args: string[]) => {
    await cli(['restore', 's1', ...args])
    return server.asked.findLast(({ route }) => route === 'restore')?.args
  }
  expect(await asked('--turn', '2')).toEqual({ id: 's1', turn: 2, to: 'before' })
  expect(await asked('--turn', '2', '--to', 'after')).toEqual({ id: 's1', turn: 2, to: 'after' })
  expect(await asked('--undo')).toEqual({ id: 's1', turn: 3, to: 'undo' })
  for (const wrong of [[], ['--turn', '2', '--undo'], ['--turn', '2', '--to', 'undo']])
    // oxlint-disable-next-line no-await-in-loop
    expect(await cli(['restore', 's1', ...wrong])).toMatchObject({ code: 2 })
})

const plan: NonNullable<ViewerServer['plan']> = {
  back: [
    { path: 'made', does: 'remove' },
    { path: 'a\u001B[2Jb\n', does: 'change' },
    { path: 'lost', does: 'create' },
  ],
  moreBack: 4,
  stay: [
    { path: 'theirs', why: 'changed-since', message: 'You changed it since.', canTake: true },
    { path: '.env', why: 'ignored', message: 'Git ignores it.', canTake: false },
  ],
  notes: ['sub: a repository of its own, left as it is.'],
}

test('[V-162] restore --dry-run says what goes back, what stays and why, and asks for nothing else', async () => {
  server.create('s1')
  server.plan = plan
  const { code, out } = await cli(['restore', 's1', '--turn', '2', '--dry-run'])
  expect(code).toBe(0)
  expect(out.split('\n')).toEqual([
    'To how it was before turn 2, 7 files would go back; 2 files stay as they are.',
    '  - made is removed',
    '  ~ a\\u{001b}[2Jb\\n is changed back',
    '  + lost is made again',
    '  … and 4 files more',
    '  = theirs stays: You changed it since. (can be taken with --take)',
    '  = .env stays: Git ignores it.',
    '! sub: a repository of its own, left as it is.',
    '',
  ])
  const json = await cli(['restore', 's1', '--turn', '2', '--dry-run', '--json'])
  expect(JSON.parse(json.out)).toEqual({ turn: 2, to: 'before', ...plan })
  expect(server.asked.map(({ route }) => route)).not.toContain('restore')
  server.plan = undefined
  expect(await cli(['restore', 's1', '--turn', '2', '--dry-run'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('Ask again, or choose another turn.'),
  })
})

test('[V-162] restore waits for its outcome; one that failed is a failure with its sentence', async () => {
  server.create('s1')
  const done = await cli(['restore', 's1', '--turn', '2', '--take', 'a', '--take', 'b'])
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(done.out).toMatch(
    /^The workspace is back to how it was before turn 2: 1 file was put back/,
  )
  expect(server.asked.findLast(({ route }) => route === 'restore')?.args).toMatchObject({
    take: ['a', 'b'],
  })
  const all = await cli(['restore', 's1', '--turn', '2', '--take-all', '--json'])
  expect(JSON.parse(all.out)).toEqual({ session: 's1', turn: 2, to: 'before', files: 1 })
  expect(server.asked.findLast(({ route }) => route === 'restore')?.args).toMatchObject({
    take: 'all',
  })
  server.restoreProblem = 'There is no checkpoint before turn 2.'
  expect(await cli(['restore', 's1', '--turn', '2'])).toMatchObject({
    code: 1,
    out: '',
    err: 'Nothing was put back: There is no checkpoint before turn 2.\n',
  })
  for (const wrong of [
    ['--take', 'a', '--take-all'],
    ['--dry-run', '--take-all'],
  ])
    // oxlint-disable-next-line no-await-in-loop
    expect(await cli(['restore', 's1', '--turn', '2', ...wrong])).toMatchObject({ code: 2 })
})

test('[V-163] diff says what is not known of a turn’s changes, and what was left out of them', async () => {
  const session = server.create('s1')
  const problem = 'Git was stopped.'
  session.append(
    { type: 'turn-changes', turn: 1, files: [], patch: '', problem },
    { type: 'turn-changes', turn: 2, files: [], patch: '', notes: ['sub is left out.'] },
  )
  const said = async (turn: string) => (await cli(['diff', 's1', '--turn', turn])).out
  expect(await said('1')).toBe('! Git was stopped.\n')
  expect(await said('2')).toBe('! sub is left out.\n')
  expect(await said('3')).toBe('Turn 3 changed nothing.\n')
})

test('[V-72] why says the sentence and each hop', async () => {
  server.create('s1')
  const { out } = await cli(['why', 's1'])
  expect(out).toMatch(/^.+\n {2}✓ server +The server is a test’s\.\n$/)
  expect(JSON.parse((await cli(['why', 's1', '--json'])).out)).toMatchObject({ session: 's1' })
})

test('[V-72] resolve decides about the last turn or the one that is named, in one of three ways', async () => {
  const session = server.create('s1')
  expect(await cli(['resolve', 's1', 'continue'])).toMatchObject({ code: 2 })
  session.view = {
    ...session.view,
    lastTurn: { turn: 4, outcome: 'in-doubt', code: 'in-doubt', endedAt: 1, reached: 'maybe' },
  }
  expect((await cli(['resolve', 's1', 'send-again'])).out).toMatch(/^The prompt of turn 4 is sent/)
  await cli(['resolve', 's1', 'discard', '--turn', '2'])
  const decided = server.asked.filter(({ route }) => route === 'resolveTurn')
  expect(decided.map(({ args }) => args)).toMatchObject([
    { action: 'send-again', turn: 4 },
    { action: 'discard', turn: 2 },
  ])
  expect(await cli(['resolve', 's1', 'perhaps'])).toMatchObject({ code: 2 })
  expect(await cli(['resolve', 's1', 'discard', '--turn', 'x'])).toMatchObject({ code: 2 })
})

test('[V-72] callbacks says how far each is, and sends one again', async () => {
  const session = server.create('s1')
  expect((await cli(['callbacks', 's1'])).out).toBe('This session has no callback.\n')
  session.callbacks = {
    url: 'https://example.com/hook',
    callbacks: [
      {
        callbackId: 'turn_s1_1',
        turn: 1,
        state: 'waiting',
        attempts: 2,
        endedAt: 1,
        nextAt: 0,
        problem: 'It answered 500.',
      },
    ],
  }
  expect((await cli(['callbacks', 's1'])).out).toBe(
    'Callbacks to https://example.com/hook\n' +
      '  turn 1  turn_s1_1  waiting, 2 attempts, next 1970-01-01T00:00:00.000Z: It answered 500.\n',
  )
  expect((await cli(['callbacks', 's1', '--resend', 'turn_s1_1'])).out).toBe(
    'Callback turn_s1_1 is sent again.\n',
  )
  expect(await cli(['callbacks', 's1', '--resend', 'turn_s1_9'])).toMatchObject({ code: 1 })
})

test('[V-72] retry asks for another preparation', async () => {
  server.create('s1')
  expect((await cli(['retry', 's1'])).out).toContain('belay attach s1')
  expect(server.asked.at(-1)).toEqual({ route: 'retry', args: { id: 's1' } })
})

test('[V-72] agent login asks for a way that the agent offers, and says which there are', async () => {
  server.create('s1')
  expect(await cli(['agent', 'login', 's1'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not wait for a sign-in'),
  })
  const signIn = [
    { id: 'web', name: 'Web' },
    { id: 'code', name: 'Code' },
  ]
  server.session('s1').change({ problem: { code: 'sign-in-needed', message: 'Sign in.', signIn } })
  expect((await cli(['agent', 'login', 's1'])).err).toContain(
    'Say how, with --by: the agent offers "web" (Web), "code" (Code).',
  )
  expect((await cli(['agent', 'login', 's1', '--by', 'web'])).out).toContain('signs in by "web"')
  expect(server.asked.at(-1)).toEqual({ route: 'retry', args: { id: 's1', signIn: 'web' } })
  server.session('s1').change({ problem: { code: 'sign-in-needed', message: 'Run `x login`.' } })
  expect((await cli(['agent', 'login', 's1'])).err).toContain('Run `x login`. Belay cannot')
})

test('[V-72] agent restart asks for another process of the agent', async () => {
  server.create('s1')
  expect((await cli(['agent', 'restart', 's1'])).out).toContain('started again')
  expect(server.asked.at(-1)).toEqual({ route: 'restartAgent', args: { id: 's1' } })
})

test('[V-72] mode and model list what the agent offers, and choose of it', async () => {
  const session = server.create('s1')
  expect(await cli(['mode', 's1'])).toMatchObject({ code: 1 })
  const available = [
    { id: 'ask', name: 'Ask' },
    { id: 'auto', name: 'Auto', description: 'asks nothing' },
  ]
  session.view = { ...session.view, modes: { current: 'ask', available } }
  expect((await cli(['mode', 's1'])).out).toBe('* ask   Ask\n  auto  Auto: asks nothing\n')
  expect((await cli(['mode', 's1', 'auto'])).out).toContain('"auto"')
  expect(server.asked.at(-1)).toEqual({ route: 'setMode', args: { id: 's1', modeId: 'auto' } })
  await cli(['model', 's1', 'x'])
  expect(server.asked.at(-1)).toEqual({ route: 'setModel', args: { id: 's1', modelId: 'x' } })
})

test('[V-73] a wrong command line exits with 2 and sends nothing', async () => {
  server.agents = [{ name: 'absent', title: 'Absent', demo: false, found: false, missing: [] }]
  const wrong = [
    ['fly'],
    ['run'],
    ['run', ' '],
    ['run', 'x', '--yes', '--reject'],
    ['run', 'x', '--dir', '.', '--repo', 'u'],
    ['run', 'x', '--dir', '/nowhere/at/all'],
    ['run', 'x', '--dir', import.meta.filename],
    ['run', 'x', '--agent', 'absent'],
    ['run', 'x', '--agent', 'a', '--command', 'b'],
    ['run', 'x', '--agent-arg', 'b'],
    ['attach', 's1', '--from', 'zero'],
    ['log', 's1', '--from', '0'],
    ['up', '--port', 'many'],
  ]
  for (const args of wrong) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, err } = await cli(args)
    expect([args, code]).toEqual([args, 2])
    expect(err).not.toBe('')
  }
  expect(server.asked.filter(({ route }) => route === 'createSession')).toEqual([])
})

test('[V-69] with --json a wrong command line is said in JSON too', async () => {
  for (const args of [['run'], ['fly'], ['run', ' ']]) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, err, out } = await cli([...args, '--json'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(JSON.parse(err)).toEqual({ error: { message: expect.stringMatching(/./) } })
  }
})

test('[V-72] --version says which Belay this is', async () => {
  const world = testWorld()
  expect(await runCli(['--version'], world)).toBe(0)
  expect(world.written()).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('[V-73] a refusal is said with what to do, with --json as the server said it', async () => {
  server.create('s1')
  const said = await cli(['attach', 's1', '--token', 'wrong'])
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(/^Refused: unauthorized\. Send the token/)
  const json = await cli(['ls', '--token', 'wrong', '--json'])
  expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'unauthorized' } })
})

test('[V-64] help and the manual have the one table of exit codes', async () => {
  const { code, out } = await cli(['--help'])
  expect(code).toBe(0)
  expect(out).toContain(exitHelp)
  expect(out).not.toMatch(/runner|demo-agent/)
  const manual = readFileSync(resolve(import.meta.dirname, '../../../../docs/cli.md'), 'utf8')
  // Without the spaces that line the columns up.
  const rows = manual.replaceAll(/ *\| */g, '|')
  for (const [number, sentence] of exitTable) expect(rows).toContain(`|${number}|${sentence}|`)
})

test('[V-74] agents lists what is known of each agent, and what is wrong in the file of agents', async () => {
  server.agents = [
    {
      name: 'mine',
      title: 'Mine',
      demo: false,
      found: true,
      protocol: 'acp',
      version: '1.2',
      capabilities: ['load'],
      missing: [],
    },
    { name: 'locked', title: 'Locked', demo: false, found: true, missing: ['a key'] },
    { name: 'away', title: 'Away', demo: false, found: false, missing: [] },
    {
      name: 'far',
      title: 'Far',
      demo: false,
      found: false,
      missing: [],
      install: 'npm install -g far',
      signIn: 'run `far login`',
    },
  ]
  expect(await cli(['agents'])).toMatchObject({
    code: 0,
    out:
      'mine    ready  (Mine 1.2, acp, load)\n' +
      'locked  misses a key  (Locked, acp)\n' +
      'away    not found  (Away, acp)\n' +
      'far     not found: install it (npm install -g far), then run `far login`  (Far, acp)\n',
  })
  server.agentProblems = ['agents.json: the agent "x" is left out: no.']
  expect(await cli(['agents'])).toMatchObject({ code: 1 })
  server.agentProblems = []
})

test('[V-74] doctor says what is there and what is missing, server or not', async () => {
  server.agents = [
    { name: 'locked', title: 'Locked', demo: false, found: true, missing: ['a key'] },
  ]
  const { code, out } = await cli(['doctor'])
  expect(code).toBe(0)
  expect(out).toContain('Locked: misses a key')
  expect(out).toContain(server.url)
  await server.stop()
  const quick = JSON.parse((await cli(['doctor', '--json', '--quick'])).out)
  expect(quick.checks.map((check: { detail: string }) => check.detail)).toContain(
    'Demo agent, DEMO: needs nothing',
  )
  const { checks } = JSON.parse((await cli(['doctor', '--json'])).out)
  // It was started and said so itself.
  expect(checks).toContainEqual({
    name: 'agent demo',
    state: 'good',
    detail: 'Demo agent, DEMO: needs nothing (1, load, resume)',
  })
  const names = checks.map((check: { name: string }) => check.name)
  expect(names).toEqual(
    expect.arrayContaining(['node', 'data folder', 'server', 'git', 'fence', 'agent demo']),
  )
  expect(checks).toContainEqual(expect.objectContaining({ name: 'server', state: 'lacking' }))
  const world = testWorld()
  expect(await runCli(['doctor', '--data', import.meta.filename], world)).toBe(1)
  expect(world.written()).toContain(`${import.meta.filename} is not a folder`)
})
