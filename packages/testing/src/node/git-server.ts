/**
 * A Git server over HTTP on loopback: Git's own `http-backend` behind a small server that can refuse, stall and hang.
 *
 * Owns: the processes it starts for requests; they end with it.
 */
import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeServer, listenOnLoopback } from './loopback.ts'

/** `fail`: 500. `cut`: the answer stops in the middle. `hang`: no answer at all. `slow`: it comes, after a while. */
export type GitServerMode = 'well' | 'fail' | 'cut' | 'slow' | 'hang'

export interface GitServer {
  /** Of the repository it serves. */
  readonly url: string
  mode: GitServerMode
  /** How long `slow` takes for each request. */
  slowMs: number
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[]
  /** Requests that wait without an answer now. */
  readonly waiting: () => number
  stop(): Promise<void>
}

export interface GitServerOptions {
  /** Asked of everybody as the password. */
  readonly token?: string
}

/** @param repository a folder with a `.git` in it */
export async function startGitServer(
  repository: string,
  { token }: GitServerOptions = {},
): Promise<GitServer> {
  const requests: string[] = []
  const hanging = new Set<ServerResponse>()
  const state: { mode: GitServerMode; slowMs: number } = { mode: 'well', slowMs: 1000 }
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    if (!isAllowed(request, token)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    void answer(request, response)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (state.mode) {
      case 'fail':
        response.writeHead(500).end('broken')
        return
      case 'hang':
        hanging.add(response)
        response.once('close', () => hanging.delete(response))
        return
      case 'slow':
        await sleep(state.slowMs)
        return serveGit(request, response, repository)
      case 'cut':
        if (request.method === 'POST') {
          response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
          response.write('0008NAK\n')
          response.destroy()
          return
        }
        return serveGit(request, response, repository)
      case 'well':
        return serveGit(request, response, repository)
    }
  }

  const port = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port}/repository.git`,
    get mode() {
      return state.mode
    },
    set mode(mode) {
      state.mode = mode
    },
    get slowMs() {
      return state.slowMs
    },
    set slowMs(ms) {
      state.slowMs = ms
    },
    requests,
    waiting: () => hanging.size,
    async stop() {
      for (const response of hanging) response.destroy()
      await closeServer(server)
    },
  }
}

function isAllowed({ headers }: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return true
  const [, basic = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  return Buffer.from(basic, 'base64').toString().endsWith(`:${token}`)
}

/** One request by CGI, as any web server would hand it on. */
function serveGit(request: IncomingMessage, response: ServerResponse, repository: string): void {
  const url = new URL(request.url ?? '/', 'http://git')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: repository,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_COUNT: '3',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_CONFIG_KEY_1: 'uploadpack.allowFilter',
      GIT_CONFIG_VALUE_1: 'true',
      GIT_CONFIG_KEY_2: 'safe.directory',
      GIT_CONFIG_VALUE_2: '*',
      PATH_INFO: url.pathname.replace(/^\/repository\.git/, '/.git'),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'test',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  response.once('close', () => child.kill())
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  let head = Buffer.alloc(0)
  let begun = false
  child.stdout.on('data', (data: Buffer) => {
    if (begun) return void response.write(data)
    head = Buffer.concat([head, data])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    begun = true
    begin(response, head.subarray(0, end).toString())
    response.write(head.subarray(end + 4))
  })
  child.stdout.on('end', () => response.end())
}

function begin(response: ServerResponse, head: string): void {
  let status = 200
  for (const line of head.split('\r\n')) {
    const [name = '', value = ''] = line.split(': ')
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.writeHead(status)
}
