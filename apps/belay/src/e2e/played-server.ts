/** A real server whose runners are played by hand: no process is started for them, a test dials in their place. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '@belay/client/webapi'
import { type PlayedRunner, playRunner, temporaryFolder } from '@belay/testing/node'
import { pino } from 'pino'
import { type RunningServer, serve } from '../server/serve.ts'
import { runnerToken } from '../server/tokens.ts'

export const silentLog = pino({ level: 'silent' })

export interface DialOptions {
  readonly generation?: number
  readonly received?: number
  readonly token?: string
}

export interface PlayedServer {
  readonly url: string
  readonly dataFolder: string
  /** A person's. */
  readonly token: string
  readonly client: Client
  /** @returns its id */
  newSession(prompt?: string): Promise<string>
  runnerToken(session: string, generation?: number): string
  /** The runner of a session, its greeting over. */
  dial(session: string, options?: DialOptions): Promise<PlayedRunner>
  close(): Promise<void>
}

/** @param name what its folder is called */
export async function servePlayed(name: string): Promise<PlayedServer> {
  const dataFolder = temporaryFolder(name)
  const server = await serve({
    dataFolder,
    port: 0,
    host: '127.0.0.1',
    log: silentLog,
    runners: 'elsewhere',
  })
  const { url } = server
  const client = clientOf(server)
  const secret = Buffer.from(readFileSync(join(dataFolder, 'secret'), 'utf8').trim(), 'hex')
  const tokenOf = (session: string, generation = 1) => runnerToken(secret, { session, generation })
  return {
    url,
    dataFolder,
    token: tokenIn(server),
    client,
    async newSession(prompt) {
      const { session } = await client.call('createSession', {
        agent: { command: 'played' },
        workspace: { type: 'folder', path: '/' },
        ...(prompt === undefined ? {} : { prompt: { promptId: 'p1', text: prompt } }),
      })
      return session.id
    },
    runnerToken: tokenOf,
    dial: (session, options = {}) =>
      playRunner({ url, token: tokenOf(session, options.generation), session, ...options }),
    close: () => server.close(),
  }
}

export function clientOf(server: RunningServer): Client {
  return createClient({ url: server.url, token: tokenIn(server) })
}

function tokenIn({ link }: RunningServer): string {
  return link.split('#token=')[1] ?? ''
}
