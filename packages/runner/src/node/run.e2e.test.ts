import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { marked } from '@belay/agent/node'
import { decodeFrame, encodeAck, encodeMessage, encodeWelcome } from '@belay/channel'
import {
  closeCodes,
  type Command,
  deadlines,
  type Report,
  reportSchema,
  welcomeSchema,
} from '@belay/protocol'
import { codexAgent, gitRepository, startFakeModel, waitFor } from '@belay/testing/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { agentMarker, readLastWords, type RunnerConfig } from './index.ts'
import { exitCodes } from './run.ts'
import { heldReports } from './testing/held-reports.ts'

const repositoryRoot = join(import.meta.dirname, '../../../..')
const runnerEntry = join(import.meta.dirname, 'run.ts')
const demoEntry = join(repositoryRoot, 'apps/belay/src/demo-agent/index.ts')

function evaluated(code: string): string[] {
  return ['--input-type=module', '--eval', code]
}

/** Stands for a session: stores reports, sends commands, and loses sockets when told. */
class SessionStub {
  readonly stored: { n: number; json: string }[] = []
  readonly broken: string[] = []
  readonly #commands: string[] = []
  #server: WebSocketServer | undefined
  #socket: WebSocket | undefined
  /** While false, reports are stored and no ack is sent. */
  acking = true
  /** Largest number of bytes that were under way without an ack. */
  mostUnackedBytes = 0
  hellos = 0
  #unackedBytes = 0

  async listen(dataFolder: string): Promise<void> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    this.#server = server
    server.on('connection', (socket, request) => {
      if (request.headers.authorization !== 'Bearer secret-token') this.broken.push('no token')
      this.#socket = socket
      this.#unackedBytes = 0
      socket.on('message', (data: Buffer) => this.#receive(socket, data.toString()))
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = undefined
      })
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const file = join(dataFolder, 'server.json')
    writeFileSync(
      `${file}.new`,
      JSON.stringify({
        url: `http://127.0.0.1:${address.port}`,
        pid: process.pid,
        startedAt: 0,
        version: '0',
      }),
    )
    renameSync(`${file}.new`, file)
  }

  /** Ends like a killed server: no goodbye. */
  async stop(): Promise<void> {
    for (const client of this.#server?.clients ?? []) client.terminate()
    const server = this.#server
    this.#server = undefined
    await new Promise<void>((resolve) =>
      server === undefined ? resolve() : server.close(() => resolve()),
    )
  }

  cut(): void {
    this.#socket?.terminate()
  }
  dismiss(code: number): void {
    this.#socket?.close(code)
  }
  get linked(): boolean {
    return this.#socket !== undefined
  }

  command(command: Command): void {
    const json = JSON.stringify(command)
    this.#commands.push(json)
    this.#socket?.send(encodeMessage(this.#commands.length, json))
  }

  get reports(): Report[] {
    return this.stored.map(({ json }) => reportSchema.parse(JSON.parse(json)))
  }
  text(turn: number): string {
    return this.reports
      .map((report) => (report.type === 'text' && report.turn === turn ? report.text : ''))
      .join('')
  }
  of<Type extends Report['type']>(type: Type): Extract<Report, { type: Type }>[] {
    return this.reports.filter(
      (report): report is Extract<Report, { type: Type }> => report.type === type,
    )
  }

  #receive(socket: WebSocket, frame: string): void {
    const lines = decodeFrame(frame)
    if (typeof lines === 'string') return void this.broken.push(lines)
    let taken = 0
    for (const line of lines) {
      if (line.type === 'hello') {
        this.hellos += 1
        const { received } = welcomeSchema.parse(JSON.parse(line.json))
        socket.send(encodeWelcome(JSON.stringify({ version: 1, received: this.stored.length })))
        this.#commands
          .slice(received)
          .forEach((json, index) => socket.send(encodeMessage(received + index + 1, json)))
      }
      if (line.type === 'message') {
        // Whatever was sent before a cut is asked for again, and nothing else: a repeat or a gap is a fault.
        if (line.n !== this.stored.length + 1)
          this.broken.push(`report ${line.n} after ${this.stored.length}`)
        this.stored.push({ n: line.n, json: line.json })
        taken += line.json.length
      }
    }
    this.#unackedBytes += taken
    this.mostUnackedBytes = Math.max(this.mostUnackedBytes, this.#unackedBytes)
    if (taken > 0 && this.acking) this.ack(socket)
  }
  ack(socket = this.#socket): void {
    this.#unackedBytes = 0
    socket?.send(encodeAck(this.stored.length))
  }
}

let root: string
let session: SessionStub
let runner: ChildProcess | undefined
let config: RunnerConfig

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'belay-runner-'))
  for (const name of ['runner', 'folder', 'state', 'home']) mkdirSync(join(root, name))
  session = new SessionStub()
  config = {
    session: 'session-1',
    generation: 1,
    token: 'secret-token',
    dataFolder: root,
    runnerFolder: join(root, 'runner'),
    workspaceFolder: join(root, 'clone'),
    version: '0.1.0',
    demoCommand: [
      process.execPath,
      ...evaluated(`import(${JSON.stringify(demoEntry)}).then((m) => m.runDemoAgent())`),
    ],
    bounds: deadlines,
    diskFreeBytesMin: 0,
  }
  await session.listen(root)
})

