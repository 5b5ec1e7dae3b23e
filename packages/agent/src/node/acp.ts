/**
 * Talking to one ACP agent process, as its client, with the official SDK.
 *
 * Owns: requests, restoring a conversation, questions, and the order of what the agent says. `process.ts` owns the
 * process; the runner decides what is asked.
 *
 * Invariants:
 * - A-12 `initialize` is sent at once: an agent is silent until it is spoken to.
 * - A-13 Nothing is called that the agent did not advertise.
 * - A-14 Every request settles: by its answer, by its limit, or by the end of the process.
 * - A-15 Updates are told in the order they came, all of those before an answer before it.
 * - A-16 What was replayed by a load is not told again.
 * - A-17 A line that is not JSON is dropped, counted and noted; the conversation goes on.
 * - R-150 What a listener throws is never taken for something the agent did: nobody catches it here.
 */
import type { Readable } from 'node:stream'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import {
  type AnyMessage,
  client,
  type ClientConnection,
  methods,
  RequestError,
} from '@agentclientprotocol/sdk'
import { type Chosen, limits, parseJsonCut, type PromptAttachment } from '@belay/protocol'
import { z } from 'zod'
import { type Ask, askOfElicitation, askOfPermission, elicitationAnswer } from '../ask.ts'
import { type AgentExit, exitSentence } from '../exit.ts'
import { HeardTurn } from '../heard-turn.ts'
import { protocolVersion, readIntroduction } from '../introduction.ts'
import { type AgentSigns, signsOf } from '../quirks.ts'
import type { SignInMethod } from '../sign-in.ts'
import type { AgentUpdate } from '../translate.ts'
import type {
  AgentAdapter,
  AgentConnection,
  AgentEvents,
  AgentFailure,
  Answer,
  ConnectOptions,
  Initialized,
  Opened,
  PromptAnswer,
} from './adapter.ts'
import { AcpOffer } from './acp-offer.ts'
import { contentBlocks } from './content.ts'
import { Lines } from './lines.ts'
import { loudly } from './loudly.ts'
import { failed, notSignedIn, refusalOf } from './refusal.ts'
import { type AgentProcess, spawnAgent } from './process.ts'
import type { ResolvedMcpServer } from './secret.ts'

const newSessionMsMax = 60_000
/** A person goes through a browser meanwhile; shorter than opening a conversation may take in all. */
const signInMsMax = 240_000
const resumeMsMax = 15_000
/** Without a sign of life; each replayed update is one. */
const loadMsMax = 60_000
/** Some agents replay after they have answered the load. */
const lateReplayMs = 300
/** A turn without a word is not over before this long after its answer. */
const lateWordsMs = 300
/** One that never pauses is no replay. */
const lateReplayMsMax = 10_000
/** What a process wrote before its end is still read for this long; others may hold its pipe for ever. */
const drainMsMax = 500
/** One message of an agent: a file of some megabytes in a diff is real, more is a fault. */
const lineBytesMax = 64 * 1024 * 1024

/** Agents that speak ACP on their stdin and stdout. */
export const acp: AgentAdapter = {
  protocol: 'acp',
  connect: (options) => new AcpConnection(options),
}

const newSessionSchema = z.looseObject({
  sessionId: z.string().max(limits.agentSessionCharsMax),
})
const stopReasonSchema = z.looseObject({ stopReason: z.string() })
const updateSchema = z.looseObject({
  sessionId: z.string(),
  update: z.looseObject({ sessionUpdate: z.string() }),
})

class AcpConnection implements AgentConnection {
  readonly process: AgentProcess
  readonly exited: Promise<AgentExit>
  readonly initialized: Promise<Answer<Initialized>>

  readonly #on: AgentEvents
  readonly #signInBy: string | undefined
  readonly #cwd: string
  readonly #mcpServers: readonly ResolvedMcpServer[]
  readonly #sdk: ClientConnection
  readonly #offer: AcpOffer
  /** Both are known from the answer to `initialize` on. */
  #signIn: readonly SignInMethod[] = []
  #signs: AgentSigns = {}
  #turn = new HeardTurn({})
  readonly #pending = new Map<number, (optionId: string | undefined) => void>()
  #asked = 0
  #junk = 0
  #agentSession: string | undefined
  #replaying = false
  #heardAt = 0
  #gate: PromiseWithResolvers<void> | undefined
  #ended = false

