/** The keeper with real children that behave badly. */
import { randomInt } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rudeAgent, waitFor } from '@belay/testing/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ConnectionPolicy } from '../connection/policy.ts'
import type { ConnectionSnapshot } from '../connection/snapshot.ts'
import type { AgentExit } from '../exit.ts'
import { acp } from './acp.ts'
import { type Fence, probeFence, processTree } from './fence.ts'
import { Keeper, type Lease, type NotReady } from './keeper.ts'
import { killQuietly, marked } from './processes.ts'

// Real processes share the machine with everything else.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let marker: string
let made: Keep[] = []
let count = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-keeper-'))
  marker = `keeper-test.${process.pid}.${++count}`
})
afterEach(async () => {
  await Promise.all(made.map(({ keeper }) => keeper.dispose()))
  made = []
  const left = marked(marker)
  if (left.length > 0) throw new Error(`left behind: ${left.join(' ')}`)
  rmSync(folder, { recursive: true, force: true })
})

/** A keeper and all that was heard of it. */
interface Keep {
  readonly keeper: Keeper
  readonly shown: ConnectionSnapshot[]
  readonly exits: AgentExit[]
  readonly text: string[]
  readonly notes: string[]
  /** What carried the marker each time a process was about to be launched. */
  readonly beside: number[]
}

interface Manners {
  readonly script?: string
  readonly command?: string
  readonly args?: readonly string[]
  readonly policy?: Partial<ConnectionPolicy>
  readonly fence?: Fence
}

function keep({ script, command, args, policy, fence }: Manners = {}): Keep {
  const agent = rudeAgent(folder, script)
  const heard: Omit<Keep, 'keeper'> = { shown: [], exits: [], text: [], notes: [], beside: [] }
  const keeper = new Keeper({
    plan: () => {
      heard.beside.push(marked(marker).length)
      return {
        adapter: acp,
        command: command ?? agent.command,
        args: args ?? agent.args,
        cwd: folder,
        env: process.env,
        marker,
        version: '0',
      }
    },
    previous: undefined,
    policy: { backoffMs: [20], ...policy },
    ...(fence === undefined ? {} : { fence: async () => fence }),
    on: {
      agent: () => ({
        update: (update) => heard.text.push(JSON.stringify(update)),
        permission: () => {},
        permissionGone: () => {},
        note: (line) => heard.notes.push(line),
        offer: () => {},
        choiceRefused: () => {},
        askUnreadable: () => {},
      }),
      step: () => {},
      ready: () => {},
      gone: (_, exit) => heard.exits.push(exit),
      changed: (snapshot) => heard.shown.push(snapshot),
    },
  })
  const self = { keeper, ...heard }
  made.push(self)
  return self
}

async function ready({ keeper }: Keep): Promise<Lease> {
  keeper.start()
  return leaseOf(await keeper.whenReady())
}

function leaseOf(end: Lease | NotReady): Lease {
  if ('notReady' in end) throw new Error(`not ready: ${JSON.stringify(end)}`)
  return end
}

async function comes(one: Keep, state: ConnectionSnapshot['state'], generation = 1) {
  return waitFor(
    () => {
      const { snapshot } = one.keeper
      return snapshot.state === state && snapshot.generation >= generation && snapshot
    },
    `${state} of ${generation}, not ${JSON.stringify(one.keeper.snapshot)}`,
    20_000,
  )
}

