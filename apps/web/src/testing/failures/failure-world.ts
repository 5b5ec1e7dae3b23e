/**
 * The whole of Belay for one failure: a server of its own, real agents on a scripted model, a page in a real browser, and a
 * line that can fail between whoever reads and the server.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Client, createClient } from '@belay/client/webapi'
import type { AgentChoice, CreateBody } from '@belay/protocol'
import {
  type BelayServer,
  codexAgent,
  endRunners,
  type FakeModel,
  gitRepository,
  killAgentOf,
  removeFolder,
  rudeAgent,
  runBelay,
  runnerOf,
  startBelay,
  startFakeModel,
  startTcpProxy,
  type TcpProxy,
  temporaryFolder,
  waitFor,
} from '@belay/testing/node'
import type { Browser, Page } from 'playwright-core'

export interface WorldOptions {
  /** More of the command line of the server. */
  readonly server?: readonly string[]
  /** Its data folder is a disk of its own, so small. Only root may make one. */
  readonly diskMiB?: number
}

export interface FailureWorld {
  readonly dataFolder: string
  readonly folder: string
  readonly model: FakeModel
  /** Reads as a program does, over the line of the viewers. */
  readonly client: Client
  readonly page: Page
  /** Between all who read and the server. */
  readonly viewers: TcpProxy
  /** Between the server and what keeps its agents. */
  readonly runners: TcpProxy
  readonly server: BelayServer
  readonly codex: AgentChoice
  /** The session of this failure. */
  readonly session: string
  /** An agent whose manners are written here. */
  rude(script: string): AgentChoice
  /** Makes the session with its first prompt, and opens it on the page. */
  create(prompt: string, more?: Partial<CreateBody>): Promise<void>
  /** The same, and waits until the agent has said something. */
  working(prompt: string, more?: Partial<CreateBody>): Promise<void>
  /** The command line, as a person has it who is as far away as the page. */
  belay(...args: readonly string[]): Promise<string>
  runnerPid(): number
  killAgent(): void
  killServer(): Promise<void>
  restartServer(): Promise<void>
  end(): Promise<void>
}

const seenMs = 30_000

export async function startFailureWorld(
  { diskMiB, server: args = [] }: WorldOptions,
  browser: Browser,
): Promise<FailureWorld> {
  const dataFolder = temporaryFolder('data')
  if (diskMiB !== undefined)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'belay', dataFolder])
  const model = await startFakeModel()
  const codex = codexAgent({ modelUrl: model.url, home: temporaryFolder('home') })
  const folder = gitRepository().path
  const options = { dataFolder, args }
  let server = await startBelay(options)
  const port = Number(new URL(server.url).port)
  const viewers = await startTcpProxy(port)
  const runners = await startTcpProxy(port)
  const url = `http://127.0.0.1:${viewers.port}`
  const client = createClient({ url, token: server.token })
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${url}/#token=${server.token}`)
  let session = ''
  const world: FailureWorld = {
    dataFolder,
    folder,
    model,
    client,
    page,
    viewers,
    runners,
    codex: { command: codex.command, args: [...codex.args], env: { ...codex.env } },
    get server() {
      return server
    },
    get session() {
      return session
    },
    rude,
    async create(text, more = {}) {
      session = await createOn(world, text, more)
      await page.goto(`${url}/s/${session}`)
    },
    async working(text, more) {
      await world.create(text, more)
      await isWorking(world)
    },
    async belay(...words) {
      const away = { BELAY_DATA: dataFolder, BELAY_URL: url, BELAY_TOKEN: server.token }
      const { stdout, stderr } = await runBelay(words, away)
      return `${stdout}${stderr}`
    },
    runnerPid: () => runnerOf(dataFolder, session),
    killAgent: () => killAgentOf(dataFolder, session),
    killServer: async () => void (await server.kill()),
    async restartServer() {
      server = await startBelay({ ...options, port })
    },
    async end() {
      await context.close()
      await server.kill()
      // One that was stopped in its tracks holds its lock, and ends like any other.
      await endRunners(dataFolder)
      await model.stop()
      await viewers.stop()
      await runners.stop()
      if (diskMiB !== undefined) execFileSync('umount', ['--lazy', dataFolder])
      removeFolder(dataFolder)
    },
  }
  return world
}

async function createOn(
  { client, codex, folder }: FailureWorld,
  text: string,
  more: Partial<CreateBody>,
): Promise<string> {
  const { session } = await client.call('createSession', {
    agent: codex,
    workspace: { type: 'folder', path: folder },
    prompt: { promptId: 'p1', text },
    ...more,
  })
  return session.id
}

async function isWorking({ page, client, session }: FailureWorld): Promise<void> {
  await page.getByText('tok3 ').first().waitFor({ timeout: seenMs })
  await waitFor(
    async () => (await client.call('getSession', { id: session })).status === 'working',
    'the agent is at work',
    seenMs,
  )
}

function rude(script: string): AgentChoice {
  const { command, args } = rudeAgent(temporaryFolder('agent'), script)
  return { command, args: [...args] }
}

/** The file in which those that keep agents read where their server is. */
export function addressFile({ dataFolder }: FailureWorld): string {
  return join(dataFolder, 'server.json')
}
