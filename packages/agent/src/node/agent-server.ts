/**
 * Talking to one agent server (opencode, Kilo) over HTTP and server-sent events.
 *
 * Owns: the session, what was chosen in it, and the turn under way. `server-line.ts` owns the process and its stream,
 * `../server/bus.ts` reads what the server says.
 *
 * Invariants:
 * - A-14 Every request settles: by its answer, by its limit, or by the end of the process.
 * - A-47 A prompt is sent under an id of ours; sent again after a lost answer it is still one prompt.
 */
import { type AgentOffer, type Chosen, mergeOffer, type PromptAttachment } from '@belay/protocol'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AgentExit, exitSentence } from '../exit.ts'
import { Bus, type BusFact, type BusUsage } from '../server/bus.ts'
import { messageId } from '../server/message-id.ts'
import { type ServerPolicy, serverPolicy } from '../server/policy.ts'
import { permissionReply, questionReply } from '../server/server-ask.ts'
import { commandsOf, modelsOf, modesOf, type ServerModels } from '../server/server-offer.ts'
import { turnOutcome } from '../server/turn-outcome.ts'
import type {
  AgentAdapter,
  AgentConnection,
  AgentEvents,
  AgentFailure,
  Answer,
  ConnectOptions,
  Initialized,
  Opened,
} from './adapter.ts'
import { type Block, contentBlocks } from './content.ts'
import type { AgentProcess } from './process.ts'
import type { ResolvedMcpServer } from './secret.ts'
import { member, type ServerAnswer, type ServerApi } from './server-api.ts'
import { type Attached, ServerLine } from './server-line.ts'

/** Agents that are a server on loopback. `policy` is for tests of the clock. */
export function agentServer(policy: ServerPolicy = serverPolicy): AgentAdapter {
  return {
    protocol: 'http-sse',
    connect: (options) => new ServerConnection(options, policy),
  }
}

interface Turn {
  readonly messageId: string
  readonly settle: (answer: Answer<string>) => void
  cancelled: boolean
  /** The session came to rest; the last words may still be on their way. */
  resting: boolean
}
interface Pending {
  readonly requestId: string
  readonly kind: 'permission' | 'question'
  readonly labels: readonly string[]
}

/** Tries of a prompt whose answer was lost. */
const promptTries = 3

class ServerConnection implements AgentConnection {
  readonly process: AgentProcess
  readonly exited: Promise<AgentExit>
  readonly initialized: Promise<Answer<Initialized>>

  readonly #on: AgentEvents
  readonly #policy: ServerPolicy
  readonly #line: ServerLine
  readonly #pending = new Map<number, Pending>()
  readonly #mcpServers: readonly ResolvedMcpServer[]
  #api: ServerApi | undefined
  #bus: Bus | undefined
  #session = ''
  #turn: Turn | undefined
  #asked = 0
  #offer: AgentOffer = {}
  #chosen: Chosen = {}
  #contextSizes: ServerModels['contextSizes'] = new Map()
  #blind: ServerModels['blind'] = new Set()