describe('a process', () => {
  test('[M-10] that is silent until it is spoken to becomes ready, and its lease ends with it', async () => {
    const one = keep({
      script: `main(); setTimeout(() => {}, 1e6); process.stdin.once('data', () => {})`,
    })
    const lease = await ready(one)
    expect(lease.signal.aborted).toBe(false)
    expect(await lease.connection.prompt('one')).toEqual({ ok: 'end_turn' })
    const pid = lease.connection.process.pid ?? 0
    killQuietly(-pid)
    const gone = waitFor(() => lease.signal.aborted, 'the lease to end', 5000)
    await gone
    expect(one.keeper.lease?.generation).not.toBe(1)
    await comes(one, 'ready', 2)
    expect(leaseOf(await one.keeper.whenReady()).opened).toMatchObject({ restored: 'loaded' })
    expect(one.exits).toHaveLength(1)
    expect(one.shown.map(({ state }) => state)).toEqual([
      'starting',
      'ready',
      'backoff',
      'starting',
      'ready',
    ])
  })

  test('[M-12] behind a wrapper that relaunches itself is ready, and ends with all of it', async () => {
    const one = keep({
      script: `if (process.argv[2]) main()
        else spawn(process.execPath, [__filename, 'again'], { stdio: 'inherit' }).on('exit', (code) => process.exit(code))`,
    })
    const lease = await ready(one)
    expect(marked(marker).length).toBeGreaterThan(1)
    expect(await lease.connection.prompt('one')).toEqual({ ok: 'end_turn' })
    await one.keeper.dispose()
    expect(marked(marker)).toEqual([])
  })

  test('[M-2] that ignores the end of its input and SIGTERM is gone before another is there', async () => {
    const script = `main(); process.exit = () => {}; process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`
    const one = keep({ script })
    await ready(one)
    one.keeper.retry()
    await comes(one, 'ready', 2)
    one.keeper.retry()
    await comes(one, 'ready', 3)
    expect(one.beside).toEqual([0, 0, 0])
    await one.keeper.dispose()
    expect(marked(marker)).toEqual([])
  })

  test('[M-5] whose child holds its output after its exit is one loss, told at once', async () => {
    const one = keep({
      fence: processTree,
      script: `methods['session/prompt'] = () => {
          spawn('setsid', ['sleep', '60'], { stdio: ['ignore', 'inherit', 'inherit'] })
          setTimeout(() => process.exit(7), 50)
          return later(1e6)
        }
        main()`,
    })
    const lease = await ready(one)
    const answer = await lease.connection.prompt('one')
    expect(answer).toMatchObject({ failure: { code: 'agent-exited' } })
    await comes(one, 'ready', 2)
    expect(one.exits).toMatchObject([{ code: 7 }])
  })

  test('[M-6] that never answers is ended by its deadline and started again', async () => {
    const one = keep({ script: 'setInterval(() => {}, 1000)', policy: { startMs: 400 } })
    one.keeper.start()
    const backoff = await comes(one, 'starting', 2)
    expect(backoff.cause).toMatchObject({ code: 'timeout' })
    expect(one.beside).toEqual([0, 0])
  })
})

describe('a program', () => {
  const fails = async (manners: Manners) => {
    const one = keep(manners)
    one.keeper.start()
    const end = await comes(one, 'failed')
    return { ...end.cause, launches: one.beside.length }
  }

  test('[M-20] that is not there, may not run, or is for another machine is told at once, without a process', async () => {
    const file = join(folder, 'program')
    writeFileSync(file, Buffer.from('7f454c4602010100000000000000000002000800', 'hex'))
    expect(await fails({ command: '/nowhere/agent' })).toMatchObject({
      code: 'missing',
      launches: 1,
    })
    expect(await fails({ command: 'no-such-agent' })).toMatchObject({
      code: 'missing',
      launches: 1,
    })
    expect(await fails({ command: file })).toMatchObject({ code: 'not-executable', launches: 1 })
    chmodSync(file, 0o755)
    // 8 is MIPS, which Node does not run on; 183 and 62 are what it runs on.
    const other = process.arch === 'x64' ? 'b700' : '3e00'
    writeFileSync(file, Buffer.from(`7f454c460201010000000000000000000200${other}`, 'hex'))
    expect(await fails({ command: file })).toMatchObject({ code: 'wrong-platform', launches: 1 })
  })

  test('[M-6] that ends at once is told by its end: without an error, twice the same, by a signal', async () => {
    expect(await fails({ script: 'process.exit(0)' })).toMatchObject({
      code: 'exited-at-once',
      launches: 1,
    })
    expect(await fails({ script: `console.error('no'); process.exit(4)` })).toMatchObject({
      code: 'crash',
      exit: { code: 4 },
      detail: 'no',
      launches: 2,
    })
    expect(await fails({ script: `process.kill(process.pid, 'SIGSEGV')` })).toMatchObject({
      code: 'signal',
      exit: { signal: 'SIGSEGV' },
      launches: 2,
    })
  })
})

