/** What the end-to-end tests stand on: a server process, a real agent with a scripted model, a repository, viewers. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, follow, followSse } from '@belay/client/webapi'
import { type CreateBody, type EventOf, eventSchema, type SessionEvent } from '@belay/protocol'
import {
  type BelayServer,
  codexAgent,
  endRunners,
  type Exit,
  type FakeModel,
  type GitRepository,
  gitRepository,
  start,
  startBelay,
  startFakeModel,
  startTcpProxy,
  type TcpProxy,
  temporaryFolder,
  waitFor,
} from '@belay/testing/node'
import { expect } from 'vitest'

export interface World {
  readonly dataFolder: string
  readonly model: FakeModel
  readonly repository: GitRepository
  readonly agent: { readonly command: string; readonly args: string[] }
  readonly env: Readonly<Record<string, string>>
  server: BelayServer
  client: Client
  /**
   * Starts the server again on its old address.
   * @param more more of the command line; without it as before
   */
  restart(more?: readonly string[]): Promise<void>
  end(): Promise<void>
}

/**
 * @param more more of the command line of `belay up`
 * @param variables more of the environment of the server
 */
export async function startWorld(
  more: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<World> {
  const dataFolder = temporaryFolder('data')
  const model = await startFakeModel()
  const codex = codexAgent({ modelUrl: model.url, home: temporaryFolder('home') })
  const { command, args } = codex
  const env = { ...codex.env, ...variables }
  const server = await startBelay({ dataFolder, env, args: more })
  const world: World = {
    dataFolder,
    model,
    env,
    repository: gitRepository(),
    agent: { command, args: [...args] },
    server,
    client: createClient({ url: server.url, token: server.token }),
    async restart(other = more) {
      world.server = await startBelay({
        dataFolder,
        env,
        args: other,
        port: Number(new URL(server.url).port),
      })
    },
    async end() {
      await world.server.kill()
      await endRunners(dataFolder)
      await model.stop()
    },
  }
  return world
}

export interface ProxiedWorld extends World {
  /** Between the runners and their server; to be stopped after the world's end. */
  readonly proxy: TcpProxy
}

export async function startProxiedWorld(more: readonly string[]): Promise<ProxiedWorld> {
  const world = await startWorld(more)
  const proxy = await startTcpProxy(Number(new URL(world.server.url).port))
  const path = join(world.dataFolder, 'server.json')
  const address: object = JSON.parse(readFileSync(path, 'utf8'))
  // Runners read the address of their server here: this puts the proxy between them.
  writeFileSync(path, JSON.stringify({ ...address, url: `http://127.0.0.1:${proxy.port}` }))
  return Object.assign(world, { proxy })
}

/**
 * A session of the demo agent, which needs no time to start.
 * @param more what is to be other than a folder of the world's repository
 * @returns its id
 */
export async function createDemo(
  world: World,
  text: string,
  more: Partial<CreateBody> = {},
): Promise<string> {
  const { session } = await world.client.call('createSession', {
    agent: { name: 'demo' },
    workspace: { type: 'folder', path: world.repository.path },
    prompt: { promptId: 'p1', text },
    ...more,
  })
  return session.id
}

const program = join(import.meta.dirname, '../../bin/belay.mjs')

/** The command line, run to its end beside the world's server. */
export async function belay(
  { dataFolder }: Pick<World, 'dataFolder'>,
  ...args: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: Exit['code'] }> {
  const env = { ...process.env, BELAY_DATA: dataFolder }
  const run = await start(process.execPath, [program, ...args], { env })
  const { code } = await run.exited
  return { stdout: run.stdout(), stderr: run.stderr(), code }
}

/** A session on the world's repository with its first prompt. @returns its id */
export async function createSession(world: World, text: string): Promise<string> {
  const { session } = await world.client.call('createSession', {
    agent: world.agent,
    workspace: { type: 'folder', path: world.repository.path },
    prompt: { promptId: 'p1', text },
  })
  return session.id
}

export interface Watching {
  readonly events: SessionEvent[]
  close(): void
}

/** A viewer that comes back by itself, over a WebSocket or server-sent events. */
export function watch(world: World, session: string, how: 'socket' | 'sse', after = 0): Watching {
  const events: SessionEvent[] = []
  const open = how === 'socket' ? follow : followSse
  const following = open(world.client, session, {
    after,
    onFrame: (frame) => {
      if (frame.type === 'events') events.push(...eventSchema.array().parse(frame.events))
    },
  })
  return { events, close: () => following.close() }
}

/** A viewer of a session whose agent has just said this in its first turn. */
export async function hearing(world: World, session: string, words: string): Promise<Watching> {
  const viewer = watch(world, session, 'socket')
  const said = () => textOf(viewer.events, 1).includes(words)
  await waitFor(said, `the agent says "${words}"`, 20_000)
  return viewer
}

export function ofType<Type extends SessionEvent['type']>(
  events: readonly SessionEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type)
}

/** Waits for the end of a turn as a viewer sees it. */
export function turnEnd(
  watching: Watching,
  turn: number,
  ms = 60_000,
): Promise<EventOf<'turn-ended'>> {
  return waitFor(
    () => ofType(watching.events, 'turn-ended').find((event) => event.turn === turn),
    `turn ${turn} ends`,
    ms,
  )
}

/** The words of one turn, as a person reads them. */
export function textOf(events: readonly SessionEvent[], turn: number): string {
  return ofType(events, 'text')
    .filter((event) => event.turn === turn)
    .map((event) => event.text)
    .join('')
}

/** `tok1 tok2 … tokN ` of the scripted model, each once and in order. */
export function tokens(count: number): string {
  return Array.from({ length: count }, (_, index) => `tok${index + 1} `).join('')
}

export function expectDense(events: readonly SessionEvent[]): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
}

/** Answers every permission that is asked, the way `optionOf` says, until closed. */
export function answerAll(
  watching: Watching,
  world: World,
  session: string,
): { answered: () => number; close(): void } {
  let count = 0
  const closing = new AbortController()
  const done = new Set<string>()
  const loop = async () => {
    while (!closing.signal.aborted) {
      for (const asked of ofType(watching.events, 'permission-asked')) {
        if (done.has(asked.permissionId)) continue
        const option = asked.options.find(({ kind }) => kind === 'allow_once')
        if (option === undefined)
          throw new Error(`no way to allow once in ${JSON.stringify(asked.options)}`)
        try {
          await world.client.call('answerPermission', {
            id: session,
            permissionId: asked.permissionId,
            optionId: option.optionId,
            by: 'test',
          })
          done.add(asked.permissionId)
          count += 1
        } catch (error) {
          // The server is away: the question stays, and so does this loop.
          if (!(error instanceof Error) || error.name !== 'ServerAway') throw error
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const looping = loop()
  looping.catch((error: unknown) => {
    throw error
  })
  return {
    answered: () => count,
    close: () => closing.abort(),
  }
}