  constructor(options: ConnectOptions) {
    this.#on = options.on
    this.#signInBy = options.signIn
    this.#cwd = options.cwd
    this.#mcpServers = options.mcpServers ?? []
    this.#offer = new AcpOffer(options.on, (method, params, msMax) =>
      this.#request(method, { sessionId: this.#agentSession, ...params }, () => msMax),
    )
    this.process = spawnAgent({
      ...options,
      onStderr: (line) => options.on.note(`stderr: ${line}`),
    })
    const incoming = new TransformStream<AnyMessage, AnyMessage>()
    this.#sdk = this.#client(options.version).connect({
      readable: incoming.readable,
      writable: this.#outgoing(),
    })
    const read = this.#read(incoming.writable.getWriter())
    this.exited = this.process.exited.then(async (exit) => {
      // What is left in the pipe is bounded, so it may pass a closed gate.
      this.#ended = true
      this.resume()
      await Promise.race([read, sleep(drainMsMax)])
      this.#tell(this.#turn.left())
      this.process.stdout.destroy()
      this.#sdk.close()
      return exit
    })
    this.initialized = this.#initialize(options)
    void this.#endWhenClosed()
  }

  pause(): void {
    if (!this.#ended) this.#gate ??= Promise.withResolvers<void>()
  }

  resume(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  async open(previous: string | undefined, chosen: Chosen = {}): Promise<Answer<Opened>> {
    const initialized = await this.initialized
    if ('failure' in initialized) return initialized
    const refused = await this.#authenticate()
    if (refused !== undefined) return refused
    if (previous !== undefined) {
      const restored = await this.#restore(previous, initialized.ok)
      if (restored !== undefined) return this.#opened(restored, chosen)
    }
    const params = this.#conversation(initialized.ok)
    const answer = await this.#request(methods.agent.session.new, params, () => newSessionMsMax)
    if ('failure' in answer) return answer
    const parsed = newSessionSchema.safeParse(answer.ok)
    if (!parsed.success)
      return failed(
        'agent-error',
        `The agent answered session/new without a session id of at most ${limits.agentSessionCharsMax} characters.`,
      )
    this.#agentSession = parsed.data.sessionId
    const restored = previous === undefined ? 'new' : 'lost'
    const opened = { agentSession: this.#agentSession, restored } as const
    return this.#opened({ ok: { opened, answer: answer.ok } }, chosen)
  }

  /** Signs in by the way that a person chose. @returns why that came to nothing, if it did */
  async #authenticate(): Promise<{ readonly failure: AgentFailure } | undefined> {
    const methodId = this.#signInBy
    if (methodId === undefined) return undefined
    const answer = await this.#request(methods.agent.authenticate, { methodId }, () => signInMsMax)
    if ('ok' in answer || answer.failure.code === 'agent-exited')
      return 'ok' in answer ? undefined : answer
    return { failure: notSignedIn(methodId, this.#signIn, answer.failure) }
  }

  async #opened(
    restored: Answer<{ readonly opened: Opened; readonly answer: unknown }>,
    chosen: Chosen,
  ): Promise<Answer<Opened>> {
    if ('failure' in restored) return restored
    await this.#offer.opened(restored.ok.answer, chosen)
    return { ok: restored.ok.opened }
  }

  setMode(modeId: string): Promise<void> {
    return this.#offer.choose('mode', modeId)
  }

  setModel(modelId: string): Promise<void> {
    return this.#offer.choose('model', modelId)
  }

  async prompt(text: string, attachments: readonly PromptAttachment[] = []): Promise<PromptAnswer> {
    const initialized = await this.initialized
    if ('failure' in initialized) return initialized
    const blocks = contentBlocks(text, attachments, initialized.ok.prompt)
    if (typeof blocks === 'string') return failed('agent-error', blocks)
    const params = { sessionId: this.#agentSession, prompt: blocks }
    this.#turn.begin()
    const answer = await this.#request(methods.agent.session.prompt, params, undefined)
    // Some answer the prompt first, and say what they have to say then.
    if ('ok' in answer && !this.#turn.acted) await Promise.race([sleep(lateWordsMs), this.exited])
    const stopReason = stopReasonSchema.safeParse('ok' in answer ? answer.ok : {}).data?.stopReason
    const end = this.#turn.end(stopReason, 'failure' in answer ? answer.failure.message : undefined)
    this.#tell(end.updates)
    if ('failure' in answer) return answer
    this.#offer.hearPrompt(answer.ok)
    if (end.failure !== undefined) return failed('agent-error', end.failure)
    if (end.empty)
      return { failure: { code: 'no-words', message: 'It said nothing and did nothing.' } }
    return end.stopReason === undefined
      ? failed('agent-error', 'The agent ended the turn without a stop reason.')
      : { ok: end.stopReason }
  }

  cancel(): void {
    this.#turn.cancel()
    this.#sdk.agent
      .notify(methods.agent.session.cancel, { sessionId: this.#agentSession ?? '' })
      .catch(() => {})
  }

  answer(id: number, optionId: string | undefined): void {
    this.#pending.get(id)?.(optionId)
  }

  async end(): Promise<AgentExit> {
    await this.process.end()
    return this.exited
  }

  async #initialize({ version, startMs }: ConnectOptions): Promise<Answer<Initialized>> {
    const params = {
      protocolVersion,
      clientCapabilities: {
        fs: { readTextFile: false, writeTextFile: false },
        terminal: false,
        elicitation: { form: {} },
      },
      clientInfo: { name: 'belay', title: 'Belay', version },
    }
    const answer = await this.#request(methods.agent.initialize, params, () => startMs)
    if ('failure' in answer) return answer
    const read = readIntroduction(answer.ok)
    if ('refusal' in read) return failed('version', read.refusal)
    const { name, ...said } = read
    for (const what of said.odd) this.#on.note(`initialize: ${what}`)
    this.#signIn = said.signIn
    this.#signs = signsOf(name)
    this.#turn = new HeardTurn(this.#signs)
    return { ok: said }
  }

  /** What a conversation is opened with, whether new or restored. */
  #conversation(can: Initialized) {
    const { sessionMeta } = this.#signs
    return {
      cwd: this.#cwd,
      mcpServers: this.#servers(can),
      ...(sessionMeta === undefined ? {} : { _meta: sessionMeta }),
    }
  }

  /** Those on stdio every agent takes; one over HTTP only an agent that says so. */
  #servers({ mcpHttp }: Initialized): readonly ResolvedMcpServer[] {
    if (mcpHttp) return this.#mcpServers
    const left = this.#mcpServers.filter((server) => 'command' in server)
    if (left.length < this.#mcpServers.length)
      this.#on.note('the agent takes no MCP servers over HTTP: they are left out')
    return left
  }

  /** @returns `undefined` when a new conversation must be begun instead */
  async #restore(
    previous: string,
    can: Initialized,
  ): Promise<Answer<{ readonly opened: Opened; readonly answer: unknown }> | undefined> {
    const { resume, load } = methods.agent.session
    const tries = [
      ...(can.resume
        ? [{ method: resume, restored: 'resumed', limit: () => resumeMsMax } as const]
        : []),
      // Each replayed update is a sign of life and moves the limit on.
      ...(can.load
        ? [
            {
              method: load,
              restored: 'loaded',
              limit: (from: number) => Math.max(0, this.#heardAt - from) + loadMsMax,
            } as const,
          ]
        : []),
    ]
    this.#agentSession = previous
    this.#replaying = true
    try {
      for (const { method, restored, limit } of tries) {
        const answer = await this.#request(
          method,
          { sessionId: previous, ...this.#conversation(can) },
          limit,
        )
        if ('ok' in answer) {
          if (restored === 'loaded') await this.#endOfReplay()
          return { ok: { opened: { agentSession: previous, restored }, answer: answer.ok } }
        }
        this.#on.note(`${method} failed: ${answer.failure.message}`)
        if (answer.failure.code === 'agent-exited' || answer.failure.code === 'sign-in-needed')
          return answer
      }
    } finally {
      this.#replaying = false
    }
    this.#agentSession = undefined
    return undefined
  }

  /** What is still said after the answer is of the replay, until it stops for a moment. */
  async #endOfReplay(): Promise<void> {
    const until = performance.now() + lateReplayMsMax
    this.#heardAt = performance.now()
    for (let left = lateReplayMs; left > 0 && !this.#ended;) {
      await Promise.race([sleep(left), this.exited])
      const now = performance.now()
      left = Math.min(this.#heardAt + lateReplayMs, until) - now
    }
  }

  /** @param limit milliseconds since `from`, asked again whenever it has passed; `undefined`: only the exit ends the wait */
  async #request(
    method: string,
    params: unknown,
    limit: ((from: number) => number) | undefined,
  ): Promise<Answer<unknown>> {
    const done = new AbortController()
    const answered = this.#sdk.agent.request(method, params).then(
      (ok): Answer<unknown> => ({ ok }),
      (error: unknown) =>
        error instanceof RequestError ? refusalOf(error, this.#signIn) : undefined,
    )
    const gone = this.exited.then((exit) => failed('agent-exited', exitSentence(exit)))
    // An answer of `undefined` is the SDK's word for a closed connection: the exit says why.
    const settled = answered.then((answer) => answer ?? gone)
    const late = limit === undefined ? [] : [this.#overdue(method, limit, done.signal)]
    try {
      return await Promise.race([settled, gone, ...late])
    } finally {
      done.abort()
    }
  }

  async #overdue(
    method: string,
    limit: (from: number) => number,
    signal: AbortSignal,
  ): Promise<Answer<never>> {
    const from = performance.now()
    for (let left = limit(from); left > 0; left = limit(from) - (performance.now() - from)) {
      // Aborted: somebody else won the race, and nobody waits for this any more.
      await sleep(left, undefined, { signal }).catch(() => {})
      if (signal.aborted) break
    }
    const seconds = Math.round((performance.now() - from) / 1000)
    return failed('timeout', `The agent did not answer ${method} within ${seconds} s.`)
  }

  #client(version: string) {
    const raw = { parse: (params: unknown) => params }
    return client({ name: `belay ${version}` })
      .onRequest(methods.client.session.requestPermission, raw, async ({ params, signal }) => {
        const ask = askOfPermission(params)
        if ('unreadable' in ask) this.#on.askUnreadable(ask.unreadable)
        const optionId = 'unreadable' in ask ? undefined : await this.#ask(ask, signal)
        return {
          outcome:
            optionId === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId },
        }
      })
      .onRequest(methods.client.elicitation.create, raw, async ({ params, signal }) => {
        const choice = askOfElicitation(params)
        return choice === undefined
          ? { action: 'decline' }
          : elicitationAnswer(choice, await this.#ask(choice.ask, signal))
      })
      .onNotification('*', () => {})
  }

  #ask(ask: Ask, signal: AbortSignal): Promise<string | undefined> {
    const id = ++this.#asked
    this.#turn.act()
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const settle = (optionId: string | undefined) => {
      if (this.#pending.delete(id)) resolve(optionId)
    }
    this.#pending.set(id, settle)
    signal.addEventListener('abort', () => {
      if (!this.#pending.has(id)) return
      settle(undefined)
      // One that ended took nothing back: its exit says what became of the question.
      const isGoing = this.#ended || this.#sdk.signal.aborted
      if (!isGoing) loudly(() => this.#on.permissionGone(id))
    })
    loudly(() => this.#on.permission(id, ask))
    return promise
  }

  #outgoing(): WritableStream<AnyMessage> {
    return new WritableStream({
      write: (message) =>
        new Promise<void>((resolve) => {
          // A broken pipe is no failure of its own: the exit tells it, once.
          this.process.stdin.write(`${JSON.stringify(message)}\n`, () => resolve())
        }),
    })
  }

  /**
   * Reads the agent's messages. Updates go straight to their listener; the SDK gets the rest one at a time, because it
   * answers in its own time, and an update that came after an answer must not overtake it.
   */
  async #read(toSdk: WritableStreamDefaultWriter<AnyMessage>): Promise<void> {
    const lines = new Lines(lineBytesMax)
    let open = true
    const close = () => {
      open = false
    }
    for await (const data of untilBroken(this.process.stdout)) {
      for (const line of lines.push(data)) {
        if (this.#gate !== undefined) await this.#gate.promise
        const message = this.#parse(line)
        if (message === undefined || this.#isUpdate(message)) continue
        // Closed by the SDK: the process has ended, or is ended for it.
        await toSdk.write(message).catch(close)
        if (!open) return
        await setImmediate()
      }
    }
    await toSdk.close().catch(close)
  }

  /** An agent that closed its mouth, or broke the protocol, and yet lives can do nothing for us any more. */
  async #endWhenClosed(): Promise<void> {
    await this.#sdk.closed
    await sleep(drainMsMax, undefined, { ref: false })
    if (!this.#ended) await this.process.end()
  }

  #parse(line: string | undefined): AnyMessage | undefined {
    if (line === undefined) return this.#drop('a line too long')
    if (line.trim() === '') return undefined
    try {
      const message = parseJsonCut(line)
      return isMessage(message) ? message : this.#drop(line)
    } catch {
      return this.#drop(line)
    }
  }

  #drop(line: string): undefined {
    this.#junk += 1
    this.#on.note(`stdout, not ACP (${this.#junk}): ${line.slice(0, 500)}`)
  }

  #isUpdate(message: AnyMessage): boolean {
    if (!('method' in message)) return false
    const { method, params } = message
    const isOwn = method !== methods.client.session.update
    const said = isOwn ? this.#signs.notice?.(method, params) : params
    if (isOwn && said === undefined) return false
    const parsed = updateSchema.safeParse(said)
    if (!parsed.success) {
      this.#drop(JSON.stringify(message))
      return true
    }
    const { sessionId, update } = parsed.data
    this.#heardAt = performance.now()
    const ours = this.#agentSession === undefined || sessionId === this.#agentSession
    // What is offered is no history: it counts in a replay too.
    if (ours && !this.#offer.hear(update) && !this.#replaying) this.#tell(this.#turn.hear(update))
    return true
  }

  #tell(updates: readonly AgentUpdate[]): void {
    for (const update of updates) this.#on.update(update)
  }
}

/** What a stream gives until it ends, or is destroyed while others hold the pipe. Only the reading is caught. */
async function* untilBroken(stream: Readable): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const next = await chunks.next().catch(() => undefined)
    if (next === undefined || next.done === true) return
    yield next.value
  }
}

function isMessage(value: unknown): value is AnyMessage {
  return (
    typeof value === 'object' && value !== null && 'jsonrpc' in value && value.jsonrpc === '2.0'
  )
}
