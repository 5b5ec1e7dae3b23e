/** An agent that talks faster than anybody stores: a real process, held back by the limit of the spool. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rudeAgent, temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Spool } from './spool.ts'
import { loneDriver, prepare } from './testing/lone-driver.ts'

const words = 200_000
const bytesMax = 64 * 1024
/** What may still come once the agent is no longer read: pipes and read buffers, each 64 KiB, in both processes. */
const slackBytes = 512 * 1024

/** Says every word as fast as its pipe takes them, and writes down how far it came. */
const flood = `
methods['session/prompt'] = async () => {
  for (let word = 1; word <= ${words}; word++) {
    say('w' + word + ' ')
    if (word % 500 !== 0) continue
    fs.writeFileSync('said', String(word))
    while (process.stdout.writableLength > 0) await later(1)
  }
  return { stopReason: 'end_turn' }
}
main()
`
const textSchema = z.object({ type: z.literal('text'), text: z.string() })

function talkingAgent() {
  const folder = temporaryFolder('runner')
  const spool = new Spool(join(folder, 'spool-1.log'), { bytesMax, rotateBytes: bytesMax })
  const { driver, workspace } = loneDriver(folder, spool)
  prepare(driver, workspace, rudeAgent(workspace, flood))
  driver.feed({
    type: 'command',
    command: { type: 'prompt', turn: 1, promptId: 'p1', text: 'talk' },
  })
  const said = () => Number(readFileSync(join(workspace, 'said'), 'utf8'))
  return { spool, driver, said }
}

test('[R-12] an agent that talks on while nothing is stored is no longer read at the limit; once there is room again all it said comes, in order', async () => {
  const { spool, driver, said } = talkingAgent()
  await waitFor(() => spool.full, 'the spool is full', 20_000)
  await waitFor(
    async () => {
      const before = spool.last
      await sleep(300)
      return spool.last === before
    },
    'the agent is no longer read',
    20_000,
  )
  expect(spool.bytesBetween(0, spool.last)).toBeLessThan(bytesMax + slackBytes)
  expect(said()).toBeLessThan(words)

  // The session stores again, a piece at a time.
  let text = ''
  let finished = false
  await waitFor(
    () => {
      for (const { n, json } of spool.read(spool.acked, 16 * 1024)) {
        const report = textSchema.safeParse(JSON.parse(json))
        if (report.success) text += report.data.text
        finished ||= json.includes('"turn-finished"')
        spool.acknowledge(n)
      }
      driver.acked()
      return finished
    },
    'the turn is finished',
    30_000,
  )
  expect(text).toBe(Array.from({ length: words }, (_, index) => `w${index + 1} `).join(''))
  driver.kill()
})