test.each([
  ['the best fence', probeFence],
  ['process-tree', async () => processTree],
] as const)(
  '[M-6] a process whose heap is full in mid-turn is told as out of memory behind %s, and comes back',
  async (_, fenceOf) => {
    const one = keep({
      fence: await fenceOf(),
      script: `const kept = []
        methods['session/prompt'] = () => { for (;;) kept.push(new Array(1e4).fill({})) }
        main()`,
      args: ['--max-old-space-size=40', join(folder, 'rude-agent.cjs')],
    })
    const lease = await ready(one)
    const answer = await lease.connection.prompt('one')
    expect(answer).toMatchObject({ failure: { code: 'agent-exited' } })
    await comes(one, 'ready', 2)
    const lost = one.shown.find(({ state }) => state === 'backoff')?.cause
    expect(lost).toMatchObject({ code: 'out-of-memory' })
    expect(lost?.title).toMatch(/^The agent ran out of memory \((SIGABRT|SIGTRAP|exit \d+)\)\.$/)
    expect(lost?.detail).toContain('heap out of memory')
    // The turn that was cut says the same.
    expect(one.exits[0]?.verdict).toBe(lost?.title)
    console.log(`${lost?.title} ${one.exits[0]?.stderr.length} lines of its last words`)
  },
)

test('[M-11] a storm on stderr, a line of 10 MB, half a character and noise on stdout break nothing', async () => {
  const one = keep({
    script: `methods['session/prompt'] = async () => {
        for (let n = 0; n < 20000; n++) process.stderr.write('stormy weather ' + n + '\\n')
        process.stdout.write('noise, not JSON\\n{"jsonrpc":"2.0",\\n')
        say('x'.repeat(10 * 1024 * 1024))
        const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params: { sessionId: 's1', update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: '€uro' } } } }) + '\\n')
        const cut = bytes.indexOf(0x82)
        process.stdout.write(bytes.subarray(0, cut)); await later(50); process.stdout.write(bytes.subarray(cut))
        return { stopReason: 'end_turn' }
      }
      main()`,
  })
  const lease = await ready(one)
  expect(await lease.connection.prompt('one')).toEqual({ ok: 'end_turn' })
  expect(one.text.map(({ length }) => length > 10 * 1024 * 1024)).toEqual([true, false])
  expect(one.text[1]).toContain('€uro')
  expect(one.keeper.snapshot).toMatchObject({ state: 'ready', generation: 1 })
})

describe.each([['the best fence'], ['process-tree']])('behind %s', (name) => {
  const fence = async () => (name === 'process-tree' ? processTree : probeFence())
  /** What real agents were seen to do: a tool in a session of its own; a child that goes on with the answer. */
  const habits = {
    opencode: `spawn('setsid', ['sh', '-c', 'touch began; sleep 3; touch acted'], { stdio: 'pipe', detached: true })`,
    claude: `spawn(process.execPath, ['-e', "const fs=require('fs');fs.writeFileSync('began','');setInterval(()=>fs.appendFileSync('acted','tok '),300)"], { stdio: ['pipe','ignore','ignore'], detached: true })`,
    kilo: `spawn('sh', ['-c', 'setsid sh -c "touch began; sleep 3; echo late > acted" &'], { stdio: 'pipe', detached: true })`,
  }
  test.each(Object.entries(habits))(
    '[M-12] nothing that %s left is written after the end',
    async (_, habit) => {
      const one = keep({
        fence: await fence(),
        script: `methods['session/prompt'] = () => { ${habit}; return later(1e6) }; main()`,
      })
      const lease = await ready(one)
      const answer = lease.connection.prompt('one')
      await waitFor(() => existsSync(join(folder, 'began')), 'the tool to begin', 10_000)
      await one.keeper.dispose()
      expect(await answer).toMatchObject({ failure: { code: 'agent-exited' } })
      const size = () =>
        existsSync(join(folder, 'acted')) ? readFileSync(join(folder, 'acted')).length : 0
      const before = size()
      await sleep(3500)
      expect(size()).toBe(before)
    },
  )
})

