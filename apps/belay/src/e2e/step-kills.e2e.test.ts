/**
 * Every step of a preparation, held still on a real clone, while a process is killed or the session deleted: what was hit is
 * asserted at that moment, and what the person has afterwards.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PreparationStep, type SessionView, steps } from '@belay/protocol'
import {
  agentPids,
  alive,
  belayMain,
  endRunners,
  type GitServer,
  killHard,
  runnerPid,
  startGitServer,
  stepHold,
  waitFor,
} from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ofType, startWorld, turnEnd, watch, type World } from './world.ts'

const hold = stepHold()
/** Those of a clone: `worktree-kills.e2e.test.ts` has the other. */
const allSteps = steps.filter((step) => step !== 'worktree')
const prompt = { promptId: 'p1', text: 'fast no-permission' }
/** Long enough that nothing but the kill ends a step that is held. */
const patient = ['workspaceMs', 'checkpointMs', 'turnStartMs'].map((name) => `${name}=100000`)

let world: World
let git: GitServer
beforeAll(async () => {
  world = await startWorld(
    patient.flatMap((deadline) => ['--deadline', deadline]),
    hold.env,
  )
  git = await startGitServer(world.repository.path)
})
afterAll(async () => {
  for (const round of ['server', 'runner', 'agent', 'delete'])
    for (const step of allSteps) hold.release(idOf(round, step), step)
  await world.end()
  await git.stop()
})

const idOf = (round: string, step: PreparationStep) => `${round}-at-${step}`

/** A session for each step, standing in it. */
async function heldIn(round: string, held: readonly PreparationStep[]): Promise<void> {
  await Promise.all(
    held.map(async (step) => {
      const id = idOf(round, step)
      hold.hold(id, step)
      await world.client.call('createSession', {
        id,
        agent: hold.agent(id, process.execPath, [belayMain, 'demo-agent']),
        workspace: { type: 'repository', url: git.url, workBranch: 'work' },
        setup: [hold.setup(id)],
        prompt,
      })
      await waitFor(() => standsIn(id, step), `${id} stands in it`, 30_000)
    }),
  )
}

async function standsIn(id: string, step: PreparationStep): Promise<boolean> {
  const view = await world.client.call('getSession', { id })
  const at = view.steps.at(-1)
  return at?.step === step && at.status === 'started'
}

const runnerOf = (id: string) => {
  const pid = runnerPid(world.dataFolder, id)
  if (pid === undefined) throw new Error(`${id} has no runner`)
  return pid
}

/** The processes of the demo agent alone: the git or shell of a step descends from the runner too. */
function demoPids(runner: number): number[] {
  const commandOf = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // It ended while we looked.
    }
  }
  return agentPids(runner).filter((pid) => commandOf(pid).includes('demo-agent'))
}

async function expectTurn(id: string): Promise<void> {
  const viewer = watch(world, id, 'socket')
  expect(await turnEnd(viewer, 1)).toMatchObject({ code: 'end-turn', promptId: 'p1' })
  expect(ofType(viewer.events, 'prompt-accepted')).toHaveLength(1)
  expect(ofType(viewer.events, 'session-ready')).toHaveLength(1)
  const folder = ofType(viewer.events, 'agent-ready').at(-1)?.folder ?? ''
  // The one side effect of the turn happened once, in a whole clone.
  expect(readFileSync(join(folder, 'belay-demo.md'), 'utf8').match(/^- /gm)).toHaveLength(1)
  expect(existsSync(join(folder, '.git', 'belay-complete'))).toBe(true)
  viewer.close()
}

test('[B-31] a server killed at any step of a preparation changes nothing: the step goes on, and the first prompt runs once', async () => {
  await heldIn('server', allSteps)
  for (const step of allSteps) expect(await standsIn(idOf('server', step), step)).toBe(true)
  await world.server.kill()
  await world.restart()
  await Promise.all(
    allSteps.map(async (step) => {
      const id = idOf('server', step)
      // The step is the same one, and the runner too.
      await waitFor(() => standsIn(id, step), `${id} still stands in it`, 20_000)
      hold.release(id, step)
      await expectTurn(id)
      expect((await world.client.call('getSession', { id })).attempt).toBe(1)
    }),
  )
  await endIdle('server')
})

