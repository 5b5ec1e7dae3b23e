/** Faults of our own in a runner's step, met from where others would catch them. */
import { join } from 'node:path'
import { rudeAgent, temporaryFolder, waitFor } from '@belay/testing/node'
import { expect, test, vi } from 'vitest'
import { Spool } from './spool.ts'
import { loneDriver, prepare } from './testing/lone-driver.ts'

vi.setConfig({ testTimeout: 30_000 })

/** A spool with a bug: it cannot write reports of one type. */
class BuggySpool extends Spool {
  readonly #type: string
  constructor(path: string, type: string) {
    super(path, { bytesMax: 2 ** 20, rotateBytes: 2 ** 20 })
    this.#type = type
  }
  override append(jsons: readonly string[]): void {
    if (jsons.some((json) => json.includes(`"type":"${this.#type}"`)))
      throw new Error(`a fault at ${this.#type}`)
    super.append(jsons)
  }
}

/** This test stands where the process would end: what is thrown after the fault was told is not the runner's any more. */
function quietProcess(): () => void {
  const uncaught = process.listeners('uncaughtException')
  const unhandled = process.listeners('unhandledRejection')
  const ignore = () => undefined
  process.removeAllListeners('uncaughtException').on('uncaughtException', ignore)
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', ignore)
  return () => {
    process.removeAllListeners('uncaughtException')
    process.removeAllListeners('unhandledRejection')
    for (const listener of uncaught) process.on('uncaughtException', listener)
    for (const listener of unhandled) process.on('unhandledRejection', listener)
  }
}

const script = `
methods['session/prompt'] = async () => {
  say('a word')
  await later(200)
  send({ id: 77, method: 'session/request_permission', params: { sessionId: 's1', toolCall: { toolCallId: 't' }, options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }] } })
  await later(60000)
}
main()
`

test.each(['agent-ready', 'text', 'permission-asked'])(
  '[R-150] a fault at a report of %s is told at once, whoever fed it: a start, a timer, an SDK’s callback',
  async (type) => {
    const folder = temporaryFolder('runner')
    const spool = new BuggySpool(join(folder, 'spool-1.log'), type)
    const { driver, workspace, faults } = loneDriver(folder, spool)
    const restore = quietProcess()
    try {
      prepare(driver, workspace, rudeAgent(workspace, script))
      driver.feed({
        type: 'command',
        command: { type: 'prompt', turn: 1, promptId: 'p1', text: 'go' },
      })
      await waitFor(() => faults.length > 0, 'the fault is told', 20_000)
      expect(faults[0]).toEqual(new Error(`a fault at ${type}`))
    } finally {
      driver.kill()
      restore()
    }
  },
)
