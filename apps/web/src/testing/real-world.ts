/** The whole of Belay behind the page: a server process, a runner, a real agent with the scripted model. */
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@belay/client/webapi'
import {
  type BelayServer,
  codexAgent,
  endRunners,
  type FakeModel,
  gitRepository,
  killAgentOf,
  runBelay,
  startBelay,
  startFakeModel,
  temporaryFolder,
} from '@belay/testing/node'
import { buildPage } from './build-page.ts'

interface Agent {
  readonly command: string
  readonly args: string[]
  /** Beside the environment of the server. */
  readonly env?: Record<string, string>
}

export interface RealWorld {
  readonly folder: string
  readonly agent: Agent
  readonly token: string
  readonly url: string
  readonly client: Client
  readonly model: FakeModel
  /** A session on the folder with its first prompt. @returns its id */
  create(prompt: string, agent?: Agent): Promise<string>
  /** The command line, as a person runs it. @returns what it wrote and how it ended */
  belay(...args: string[]): Promise<{ readonly code: number | undefined; readonly out: string }>
  /** `kill -9` of the server. Its runners go on. */
  killServer(): Promise<void>
  /** Stops it in its tracks: it takes connections and bytes, and answers nothing. */
  freezeServer(): void
  thawServer(): void
  /** Starts it again at the same address. */
  restartServer(): Promise<void>
  /** `kill -9` of every process of a session's agent. */
  killAgent(session: string): void
  end(): Promise<void>
}

/** The server serves the page of this checkout, so that one is built first. */
export async function startRealWorld(): Promise<RealWorld> {
  await buildPage(fileURLToPath(new URL('../../dist', import.meta.url)))
  const dataFolder = temporaryFolder('data')
  const model = await startFakeModel()
  const { command, args, env } = codexAgent({ modelUrl: model.url, home: temporaryFolder('home') })
  const folder = gitRepository().path
  const agent = { command, args: [...args] }
  let server: BelayServer = await startBelay({ dataFolder, env })
  const { url, token } = server
  const client = createClient({ url, token })
  return {
    folder,
    agent,
    token,
    url,
    client,
    model,
    async create(text, chosen = agent) {
      const { session } = await client.call('createSession', {
        agent: chosen,
        workspace: { type: 'folder', path: folder },
        prompt: { promptId: 'p1', text },
      })
      return session.id
    },
    async belay(...words) {
      const { code, stdout, stderr } = await runBelay([...words, '--data', dataFolder])
      return { code, out: `${stdout}${stderr}` }
    },
    async killServer() {
      await server.kill()
    },
    freezeServer() {
      process.kill(server.pid, 'SIGSTOP')
    },
    thawServer() {
      process.kill(server.pid, 'SIGCONT')
    },
    async restartServer() {
      server = await startBelay({ dataFolder, env, port: Number(new URL(url).port) })
    },
    killAgent: (session) => killAgentOf(dataFolder, session),
    async end() {
      await server.kill()
      await endRunners(dataFolder)
      await model.stop()
    },
  }
}
