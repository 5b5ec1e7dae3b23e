/** A runner's disk that is full for a while, under a real agent. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@belay/protocol'
import { rudeAgent, temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test, vi } from 'vitest'
import { Reserve } from './reserve.ts'
import { Spool } from './spool.ts'
import { loneDriver, prepare } from './testing/lone-driver.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A spool on a disk that has so much room and no more. */
class TightSpool extends Spool {
  roomBytes = Infinity
  refusals = 0
  override append(jsons: readonly string[]): void {
    const bytes = jsons.reduce((sum, json) => sum + json.length, 0)
    if (bytes > this.roomBytes) {
      this.refusals += 1
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    super.append(jsons)
    this.roomBytes -= bytes
  }
}

const words = 2000
const script = `
methods['session/prompt'] = async () => {
  for (let word = 1; word <= ${words}; word++) {
    say('w' + word + ' ')
    fs.writeFileSync('said', String(word))
    await later(1)
  }
  return { stopReason: 'end_turn' }
}
main()
`

test('[R-153] room that a killed runner took in part is taken whole by the next', () => {
  const folder = temporaryFolder('runner')
  writeFileSync(join(folder, 'reserve'), 'x')
  expect(new Reserve(folder).take()).toBe(true)
  expect(statSync(join(folder, 'reserve')).size).toBeGreaterThanOrEqual(limits.spoolReserveBytesMax)
})

test('[R-153] a runner whose disk is full does not die: its agent is not read, it says so, and once there is room nothing is missing', async () => {
  const folder = temporaryFolder('runner')
  const spool = new TightSpool(join(folder, 'spool-1.log'), {
    bytesMax: 2 ** 24,
    rotateBytes: 2 ** 24,
  })
  const reserve = new Reserve(folder)
  reserve.take()
  const { driver, workspace, faults } = loneDriver(folder, spool, reserve)
  prepare(driver, workspace, rudeAgent(workspace, script))
  driver.feed({
    type: 'command',
    command: { type: 'prompt', turn: 1, promptId: 'p1', text: 'talk' },
  })
  const all = () => spool.read(0, 2 ** 24).map(({ json }) => json)
  await waitFor(() => all().some((json) => json.includes('w20 ')), 'the agent talks', 20_000)
  spool.roomBytes = 0
  await waitFor(() => spool.refusals > 3, 'the disk was tried again', 20_000)
  const before = spool.last
  await sleep(700)
  expect(spool.last).toBe(before)
  expect(faults).toEqual([])
  spool.roomBytes = Infinity
  await waitFor(
    () => all().some((json) => json.includes('"turn-finished"')),
    'the end of the turn',
    40_000,
  )
  const text = all().join('').match(/w\d+ /g)
  expect(text).toEqual(Array.from({ length: words }, (_, index) => `w${index + 1} `))
  expect(all().filter((json) => json.includes('"disk-full"'))).toHaveLength(1)
  driver.kill()
})

test('[R-153] the word that the disk is full fits into the room that was kept for it', async () => {
  const folder = temporaryFolder('runner')
  const spool = new TightSpool(join(folder, 'spool-1.log'), {
    bytesMax: 2 ** 24,
    rotateBytes: 2 ** 24,
  })
  /** What it gives up is room for the spool, as on a real disk. */
  class RealRoom extends Reserve {
    override release(): boolean {
      const released = super.release()
      if (released) spool.roomBytes += 4096
      return released
    }
  }
  const reserve = new RealRoom(folder)
  expect(reserve.take()).toBe(true)
  const { driver, workspace } = loneDriver(folder, spool, reserve)
  spool.roomBytes = 0
  prepare(driver, workspace, rudeAgent(workspace, script))
  await waitFor(
    () => spool.read(0, 2 ** 24).some(({ json }) => json.includes('"disk-full"')),
    'the word is in the spool',
    20_000,
  )
  driver.kill()
})
