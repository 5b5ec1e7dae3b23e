/** A session of a lone host whose runner is there and says what a test wants. */
import { assert } from '@belay/actor'
import type { Report } from '@belay/protocol'
import type { SessionReply } from '@belay/session'
import { agentReady, creation } from '../session-scenario.ts'
import { loneHost } from './lone-host.ts'

const id = 's1'

export interface LoneSession {
  readonly id: string
  readonly host: ReturnType<typeof loneHost>
  /** @throws unless the session stores it as the next of its runner */
  report(said: Report): Promise<void>
  prompt(promptId: string): Promise<SessionReply>
}

/** @param name what the host's folder is called @returns the session, ready for its first prompt; the test stops its host */
export async function loneSession(name: string): Promise<LoneSession> {
  const host = loneHost(name)
  let reported = 0
  const report = async (said: Report) => {
    reported += 1
    const reports = [{ n: reported, json: JSON.stringify(said), report: said }]
    const frame = { type: 'runner-frame', generation: 1, acked: undefined, reports } as const
    const reply = await host.submit(id, frame)
    assert(
      reply.type === 'stored' && reply.received === reported,
      `report ${reported} should be stored, and the session answered ${JSON.stringify(reply)}`,
    )
  }
  await host.submit(id, creation())
  await host.submit(id, { type: 'runner-hello', generation: 1, received: 0 })
  await report(agentReady)
  return {
    id,
    host,
    report,
    prompt: (promptId) =>
      host.submit(id, {
        type: 'prompt-submitted',
        prompt: { promptId, text: 'x', digest: promptId },
      }),
  }
}
