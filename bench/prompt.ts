/**
 * What Belay adds to a prompt and to its end, beside the bare agent in the same run: a real server, a real runner and a
 * scripted agent that says a first word, waits, says a last one and ends. Bare and through Belay take turns.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { SessionEvent } from '../packages/protocol/src/index.ts'
import { follow } from '../packages/client/src/webapi/index.ts'
import { rudeAgent, waitFor } from '../packages/testing/src/node/index.ts'
import { type RealServer, startReal } from './real.ts'
import { percentile } from './world.ts'

const rounds = 30
/** Between two prompts: nobody types quicker, and what follows a turn is over by then. */
const pauseMs = 400
const aims = [
  { files: 1000, firstMsMax: 15, endMsMax: 10 },
  { files: 10_000, firstMsMax: 40, endMsMax: 10 },
] as const

/** Longer between its words than pieces are joined, so that the last one waits for nothing. */
const script = `methods['session/prompt'] = async () => {
  say('first')
  await later(120)
  say('last')
  return { stopReason: 'end_turn' }
}
main()`

/** Milliseconds from the prompt to the first word, and from the last word to the end. */
interface Spans {
  readonly first: number
  readonly end: number
}

export async function prompt(folder: string): Promise<void> {
  const real = await startReal(join(folder, 'data'))
  try {
    for (const aim of aims) await compare(real, folder, aim)
  } finally {
    await real.end()
  }
}

async function compare(
  real: RealServer,
  folder: string,
  { files, firstMsMax, endMsMax }: (typeof aims)[number],
): Promise<void> {
  const workspace = filledFolder(folder, files)
  const agent = rudeAgent(folder, script)
  const bare = await startBare(agent, workspace)
  const belay = await startSession(real, agent, workspace)
  const spans: { bare: Spans[]; belay: Spans[] } = { bare: [], belay: [] }
  // The first of each is a cold one.
  for (let round = 0; round <= rounds; round += 1) {
    const one = await bare.ask()
    await pause()
    const other = await belay.ask()
    await pause()
    if (round === 0) continue
    spans.bare.push(one)
    spans.belay.push(other)
  }
  if (!belay.isSaved || filesKept(real, belay.id) < files)
    console.log(`${files} files: NOT COMPARABLE, a checkpoint was left out`)
  bare.end()
  belay.close()
  const p50 = (of: readonly Spans[], what: keyof Spans) =>
    percentile(
      of.map((span) => span[what]),
      0.5,
    )
  const added = p50(spans.belay, 'first') - p50(spans.bare, 'first')
  console.log(
    `${files} files: prompt → first word p50 bare ${ms(p50(spans.bare, 'first'))}, Belay ${ms(p50(spans.belay, 'first'))}: added ${ms(added)} (aim ≤ ${firstMsMax} ms)`,
  )
  console.log(
    `${files} files: last word → end p50 bare ${ms(p50(spans.bare, 'end'))}, Belay ${ms(p50(spans.belay, 'end'))} (aim ≤ ${endMsMax} ms), ${rounds} turns each`,
  )
}

function filledFolder(folder: string, files: number): string {
  const path = join(folder, `work-${files}`)
  for (let index = 0; index < files; index += 1) {
    const inside = join(path, `part-${index % 100}`)
    if (index < 100) mkdirSync(inside, { recursive: true })
    writeFileSync(join(inside, `file-${index}.txt`), `file ${index}\n`.repeat(40))
  }
  // Of its own: in a repository around it that ignores it, there would be nothing to keep.
  execFileSync('git', ['init', '--quiet', path])
  return path
}

/** Files in the first checkpoint of a session: without them there is less to wait for. */
function filesKept({ folder }: RealServer, session: string): number {
  const store = join(folder, 'runners', session, 'checkpoints.git')
  const args = ['--git-dir', store, 'ls-tree', '-r', '--name-only', 'refs/checkpoints/1:files']
  return execFileSync('git', args, { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n').length - 1
}

type Program = ReturnType<typeof rudeAgent>

const lineSchema = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  result: z.looseObject({ sessionId: z.string().optional() }).optional(),
  params: z
    .looseObject({
      update: z.looseObject({ content: z.looseObject({ text: z.string() }).optional() }).optional(),
    })
    .optional(),
})
type Line = z.infer<typeof lineSchema>

/** The agent itself, spoken to on its stdio. */
async function startBare(program: Program, cwd: string) {
  const child: ChildProcessWithoutNullStreams = spawn(program.command, [...program.args], { cwd })
  const heard: { line: Line; at: number }[] = []
  createInterface({ input: child.stdout }).on('line', (text) => {
    heard.push({ line: lineSchema.parse(JSON.parse(text)), at: performance.now() })
  })
  let id = 0
  const request = (method: string, params: object) => {
    id += 1
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    const mine = id
    return waitFor(() => heard.find(({ line }) => line.id === mine && line.result), method, 30_000)
  }
  await request('initialize', { protocolVersion: 1, clientCapabilities: {} })
  const { line } = await request('session/new', { cwd, mcpServers: [] })
  const sessionId = line.result?.sessionId
  return {
    async ask(): Promise<Spans> {
      heard.length = 0
      const from = performance.now()
      const content = [{ type: 'text', text: 'go' }]
      const answer = await request('session/prompt', { sessionId, prompt: content })
      const said = (word: string) =>
        heard.find(({ line: one }) => one.params?.update?.content?.text === word)?.at ?? Number.NaN
      return { first: said('first') - from, end: answer.at - said('last') }
    },
    end: () => child.kill('SIGKILL'),
  }
}

/** The same agent through Belay, with a viewer who has caught up. */
async function startSession({ client }: RealServer, program: Program, path: string) {
  const { session } = await client.call('createSession', {
    agent: { command: program.command, args: [...program.args] },
    workspace: { type: 'folder', path },
  })
  let isSaved = true
  const seen: { event: SessionEvent | { readonly type: 'unknown-event' }; at: number }[] = []
  const following = follow(client, session.id, {
    after: 0,
    onFrame(frame) {
      const at = performance.now()
      for (const event of frame.type === 'events' ? frame.events : []) {
        seen.push({ event, at })
        if (event.type === 'warning' && event.code === 'checkpoint-skipped') isSaved = false
      }
    },
  })
  await waitFor(() => seen.some(({ event }) => event.type === 'session-ready'), 'ready', 60_000)
  let turns = 0
  return {
    id: session.id,
    async ask(): Promise<Spans> {
      turns += 1
      seen.length = 0
      const from = performance.now()
      await client.call('prompt', { id: session.id, promptId: `p${turns}`, text: 'go' })
      const ended = await waitFor(
        () => seen.find(({ event }) => event.type === 'turn-ended'),
        'the end',
        60_000,
      )
      const said = (word: string) =>
        seen.find(({ event }) => event.type === 'text' && event.text.includes(word))?.at ??
        Number.NaN
      return { first: said('first') - from, end: ended.at - said('last') }
    },
    /** Whether every turn had its checkpoints: without them there is less to wait for. */
    get isSaved() {
      return isSaved
    },
    close: () => following.close(),
  }
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, pauseMs))
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