afterEach(async () => {
  if (runner !== undefined && !ended(runner)) {
    runner.kill('SIGKILL')
    await until('the end of the runner', () => runner === undefined || ended(runner))
  }
  runner = undefined
  await session.stop()
  if (session.broken.length > 0) throw new Error(session.broken.join('; '))
  rmSync(root, { recursive: true, force: true })
})

function until(what: string, check: () => boolean, msMax = 30_000): Promise<unknown> {
  return waitFor(check, what, msMax)
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function startRunner(env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(
    process.execPath,
    evaluated(`import(${JSON.stringify(runnerEntry)}).then((m) => m.runRunnerFromFd3())`),
    {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: join(root, 'home'),
        XDG_STATE_HOME: join(root, 'state'),
        BELAY_SECRET: 'mine',
        ...env,
      },
    },
  )
  const pipe = child.stdio[3]
  if (pipe === null || pipe === undefined || !('end' in pipe)) throw new Error('no pipe')
  pipe.on('error', () => {})
  pipe.end(JSON.stringify(config))
  runner = child
  return child
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  await until('the end of the runner', () => ended(child), 30_000)
  return child.exitCode
}

function prepare(more: Partial<Extract<Command, { type: 'prepare' }>> = {}): Command {
  return {
    type: 'prepare',
    workspace: { type: 'folder', path: join(root, 'folder') },
    agent: { name: 'demo' },
    cancelMs: 6000,
    ...more,
  }
}
function prompt(turn: number, text: string): Command {
  return { type: 'prompt', turn, promptId: `p${turn}`, text }
}
async function ready(): Promise<void> {
  session.command(prepare())
  await until('the agent', () => session.of('agent-ready').length > 0, 30_000)
}
async function finished(turn: number) {
  await until(
    `the end of turn ${turn}`,
    () => session.of('turn-finished').some((report) => report.turn === turn),
    60_000,
  )
  return session.of('turn-finished').filter((report) => report.turn === turn)
}
function agentPids(generation = 1): readonly number[] {
  return marked(agentMarker(config.session, config.runnerFolder, generation))
}
function agentNodePid(): number {
  // The shell that opens a namespace carries the same marker: the agent is the one that runs Node.
  const pid = agentPids().find(
    (one) => readlinkSync(`/proc/${one}/exe`) === realpathSync(process.execPath),
  )
  if (pid === undefined) throw new Error('no agent')
  return pid
}