test('[B-32] a runner killed at any step of a preparation is told with its cause, keeps the prompt, and a retry meets none of its leftovers', async () => {
  await heldIn('runner', allSteps)
  await Promise.all(
    allSteps.map(async (step) => {
      const id = idOf('runner', step)
      const runner = runnerOf(id)
      const below = agentPids(runner)
      expect(await standsIn(id, step)).toBe(true)
      killHard(runner)
      const failed = await waitFor(
        async () => {
          const view = await world.client.call('getSession', { id })
          return view.status === 'attention' || view.lastTurn !== undefined ? view : undefined
        },
        `${id} is told`,
        30_000,
      )
      await waitFor(() => below.every((pid) => !alive(pid)), 'all that it started is gone', 20_000)
      hold.release(id, step)
      await (step === 'first-prompt' ? expectNotArrived(failed) : expectKept(failed, step))
    }),
  )
  await endIdle('runner')
})

test('[B-33] [R-44] an agent killed while it starts, opens its session or waits for its first prompt is started again by itself, and the prompt runs once', async () => {
  const held = ['agent-start', 'agent-session', 'first-prompt'] as const
  await heldIn('agent', held)
  await Promise.all(
    held.map(async (step) => {
      const id = idOf('agent', step)
      const agents = demoPids(runnerOf(id))
      expect(agents.length).toBeGreaterThan(0)
      expect(await standsIn(id, step)).toBe(true)
      for (const pid of agents) killHard(pid)
      await expectStartedAgain(id, step, agents)
      await expectTurn(id)
    }),
  )
  await endIdle('agent')
})

test('[B-34] a delete at any step of a preparation wins: no runner, no agent, no folder, nothing that it started', async () => {
  await heldIn('delete', allSteps)
  await Promise.all(
    allSteps.map(async (step) => {
      const id = idOf('delete', step)
      const runner = runnerOf(id)
      const processes = [runner, ...agentPids(runner)]
      expect(await standsIn(id, step)).toBe(true)
      await world.client.call('deleteSession', { id })
      const folders = ['runners', 'workspaces'].map((name) => join(world.dataFolder, name, id))
      await waitFor(
        () => processes.every((pid) => !alive(pid)) && !folders.some((path) => existsSync(path)),
        `nothing is left of ${id}`,
        30_000,
      )
      hold.release(id, step)
      await expect(world.client.call('getSession', { id })).rejects.toMatchObject({ status: 410 })
    }),
  )
  await endRunners(world.dataFolder)
})

/** At the last step the turn has begun: it ends, and certain is that the prompt did not arrive. */
function expectNotArrived({ lastTurn }: SessionView): void {
  expect(lastTurn).toMatchObject({ code: 'runner-exited', reached: 'no' })
  expect(lastTurn?.actions).toContain('send-again')
}

/** What a person has after their runner died at any other step, and that another try works. */
async function expectKept(failed: SessionView, step: PreparationStep): Promise<void> {
  expect(failed.lastTurn).toBeUndefined()
  expect(failed.problem?.code).toBe('runner-exited')
  expect(failed.queue).toMatchObject([{ promptId: 'p1' }])
  expect(failed.steps.at(-1)).toMatchObject({ step, status: 'failed' })
  await world.client.call('retry', { id: failed.id })
  await expectTurn(failed.id)
}

/** The end of an agent ends nothing else: the step stands, no checkpoint is lost, and another agent is there soon. */
async function expectStartedAgain(id: string, step: PreparationStep, killed: readonly number[]) {
  const runner = runnerOf(id)
  const isAnother = (pid: number) => !killed.includes(pid)
  await waitFor(() => demoPids(runner).some(isAnother), `${id} has another agent`, 20_000)
  expect(await standsIn(id, step)).toBe(true)
  const viewer = watch(world, id, 'socket')
  await waitFor(() => viewer.events.length > 0, 'the viewer has come', 10_000)
  expect(ofType(viewer.events, 'warning')).toEqual([])
  viewer.close()
  hold.release(id, step)
}

/** A round's runners would make the next one slow. */
async function endIdle(round: string): Promise<void> {
  await Promise.all(
    allSteps.map((step) =>
      world.client.call('deleteSession', { id: idOf(round, step) }).catch(() => undefined),
    ),
  )
}
