/** What a terminal says of turns that failed, and of the prompts that wait for a person because of them. */
import type { SessionView } from '@belay/protocol'
import {
  serverFolder,
  startViewerServer,
  type ViewerServer,
  type ViewerSession,
  waitFor,
} from '@belay/testing/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from './program.ts'
import { testWorld } from './test-world.ts'

let server: ViewerServer
let folder: string
let session: ViewerSession

beforeEach(async () => {
  server = await startViewerServer()
  folder = serverFolder(server)
  session = server.create('s1')
})
afterEach(() => server.stop())

const failed = { turn: 4, outcome: 'failed', code: 'agent-exited', endedAt: 1 } as const
const why = 'Paused: decide about turn 4; 1 prompt waits.'
const waits = { promptId: 'p5', text: 'and then', textBytes: 8, at: 1, held: true } as const

function paused(): Partial<SessionView> {
  const actions: ('continue' | 'send-again' | 'discard')[] = ['continue', 'send-again', 'discard']
  return {
    status: 'undecided',
    why,
    queued: 1,
    held: 1,
    undecided: { count: 1, turns: [{ ...failed, actions, holds: true }] },
    queue: [waits],
    lastTurn: { ...failed, reached: 'yes' },
  }
}

async function cli(...args: string[]) {
  const world = testWorld()
  const code = await runCli([...args, '--data', folder], world)
  return { code, out: world.written(), err: world.told() }
}

test('[V-170] whoever waits for a prompt that is held hears for what and each way out, and the command ends', async () => {
  server.onPrompt = (_, { promptId }) =>
    session.change({ ...paused(), queue: [{ ...waits, promptId }] })
  const { code, err } = await cli('prompt', 's1', 'and then', '--follow')
  expect(code).toBe(5)
  expect(err).toContain(
    `${why} "belay resolve s1 continue|send-again|discard" decides; "belay queue s1 --go-on" lets them run without.`,
  )
})

test('[V-170] what waits before the prompt may still run: then it is waited for', async () => {
  server.onPrompt = (_, { promptId }) =>
    session.change({ ...paused(), status: 'working', queue: [{ ...waits, promptId }] })
  const world = testWorld()
  const done = runCli(['prompt', 's1', 'and then', '--follow', '--data', folder], world)
  await waitFor(() => server.streamsOpened === 1, 'the stream to be open', 5000)
  session.change(paused())
  session.change({ queue: [{ ...waits, promptId: 'of another' }] })
  world.interrupt()
  expect(await done).toBe(130)
  expect(world.told()).not.toContain('Paused')
})

test('[V-170] work is not done while a turn is undecided, whatever came after it', async () => {
  session.change(paused())
  expect(await cli('attach', 's1', '--until-idle')).toMatchObject({ code: 5 })
  const undecided = { count: 1, turns: [{ ...failed, actions: [] }] }
  const last = {
    ...failed,
    turn: 5,
    outcome: 'completed',
    code: 'end-turn',
    reached: 'yes',
  } as const
  session.view = { ...session.view, why: 'Decide about turn 4.', undecided, queue: [], queued: 0 }
  expect(await cli('attach', 's1', '--until-idle')).toMatchObject({ code: 1, err: '' })
  session.view = { ...session.view, lastTurn: last }
  const after = await cli('attach', 's1', '--until-idle')
  expect([after.code, after.err]).toEqual([1, 'Decide about turn 4.\n'])
})

test('[V-171] ls says what is to be decided, and resolve means the turn that is asked about', async () => {
  session.change(paused())
  expect((await cli('ls')).out).toMatch(
    /s1 +undecided .*Paused: decide about turn 4; 1 prompt waits\./,
  )
  session.change({ lastTurn: { ...failed, turn: 9, outcome: 'completed', reached: 'yes' } })
  expect((await cli('resolve', 's1', 'discard')).out).toBe('Turn 4 is left as it is.\n')
})

test('[V-171] queue says why its prompts wait, and lets them go on', async () => {
  expect(await cli('queue', 's1', '--go-on')).toMatchObject({ code: 2 })
  session.change(paused())
  expect((await cli('queue', 's1')).out).toBe(
    `1  p5  and then\n${why} "belay resolve s1 continue|send-again|discard" decides; "belay queue s1 --go-on" lets them run without.\n`,
  )
  await cli('queue', 's1', '--go-on')
  expect(server.asked).toContainEqual(
    expect.objectContaining({ route: 'resumeQueue', args: { id: 's1', turn: 4 } }),
  )
})