describe('a runner with the demo agent', () => {
  test('[R-1] [R-9] prepares, runs a turn with a permission, and its reports come in order', async () => {
    startRunner()
    await ready()
    const [agent] = session.of('agent-ready')
    expect(agent).toMatchObject({
      agent: { name: 'demo', title: 'Demo agent', demo: true },
      restored: 'new',
      folder: join(root, 'folder'),
    })
    session.command(prompt(1, 'fast hello'))
    await until('a permission', () => session.of('permission-asked').length > 0)
    const [asked] = session.of('permission-asked')
    expect(asked?.options.map((option) => option.optionId)).toEqual(['allow', 'reject'])
    session.command({ type: 'answer', permissionId: asked?.permissionId ?? '', optionId: 'allow' })
    expect(await finished(1)).toEqual([{ type: 'turn-finished', turn: 1, stopReason: 'end_turn' }])
    expect(readFileSync(join(root, 'folder', 'belay-demo.md'), 'utf8')).toBe('- fast hello\n')
    const types = session.reports.map((report) => report.type)
    expect(types.indexOf('turn-taken')).toBeLessThan(types.indexOf('thought'))
    expect(types.at(-1)).toBe('turn-finished')
    expect(types.filter((type) => type === 'turn-taken')).toHaveLength(1)
    expect(session.text(1)).toMatch(/I am a script, not a model[\s\S]*The slow tool is done/)
    expect(
      session.of('tool').some((report) => report.content?.some((item) => item['type'] === 'diff')),
    ).toBe(true)
  })

  test('[R-13] [R-14] [R-16] a socket cut again and again under output, and a server away, lose nothing and double nothing', async () => {
    startRunner()
    await ready()
    session.command(prompt(1, 'fast slow 8 no-permission'))
    for (let cut = 0; cut < 6; cut++) {
      await sleep(400)
      // Each cut is of a line that stands, however slow the machine.
      await until('the runner is linked', () => session.hellos > cut)
      session.cut()
      if (cut === 2) {
        await session.stop()
        await sleep(700)
        await session.listen(root)
      }
    }
    await finished(1)
    expect(session.hellos).toBeGreaterThan(5)
    const words = session.text(1).match(/slow-\d+/g)
    expect(words).toEqual(Array.from({ length: 400 }, (_, index) => `slow-${index + 1}`))
    expect(session.stored.map(({ n }) => n)).toEqual(session.stored.map((_, index) => index + 1))
  })

  test('[R-15] a flood that nobody acknowledges stays within the window, and flows on with the acks', async () => {
    startRunner()
    await ready()
    session.acking = false
    session.ack()
    session.command(prompt(1, 'fast no-permission flood 300000'))
    await until('a full window', () => session.mostUnackedBytes > 1_900_000, 60_000)
    await sleep(300)
    expect(session.mostUnackedBytes).toBeLessThanOrEqual(2 * 1024 * 1024)
    session.acking = true
    session.ack()
    await finished(1)
    expect(session.text(1).match(/flood-\d+/g)).toHaveLength(300_000)
  })

  test('[R-2] [R-50] kill -9 of the agent ends the turn once with its reason, and the next prompt restores it', async () => {
    startRunner()
    await ready()
    session.command(prompt(1, 'fast slow 60'))
    await until('text', () => session.text(1).includes('slow-5'))
    process.kill(agentNodePid(), 'SIGKILL')
    const [end] = await finished(1)
    expect(end?.error).toMatchObject({ code: 'agent-exited' })
    expect(session.of('agent-exited')).toMatchObject([
      { agentGeneration: 1, signal: 'SIGKILL', expected: false },
    ])
    const types = session.reports.map((report) => report.type)
    const told = types.filter((type) => type !== 'agent-link')
    const finish = told.indexOf('turn-finished')
    expect(told[finish - 1]).toBe('agent-exited')
    // It comes back by itself, before anybody asks for it.
    await until('the agent', () => session.of('agent-ready').length > 1)
    session.command(prompt(2, 'fast no-permission'))
    expect(await finished(2)).toMatchObject([{ stopReason: 'end_turn' }])
    expect(session.of('agent-ready').map((report) => report.restored)).toEqual(['new', 'resumed'])
    expect(session.text(2)).toContain('turn 2 of this conversation')
  })

  test('[R-2] an agent that ends by itself in mid-turn is told with its code', async () => {
    startRunner()
    await ready()
    session.command(prompt(1, 'fast crash'))
    const [end] = await finished(1)
    expect(end?.error?.message).toContain('exit code 3')
    expect(session.of('agent-exited')).toMatchObject([{ code: 3, expected: false }])
  })

  test('[R-3] [R-4] a stop cancels the turn at once, and a stop for another turn does nothing', async () => {
    startRunner()
    await ready()
    session.command(prompt(1, 'fast hang'))
    await until('text', () => session.text(1).includes('script'))
    session.command({ type: 'interrupt', turn: 7 })
    session.command({ type: 'interrupt', turn: 1 })
    expect(await finished(1)).toEqual([{ type: 'turn-finished', turn: 1, stopReason: 'cancelled' }])
    expect(session.of('agent-exited')).toEqual([])
  })

  test('[R-5] an agent that does not obey is ended, and the turn says so', async () => {
    startRunner()
    session.command(prepare({ cancelMs: 300 }))
    session.command(prompt(1, 'fast stubborn slow 60'))
    await until('text', () => session.text(1).includes('slow-5'), 30_000)
    const old = agentPids()
    session.command({ type: 'interrupt', turn: 1 })
    const [end] = await finished(1)
    expect(end?.error?.code).toBe('interrupt-forced')
    expect(session.of('agent-exited')).toMatchObject([{ expected: true }])
    expect(old.length).toBeGreaterThan(0)
    expect(agentPids().filter((pid) => old.includes(pid))).toEqual([])
    await until('the agent', () => session.of('agent-ready').length > 1)
    session.command(prompt(2, 'fast no-permission'))
    expect(await finished(2)).toMatchObject([{ stopReason: 'end_turn' }])
  })

  test('[R-22] [R-123] close ends the agent in mid-turn, tells everything, and the runner ends well', async () => {
    const child = startRunner()
    await ready()
    session.command(prompt(1, 'fast slow 60'))
    await until('text', () => session.text(1).includes('slow-5'))
    session.command({ type: 'close', reason: 'because' })
    expect(await exitOf(child)).toBe(exitCodes.done)
    const types = session.reports.map((report) => report.type)
    const last = types.filter((type) => type !== 'agent-link').slice(-4)
    expect(last).toEqual(['agent-exited', 'turn-finished', 'turn-changes', 'closing'])
    expect(session.of('agent-exited')).toMatchObject([{ expected: true }])
    expect(agentPids()).toEqual([])
  })

  test('[R-22] a runner that is fenced ends its agent and itself', async () => {
    const child = startRunner()
    await ready()
    session.dismiss(closeCodes.fenced)
    expect(await exitOf(child)).toBe(exitCodes.done)
    expect(agentPids()).toEqual([])
  })

  test('[R-10] [R-11] kill -9 of the runner leaves no agent, and its spool holds what nobody acknowledged', async () => {
    const child = startRunner()
    await ready()
    session.acking = false
    session.command(prompt(1, 'fast slow 60'))
    await until('text', () => session.text(1).includes('slow-20'))
    await session.stop()
    const stored = session.stored.length
    await sleep(400)
    const agent = agentNodePid()
    child.kill('SIGKILL')
    await until(
      'the end of the agent',
      () =>
        !existsSync(`/proc/${agent}/stat`) ||
        readFileSync(`/proc/${agent}/stat`, 'utf8').includes(') Z'),
    )
    const tail = await heldReports(config.runnerFolder, 1, stored)
    expect(tail.length).toBeGreaterThan(2)
    expect(tail.map(({ n }) => n)).toEqual(tail.map((_, index) => stored + 1 + index))
    session.stored.push(...tail)
    const words = session.text(1).match(/slow-\d+/g)
    expect(words).toEqual(words?.map((_, index) => `slow-${index + 1}`))
  })

  test('[R-150] [R-151] a fault of the runner itself ends it and its agent at once, and its last words say which', async () => {
    const child = startRunner()
    await ready()
    expect(readLastWords(config.runnerFolder, 1), 'nothing was wrong yet').toBeUndefined()
    const stored = session.stored.length
    session.acking = false
    session.command(prompt(1, 'fast slow 60 no-permission'))
    await until('text', () => session.text(1).includes('slow-5'))
    await session.stop()
    // Somebody cut the spool: what has to be sent again is not there any more.
    truncateSync(join(config.runnerFolder, 'spool-1.log'), 0)
    session.stored.length = stored
    await session.listen(root)
    expect(await exitOf(child)).toBe(exitCodes.fault)
    expect(readLastWords(config.runnerFolder, 1)).toContain('the spool')
    expect(readLastWords(config.runnerFolder, 2), 'of another generation').toBeUndefined()
    expect(readFileSync(join(config.runnerFolder, 'runner.log'), 'utf8')).toContain('fault: ')
    await until('the end of the agent', () => agentPids().length === 0)
  })

  test('[R-20] [R-21] a generation runs once, and a second runner of it does not wait', async () => {
    const first = startRunner()
    await ready()
    const second = startRunner()
    expect(await exitOf(second)).toBe(exitCodes.folderTaken)
    runner = first
    session.command({ type: 'close', reason: 'over' })
    expect(await exitOf(first)).toBe(exitCodes.done)
    expect(await exitOf(startRunner())).toBe(exitCodes.generationSpent)
  })

  test('[R-22] SIGHUP does not end a runner, SIGTERM does, with its agent', async () => {
    const child = startRunner()
    await ready()
    child.kill('SIGHUP')
    session.command(prompt(1, 'fast no-permission'))
    await finished(1)
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(exitCodes.done)
    expect(session.of('closing')).toHaveLength(1)
    expect(agentPids()).toEqual([])
  })
})

