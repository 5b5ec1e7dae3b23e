/** A server that stands still: what the command line says of it, and that it goes on when the server does. */
import { viewerBeatMs } from '@belay/protocol'
import { belayMain, start, type Started, waitFor } from '@belay/testing/node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createSession, startWorld, turnEnd, watch, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

async function belay(...args: readonly string[]): Promise<Started> {
  const run = await start(process.execPath, [belayMain, ...args, '--data', world.dataFolder])
  onTestFinished(() => void run.killHard())
  return run
}

test(
  '[V-235] [V-43] ls, prompt and attach say within two heartbeats that the server does not answer, and go on when it does',
  { timeout: 90_000 },
  async () => {
    const session = await createSession(world, '[[say before]]')
    const watching = watch(world, session, 'socket')
    onTestFinished(() => watching.close())
    await turnEnd(watching, 1)
    const attach = await belay('attach', session)
    await waitFor(() => attach.stdout().includes('The agent finished.'), 'attached', 20_000)
    const { pid } = world.server
    process.kill(pid, 'SIGSTOP')
    onTestFinished(() => void process.kill(pid, 'SIGCONT'))
    const frozenAt = performance.now()
    const [ls, prompt] = await Promise.all([
      belay('ls'),
      belay('prompt', session, 'meanwhile [[reset]] [[say after]]'),
    ])
    const saying = (run: Started, words: string) =>
      waitFor(() => run.stderr().includes(words), words, 40_000)
    const silent = 'is there and does not answer; waiting for it. Agents go on without it.'
    await Promise.all([
      saying(ls, silent),
      saying(prompt, silent),
      saying(attach, 'Connection lost: the server was silent for too long.'),
    ])
    // Some slack for a machine that does much else; what is given up later is told much later.
    expect(performance.now() - frozenAt).toBeLessThan(3 * viewerBeatMs)

    process.kill(pid, 'SIGCONT')
    expect((await ls.exited).code).toBe(0)
    expect(ls.stdout()).toContain(session.slice(0, 6))
    expect((await prompt.exited).code).toBe(0)
    expect(prompt.stdout()).toMatch(/^Accepted as /)
    for (const run of [ls, prompt]) expect(run.stderr()).toContain('It answers again.')
    await saying(attach, 'Connected again; nothing was lost.')
    await turnEnd(watching, 2)
    await waitFor(() => attach.stdout().includes('> meanwhile'), 'what was missed', 20_000)
    expect(attach.stdout().split('> meanwhile')).toHaveLength(2)
  },
)