  constructor(connect: ConnectOptions, policy: ServerPolicy) {
    this.#on = connect.on
    this.#mcpServers = connect.mcpServers ?? []
    this.#policy = policy
    this.#line = new ServerLine({
      connect,
      policy,
      onEvent: (event) => this.#tellAll(this.#bus?.take(event) ?? []),
      onGap: (api) => this.#fill(api),
    })
    this.process = this.#line.process
    this.initialized = this.#line.attached.then((attached) => this.#attached(attached))
    this.exited = this.#line.exited.then((exit) => {
      this.#settle({ failure: { code: 'agent-exited', message: exitSentence(exit) } })
      return exit
    })
  }

  pause(): void {
    this.#line.pause()
  }
  resume(): void {
    this.#line.resume()
  }

  async open(previous: string | undefined, chosen: Chosen = {}): Promise<Answer<Opened>> {
    const initialized = await this.initialized
    if ('failure' in initialized) return initialized
    const found = previous === undefined ? undefined : await this.#find(previous)
    if (found !== undefined && 'failure' in found) return found
    const session = found?.ok ?? (await this.#create())
    if (typeof session !== 'string') return session
    this.#session = session
    this.#bus = new Bus(session)
    await this.#lendTools()
    await this.#learn(chosen)
    const restored =
      previous === undefined ? 'new' : session === previous ? 'resumed' : ('lost' as const)
    return { ok: { agentSession: session, restored } }
  }

  async setMode(modeId: string): Promise<void> {
    this.#choose('mode', modeId)
  }
  async setModel(modelId: string): Promise<void> {
    this.#choose('model', modelId)
  }

  prompt(words: string, attachments: readonly PromptAttachment[] = []): Promise<Answer<string>> {
    const image = !this.#blind.has(this.#offer.models?.current ?? '')
    const blocks = contentBlocks(words, attachments, { image, resource: false })
    if (typeof blocks === 'string')
      return Promise.resolve({ failure: { code: 'agent-error', message: blocks } })
    const bus = this.#bus
    if (bus === undefined || this.#line.ended) return this.#line.gone()
    const id = messageId('msg', Date.now(), randomBytes(14))
    const { promise, resolve } = Promise.withResolvers<Answer<string>>()
    const turn: Turn = { messageId: id, settle: resolve, cancelled: false, resting: false }
    this.#turn = turn
    bus.begin(id)
    void this.#send(turn, blocks)
    return promise
  }

  cancel(): void {
    if (this.#turn !== undefined) this.#turn.cancelled = true
    void this.#api?.post(`/session/${this.#session}/abort`, {})
  }

  answer(id: number, optionId: string | undefined): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    // An abort takes its questions with it; a "no" beside it would only be read as an answer.
    if (optionId === undefined && this.#turn?.cancelled === true) return
    const { kind, requestId, labels } = pending
    const { path, body } =
      kind === 'permission'
        ? permissionReply(requestId, optionId)
        : questionReply(requestId, labels, optionId)
    void this.#reply(path, body)
  }

  async end(): Promise<AgentExit> {
    await this.process.end()
    return this.exited
  }

  #attached(attached: Answer<Attached>): Answer<Initialized> {
    if ('failure' in attached) return attached
    const { api, version } = attached.ok
    this.#api = api
    // Its present model may still take none.
    const prompt = { image: true, resource: false }
    const more = { mcpHttp: true, signIn: [], odd: [] }
    return { ok: { title: undefined, version, load: false, resume: true, prompt, ...more } }
  }

  /** What happened while nobody listened. */
  async #fill(api: ServerApi): Promise<string | undefined> {
    const bus = this.#bus
    if (bus === undefined) return undefined
    const [messages, permissions, questions, statuses] = await Promise.all([
      api.get(`/session/${encodeURIComponent(this.#session)}/message`),
      api.get('/permission'),
      api.get('/question'),
      api.get('/session/status'),
    ])
    const broken = [messages, permissions, questions, statuses].find(({ ok }) => !ok)
    if (broken !== undefined) return broken.fault
    const facts = bus.catchUp({
      messages: messages.value,
      permissions: permissions.value,
      questions: questions.value,
      busy: member(statuses.value, this.#session) !== undefined,
    })
    this.#tellAll(facts)
    return undefined
  }

  // The session

  async #find(previous: string): Promise<Answer<string | undefined>> {
    const answer = await this.#line.before(
      this.#api?.get(`/session/${encodeURIComponent(previous)}`) ?? noAnswer,
    )
    if (answer === undefined) return this.#line.gone()
    if (answer.ok) return { ok: previous }
    if (answer.status === 404) return { ok: undefined }
    return failed(`The agent could not say whether it has the conversation: ${answer.fault}.`)
  }

  async #create(): Promise<string | Answer<never>> {
    const answer = await this.#line.before(this.#api?.post('/session', {}) ?? noAnswer)
    if (answer === undefined) return this.#line.gone()
    const id = textOf(answer.value, 'id')
    return answer.ok && id !== undefined
      ? id
      : failed(`The agent could not begin a conversation: ${answer.fault || 'it named none'}.`)
  }

  /** The servers of tools a person gave it. One it cannot use is noted: the agent works without. */
  async #lendTools(): Promise<void> {
    for (const server of this.#mcpServers) {
      // oxlint-disable-next-line no-await-in-loop -- in the order they were given
      const answer = await this.#api?.post('/mcp', mcpBody(server))
      if (answer?.ok !== true)
        this.#on.note(`the tools of "${server.name}" were not taken: ${answer?.fault ?? ''}`)
    }
  }

  async #learn(chosen: Chosen): Promise<void> {
    const api = this.#api
    if (api === undefined) return
    const [agents, providers, config, commands] = await Promise.all([
      api.get('/agent'),
      api.get('/config/providers'),
      api.get('/config'),
      api.get('/command'),
    ])
    const modes = modesOf(agents.value, chosen)
    const { choices: models, contextSizes, blind } = modelsOf(providers.value, config.value, chosen)
    this.#contextSizes = contextSizes
    this.#blind = blind
    this.#chosen = {
      ...(chosen.mode !== undefined && modes?.current === chosen.mode ? { mode: chosen.mode } : {}),
      ...(chosen.model !== undefined && models?.current === chosen.model
        ? { model: chosen.model }
        : {}),
    }
    this.#tellOffer({
      ...(modes === undefined ? {} : { modes }),
      ...(models === undefined ? {} : { models }),
      ...(commands.ok ? { commands: commandsOf(commands.value) } : {}),
    })
    for (const kind of ['mode', 'model'] as const) {
      const wanted = chosen[kind]
      if (wanted !== undefined && this.#chosen[kind] === undefined) this.#refuse(kind, wanted)
    }
  }

  #choose(kind: 'mode' | 'model', id: string): void {
    const part = kind === 'mode' ? 'modes' : 'models'
    const choices = this.#offer[part]
    if (choices?.available.some((choice) => choice.id === id) !== true)
      return this.#refuse(kind, id)
    // It goes along with every prompt from now on: these servers keep none of it.
    this.#chosen = { ...this.#chosen, [kind]: id }
    this.#tellOffer({ [part]: { ...choices, current: id } })
  }

  #refuse(kind: 'mode' | 'model', id: string): void {
    const choices = this.#offer[kind === 'mode' ? 'modes' : 'models']
    const goesOn = choices === undefined ? '' : `; it goes on with "${choices.current}"`
    this.#on.choiceRefused(`The agent offers no ${kind} "${id}"${goesOn}.`)
  }

  #tellOffer(offer: AgentOffer): void {
    if (Object.keys(offer).length === 0) return
    this.#offer = mergeOffer(this.#offer, offer)
    this.#on.offer(offer)
  }

  // A turn

  async #send(turn: Turn, blocks: readonly Block[]): Promise<void> {
    const { path, body } = this.#message(turn, blocks)
    for (let tries = 1; this.#turn === turn; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a try follows the failure of the one before
      const answer = await this.#api?.post(path, body)
      if (answer === undefined || answer.ok || this.#line.ended || this.#turn !== turn) return
      const lost = answer.status === 0
      // oxlint-disable-next-line no-await-in-loop
      if (lost && (this.#bus?.promptSeen === true || (await this.#has(turn.messageId)))) return
      if (lost && tries < promptTries) {
        // oxlint-disable-next-line no-await-in-loop
        await sleep(this.#policy.reopenMsMin * 2 ** tries)
        continue
      }
      return this.#settle(failed(`The agent did not take the prompt: ${answer.fault}.`))
    }
  }

  /** The same ids with every try: what arrived twice is there once. */
  #message(
    { messageId: id }: Turn,
    blocks: readonly Block[],
  ): { readonly path: string; readonly body: unknown } {
    const { mode, model } = this.#chosen
    const [provider = '', ...rest] = model?.split('/') ?? []
    return {
      path: `/session/${encodeURIComponent(this.#session)}/prompt_async`,
      body: {
        messageID: id,
        parts: partsOf(blocks),
        ...(mode === undefined ? {} : { agent: mode }),
        ...(model === undefined
          ? {}
          : { model: { providerID: provider, modelID: rest.join('/') } }),
      },
    }
  }

  async #has(message: string): Promise<boolean> {
    const session = encodeURIComponent(this.#session)
    const answer = await this.#api?.get(`/session/${session}/message/${message}`)
    return answer?.ok === true
  }

  async #reply(path: string, body: unknown): Promise<void> {
    const answer = await this.#api?.post(path, body)
    if (answer !== undefined && !answer.ok && !this.#line.ended)
      this.#on.note(`an answer was not taken: ${answer.fault}`)
  }

  #tellAll(facts: readonly BusFact[]): void {
    for (const fact of facts) this.#tell(fact)
    const turn = this.#turn
    if (turn?.resting === true && this.#bus?.answer?.completed === true) this.#rest(turn)
  }

  #tell(fact: BusFact): void {
    switch (fact.type) {
      case 'update':
        return this.#on.update(fact.update)
      case 'usage':
        return this.#tellUsage(fact.usage)
      case 'asked': {
        const id = ++this.#asked
        const { kind, asked, labels } = fact
        this.#pending.set(id, { requestId: asked.requestId, kind, labels })
        return this.#on.permission(id, asked.ask)
      }
      case 'unaskable': {
        const { path, body } = questionReply(fact.requestId, [], undefined)
        return void this.#reply(path, body)
      }
      case 'unasked':
        for (const [id, { requestId }] of this.#pending) {
          if (requestId !== fact.requestId) continue
          this.#pending.delete(id)
          this.#on.permissionGone(id)
        }
        return
      case 'idle':
        return this.#onIdle()
    }
  }

  /** A server repeats its numbers with everything it does. */
  #tellUsage(told: BusUsage): void {
    const contextSize = this.#contextSizes.get(this.#offer.models?.current ?? '')
    const isSized = told.contextUsed !== undefined && contextSize !== undefined
    const usage: NonNullable<AgentOffer['usage']> = isSized ? { ...told, contextSize } : told
    const merged = { ...this.#offer.usage, ...usage }
    if (JSON.stringify(merged) !== JSON.stringify(this.#offer.usage)) this.#tellOffer({ usage })
  }

  /** An abort says so before the last words of what it ended. */
  #onIdle(): void {
    const turn = this.#turn
    if (turn === undefined || turn.resting) return
    turn.resting = true
    setTimeout(() => this.#rest(turn), this.#policy.lastWordsMs).unref()
  }

  #rest(turn: Turn): void {
    if (this.#turn !== turn) return
    this.#tellGone()
    const outcome = turnOutcome(this.#bus?.answer, this.#bus?.error, turn.cancelled)
    this.#settle(
      outcome.type === 'stopped'
        ? { ok: outcome.stopReason }
        : { failure: { code: outcome.code, message: outcome.message } },
    )
  }

  #tellGone(): void {
    for (const fact of this.#bus?.settleAll() ?? []) this.#tell(fact)
  }

  #settle(answer: Answer<string>): void {
    const turn = this.#turn
    this.#turn = undefined
    turn?.settle(answer)
  }
}

const noAnswer: Promise<ServerAnswer> = Promise.resolve({
  ok: false,
  status: 0,
  value: undefined,
  fault: 'there is no server',
})

/** These servers show parts in the order of their ids, and are told of pictures as files. */
function partsOf(blocks: readonly Block[]): readonly unknown[] {
  return blocks.map((block, index) => {
    const id = messageId('prt', Date.now() + index, randomBytes(14))
    switch (block.type) {
      case 'text':
        return { id, type: 'text', text: block.text }
      case 'image': {
        const { mimeType: mime, data } = block
        return { id, type: 'file', mime, url: `data:${mime};base64,${data}` }
      }
      case 'resource':
        return { id, type: 'text', text: block.resource.text }
    }
  })
}

function values(pairs: readonly { readonly name: string; readonly value: string }[]) {
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]))
}

/** A server of tools, as these servers take one. */
function mcpBody(server: ResolvedMcpServer): unknown {
  const { name } = server
  if ('url' in server) {
    const headers = values(server.headers)
    return { name, config: { type: 'remote', url: server.url, headers, enabled: true } }
  }
  const command = [server.command, ...server.args]
  return {
    name,
    config: { type: 'local', command, environment: values(server.env), enabled: true },
  }
}

function failed(message: string): { readonly failure: AgentFailure } {
  return { failure: { code: 'agent-error', message } }
}

function textOf(value: unknown, name: string): string | undefined {
  const text = member(value, name)
  return typeof text === 'string' ? text : undefined
}