describe('a runner prepares', () => {
  test('[R-18] a clone on a branch, once: the next generation finds it complete', async () => {
    const repository = gitRepository()
    repository.git('branch', 'topic')
    const child = startRunner()
    session.command(
      prepare({ workspace: { type: 'repository', url: repository.path, branch: 'topic' } }),
    )
    await until('the agent', () => session.of('agent-ready').length > 0, 30_000)
    expect(session.of('agent-ready')).toMatchObject([
      { folder: config.workspaceFolder, branch: 'topic' },
    ])
    expect(
      session
        .of('step')
        .filter((step) => step.status === 'done')
        .map((step) => step.step),
    ).toEqual(['disk', 'workspace', 'clone', 'branch', 'agent-start', 'agent-session'])
    writeFileSync(join(config.workspaceFolder, 'mine.txt'), 'kept')
    session.command({ type: 'close', reason: 'next' })
    await exitOf(child)
    await session.stop()
    session = new SessionStub()
    await session.listen(root)
    config = { ...config, generation: 2 }
    startRunner()
    session.command(
      prepare({ workspace: { type: 'repository', url: repository.path, branch: 'topic' } }),
    )
    await until('the agent', () => session.of('agent-ready').length > 0, 30_000)
    expect(readdirSync(config.workspaceFolder)).toContain('mine.txt')
  })

  test('[R-17] a folder that is not there is said so, in words', async () => {
    startRunner()
    session.command(prepare({ workspace: { type: 'folder', path: join(root, 'nowhere') } }))
    await until('the failure', () => session.of('prepare-failed').length > 0)
    expect(session.of('prepare-failed')).toMatchObject([
      {
        step: 'workspace',
        code: 'workspace-failed',
        message: expect.stringContaining('There is no folder'),
      },
    ])
  })

  test('[R-24] a branch that is not there fails with what git said', async () => {
    const repository = gitRepository()
    startRunner()
    session.command(
      prepare({ workspace: { type: 'repository', url: repository.path, branch: 'nope' } }),
    )
    await until('the failure', () => session.of('prepare-failed').length > 0)
    expect(session.of('prepare-failed')).toMatchObject([
      { step: 'clone', code: 'clone-failed', message: expect.stringContaining('nope') },
    ])
  })

  test('[R-24] an agent that is not there, and one that is no agent, are told apart', async () => {
    startRunner()
    session.command(prepare({ agent: { command: '/nowhere/agent', args: [] } }))
    await until('the failure', () => session.of('prepare-failed').length > 0)
    session.command(prepare({ agent: { command: '/bin/sh', args: ['-c', 'echo no >&2; exit 4'] } }))
    await until('the failure', () => session.of('prepare-failed').length > 1)
    expect(session.of('prepare-failed')).toMatchObject([
      { code: 'agent-not-found' },
      {
        code: 'agent-start-failed',
        message: expect.stringContaining('(exit code 4)'),
        stderr: ['no'],
      },
    ])
  })
})