describe('an intent', () => {
  test('[M-4] a Retry supersedes a start that hangs, and who waited for that one hears it', async () => {
    const one = keep({
      script: `if (fs.existsSync('second')) main(); else { fs.writeFileSync('second', ''); setInterval(() => {}, 1000) }`,
    })
    one.keeper.start()
    const first = one.keeper.whenReady()
    await waitFor(() => existsSync(join(folder, 'second')), 'the first process', 10_000)
    one.keeper.retry()
    expect(await first).toMatchObject({ notReady: 'superseded' })
    expect(leaseOf(await one.keeper.whenReady()).generation).toBe(2)
  })

  test('[M-12] dispose at any moment of a start leaves no child', async () => {
    for (const ms of [0, 1, 5, 20, 60, 120]) {
      const one = keep()
      one.keeper.start()
      await sleep(ms)
      await one.keeper.dispose()
      expect(marked(marker)).toEqual([])
      expect(one.keeper.snapshot.state).toBe('disposed')
      expect(await one.keeper.whenReady()).toMatchObject({ notReady: 'disposed' })
    }
  })

  test('[M-3] a stop in a back-off is for good; a start brings the agent back', async () => {
    const one = keep({ policy: { backoffMs: [300] } })
    const lease = await ready(one)
    lease.connection.process.kill()
    await comes(one, 'backoff')
    one.keeper.stop()
    await sleep(600)
    expect(one.keeper.snapshot).toMatchObject({ state: 'idle', generation: 1 })
    expect((await ready(one)).generation).toBe(2)
  })
})

test('[M-14] 200 kills at random moments: no prompt lost or doubled, no orphan, one child at a time', async () => {
  const kills = 200
  const one = keep({
    policy: { backoffMs: [5], lossesMax: 1e6, longLossesMax: 1e6, startDeathsMax: 1e6 },
    script: `methods.initialize = () => ({ protocolVersion: 1, agentCapabilities: { sessionCapabilities: { resume: {} } } })
      methods['session/resume'] = () => ({})
      const first = methods['session/prompt']
      methods['session/prompt'] = async (params) => { const end = await first(params); await later(20); return end }
      main()`,
  })
  let killed = 0
  let sent = 0
  const outcomes = new Map<string, string>()
  const settleMs: number[] = []
  const over = new AbortController()
  const prompting = async () => {
    while (!over.signal.aborted) {
      const lease = await one.keeper.whenReady()
      if ('notReady' in lease) return
      const id = `p${++sent}`
      const answer = await lease.connection.prompt(id)
      outcomes.set(id, 'ok' in answer ? 'ok' : answer.failure.code)
      const exitedAt = lastExit
      if ('failure' in answer && exitedAt !== undefined) settleMs.push(performance.now() - exitedAt)
      await sleep(1)
    }
  }
  let lastExit: number | undefined
  one.keeper.start()
  const work = prompting()
  const heardSoFar = () =>
    existsSync(join(folder, 'heard'))
      ? readFileSync(join(folder, 'heard'), 'utf8').split('\n').length - 1
      : 0
  // A busy machine spends most of them on starts: more follow, once it is ready, until some cut a prompt and some did not.
  const isEnough = () =>
    heardSoFar() > 20 && [...outcomes.values()].filter((end) => end !== 'ok').length > 5
  while (killed < kills || (!isEnough() && killed < 5 * kills)) {
    if (killed >= kills) await comes(one, 'ready')
    await sleep(randomInt(0, 220))
    const child = one.keeper.connection?.process
    if (child?.pid === undefined) continue
    expect(one.beside.every((others) => others === 0)).toBe(true)
    lastExit = performance.now()
    killQuietly(-child.pid)
    killed += 1
    await waitFor(() => one.keeper.connection?.process !== child, 'the end of the child', 10_000)
  }
  over.abort()
  await comes(one, 'ready')
  await work
  await one.keeper.dispose()
  const heard = existsSync(join(folder, 'heard'))
    ? readFileSync(join(folder, 'heard'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
  expect(new Set(heard).size).toBe(heard.length)
  expect(outcomes.size).toBe(sent)
  const done = [...outcomes].flatMap(([id, outcome]) => (outcome === 'ok' ? [id] : []))
  expect(done.filter((id) => !heard.includes(id))).toEqual([])
  expect(one.beside.length).toBeGreaterThan(100)
  expect(one.beside.filter((others) => others > 0)).toEqual([])
  const cut = [...outcomes.values()].filter((outcome) => outcome === 'agent-exited').length
  // Not vacuous: some prompts were cut, some were done.
  expect(cut).toBeGreaterThan(5)
  expect(heard.length).toBeGreaterThan(20)
  settleMs.sort((a, b) => a - b)
  const p95 = settleMs[Math.floor(settleMs.length * 0.95)] ?? 0
  console.log(
    `${killed} kills, ${sent} prompts, ${cut} cut; kill to settled p95 ${p95.toFixed(1)} ms`,
  )
}, 200_000)
