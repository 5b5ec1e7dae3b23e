/** A server as people start it, with real runners and the demo agent: for what happens between processes. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, follow } from '../packages/client/src/webapi/index.ts'
import {
  agentPids,
  type BelayServer,
  endRunners,
  runnerPid,
  startBelay,
  waitFor,
} from '../packages/testing/src/node/index.ts'

export interface RealServer {
  readonly folder: string
  readonly server: BelayServer
  readonly client: Client
  end(): Promise<void>
}

export async function startReal(folder: string, args: readonly string[] = []): Promise<RealServer> {
  const server = await startBelay({ dataFolder: folder, args })
  return {
    folder,
    server,
    client: createClient({ url: server.url, token: server.token }),
    async end() {
      await server.kill()
      await endRunners(folder)
    },
  }
}

export interface Turn {
  readonly session: string
  readonly runner: number
  /** The agent's own process. */
  readonly agent: number
  /** Settles when a viewer is shown an event of this type. @returns when, by `performance.now` */
  shown(type: string): Promise<number>
  close(): void
}

/** A turn of the demo agent that is silent for ever, with a viewer who has caught up. */
export async function hangingTurn({ client, folder }: RealServer): Promise<Turn> {
  const { session } = await client.call('createSession', {
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: mkdtempSync(join(folder, 'work-')) },
    prompt: { promptId: 'p1', text: 'fast hang' },
  })
  const seen = new Map<string, number>()
  const following = follow(client, session.id, {
    after: 0,
    onFrame(frame) {
      if (frame.type !== 'events') return
      for (const event of frame.events)
        if (!seen.has(event.type)) seen.set(event.type, performance.now())
    },
  })
  const shown = (type: string) => waitFor(() => seen.get(type), `${type} is shown`, 60_000)
  await shown('text')
  const runner = await waitFor(() => runnerPid(folder, session.id), 'it has a runner', 10_000)
  // The last one: what stands before it is the fence.
  const agent = agentPids(runner).at(-1)
  if (agent === undefined) throw new Error('the turn has no agent')
  return { session: session.id, runner, agent, shown, close: () => following.close() }
}