test('[R-2] [R-5] a real agent: streams, is killed in mid-turn, comes back with its conversation, and is stopped', async () => {
  const model = await startFakeModel()
  try {
    const codex = codexAgent({ modelUrl: model.url, home: join(root, 'home') })
    startRunner(codex.env)
    session.command(prepare({ agent: { command: codex.command, args: [...codex.args] } }))
    await until('the agent', () => session.of('agent-ready').length > 0, 30_000)
    session.command(prompt(1, '[[slow 5 5]]'))
    expect(await finished(1)).toMatchObject([{ stopReason: 'end_turn' }])
    expect(session.text(1)).toContain('tok1 tok2 tok3 tok4 tok5')
    session.command(prompt(2, '[[slow 500 20]]'))
    await until('text', () => session.text(2).includes('tok5 '))
    const pid = agentPids().find((one) =>
      readFileSync(`/proc/${one}/comm`, 'utf8').startsWith('codex'),
    )
    process.kill(pid ?? 0, 'SIGKILL')
    expect((await finished(2))[0]?.error?.code).toBe('agent-exited')
    session.command(prompt(3, '[[reset]] [[say still here]]'))
    expect(await finished(3)).toMatchObject([{ stopReason: 'end_turn' }])
    expect(session.text(3)).toContain('still here')
    expect(session.of('agent-ready').at(-1)?.restored).toBe('resumed')
    session.command(prompt(4, '[[reset]] [[slow 500 20]]'))
    await until('text', () => session.text(4).includes('tok5 '))
    session.command({ type: 'interrupt', turn: 4 })
    expect(await finished(4)).toMatchObject([{ stopReason: 'cancelled' }])
  } finally {
    await model.stop()
  }
})
