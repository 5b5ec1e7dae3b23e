/** Modes and models of a real agent, through server, runner and the death of the agent. */
import { killAgentOf, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSession, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const viewOf = (id: string) => world.client.call('getSession', { id })

test('[S-83] a mode that was chosen outlives the agent it was chosen for', async () => {
  const id = await createSession(world, '[[say hello]]')
  const watching = watch(world, id, 'socket')
  try {
    await turnEnd(watching, 1)
    const { modes, models } = await viewOf(id)
    const wanted = modes?.available.find((mode) => mode.id !== modes.current)?.id
    if (modes === undefined || wanted === undefined) throw new Error('the agent offers two modes')
    expect(models?.available.length).toBeGreaterThan(0)
    await expect(world.client.call('setMode', { id, modeId: 'no-such' })).rejects.toMatchObject({
      problem: { code: 'not-offered' },
    })
    expect((await world.client.call('setMode', { id, modeId: wanted })).modes?.current).toBe(wanted)
    killAgentOf(world.dataFolder, id)
    await waitFor(
      () => watching.events.some(({ type }) => type === 'agent-exited') || undefined,
      'the agent is seen to be gone',
      10_000,
    )
    await world.client.call('prompt', { id, promptId: 'p2', text: '[[say again]]' })
    await turnEnd(watching, 2)
    expect((await viewOf(id)).modes?.current).toBe(wanted)
    expect(watching.events.filter(({ type }) => type === 'warning')).toEqual([])
  } finally {
    watching.close()
  }
})
