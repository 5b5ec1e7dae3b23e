/**
 * The bus of an agent server, read as what an agent does in one session: its events in, facts out. Pure.
 *
 * A bus repeats itself and forgets: a gap in it is filled with what the server keeps, read by the same rules, so whatever came
 * before is not told again.
 *
 * Invariants:
 * - A-40 Text is told once, in order, whichever of the bus's three ways it comes: in pieces, whole at its end, or in what
 *   was fetched after a gap.
 * - A-41 What the agent says again after its own failed try is not told again; where it says something else, it begins a
 *   paragraph of its own.
 * - A-42 Only the session's own end is its end: a helper session's is not, nor one from before the prompt, nor the second
 *   of two.
 * - A-43 A question is asked once, and gone once, whoever answered it.
 */
import { z } from 'zod'
import type { AgentUpdate } from '../translate.ts'
import {
  askOfServerPermission,
  askOfServerQuestion,
  permissionSchema,
  questionSchema,
  type ServerAsk,
} from './server-ask.ts'
import { toolPartSchema, toolUpdate } from './tool-call.ts'

export type BusFact =
  | { readonly type: 'update'; readonly update: AgentUpdate }
  | {
      readonly type: 'asked'
      readonly kind: 'permission' | 'question'
      readonly asked: ServerAsk
      /** Of a question's options, in their order. */
      readonly labels: readonly string[]
    }
  /** A form nobody can be shown whole. */
  | { readonly type: 'unaskable'; readonly requestId: string }
  | { readonly type: 'unasked'; readonly requestId: string }
  /** Tokens of the context and cost of the session, as far as they are known. */
  | { readonly type: 'usage'; readonly usage: BusUsage }
  /** The session is at rest. */
  | { readonly type: 'idle' }

export interface BusUsage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly contextUsed?: number
  readonly costUsd?: number
}

/** The latest answer to the prompt that runs. */
export interface BusAnswer {
  readonly completed: boolean
  readonly finish: string | undefined
  readonly error: BusError | undefined
}
export interface BusError {
  readonly name: string
  readonly message: string
}

const eventSchema = z.looseObject({
  type: z.string(),
  properties: z.looseObject({}).catch({}),
})
const ofSession = z.looseObject({ sessionID: z.string() })
const errorSchema = z.looseObject({
  name: z.string(),
  data: z.looseObject({ message: z.string().catch('') }).catch({ message: '' }),
})
const messageSchema = z.looseObject({
  id: z.string(),
  role: z.string(),
  sessionID: z.string(),
  time: z.looseObject({ completed: z.number().nullish() }).catch({}),
  finish: z.string().nullish().catch(undefined),
  error: errorSchema.nullish().catch(undefined),
})
const partSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  messageID: z.string(),
  text: z.string().nullish().catch(undefined),
  time: z.looseObject({ end: z.number().nullish() }).nullish().catch(undefined),
})
const deltaSchema = z.object({
  messageID: z.string(),
  partID: z.string(),
  field: z.literal('text'),
  delta: z.string(),
})
const tokens = z.number().min(0).catch(0)
const finishedSchema = z.looseObject({
  tokens: z.looseObject({
    input: tokens,
    output: tokens,
    reasoning: tokens,
    cache: z.looseObject({ read: tokens, write: tokens }).catch({ read: 0, write: 0 }),
  }),
})
const statusSchema = z.object({ status: z.looseObject({ type: z.string() }) })
const todoSchema = z.object({
  todos: z.array(z.looseObject({ content: z.string(), status: z.string().optional() })),
})
const infoSchema = z.object({
  info: z.looseObject({
    id: z.string(),
    parentID: z.string().nullish(),
    cost: z.number().min(0).nullish().catch(undefined),
  }),
})
const fetchedSchema = z.array(
  z.looseObject({ info: messageSchema, parts: z.array(z.unknown()).catch([]) }),
)

type Properties = Readonly<Record<string, unknown>>

/** Told in another way, or nobody's business: how the server keeps itself. */
const quiet = new Set([
  'session.diff',
  'session.deleted',
  'session.compacted',
  'message.removed',
  'message.part.removed',
  'turn.open',
  'turn.close',
  'sync',
])
/** Parts that say how an answer was made, not what it is. */
const quietParts = new Set(['step-start', 'snapshot', 'patch', 'retry', 'file', 'agent'])

interface Part {
  readonly type: string
  /** Characters that came from its beginning on, none left out. */
  readonly chars: number
  /** Pieces say nothing of it: it is whole, or some were missed, and then the whole is waited for. */
  readonly deaf: boolean
}

export class Bus {
  readonly #session: string
  /** The session and its helpers, whose questions are its own. */
  readonly #family: Set<string>
  readonly #assistants = new Set<string>()
  readonly #parts = new Map<string, Part>()
  readonly #asked = new Map<string, 'permission' | 'question'>()
  readonly #tools = new Set<string>()
  /** What was told of this step of the answer. */
  #told = ''
  /** What a try after a failed one has said so far, as long as it only repeats. */
  #again: string | undefined
  #prompt: string | undefined
  #promptSeen = false
  #answer: BusAnswer | undefined
  #error: BusError | undefined

  constructor(session: string) {
    this.#session = session
    this.#family = new Set([session])
  }

  /** The answer to the prompt that was begun last; `undefined` while there is none. */
  get answer(): BusAnswer | undefined {
    return this.#answer
  }
  /** What went wrong in the session since the prompt was begun. */
  get error(): BusError | undefined {
    return this.#error
  }
  get promptSeen(): boolean {
    return this.#promptSeen
  }

  /** A prompt is sent under this id. What is known of older turns is let go. */
  begin(prompt: string): void {
    this.#assistants.clear()
    this.#parts.clear()
    this.#tools.clear()
    this.#told = ''
    this.#again = undefined
    this.#prompt = prompt
    this.#promptSeen = false
    this.#answer = undefined
    this.#error = undefined
  }

  /** @param event as it came; what is no event says nothing */
  take(event: unknown): readonly BusFact[] {
    const read = eventSchema.safeParse(event).data
    if (read === undefined) return []
    const { type, properties } = read
    if (type === 'session.created' || type === 'session.updated') return this.#info(properties)
    const session = ofSession.safeParse(properties).data?.sessionID
    if (session === undefined) return []
    if (this.#family.has(session)) {
      const asked = this.#question(type, properties)
      if (asked !== undefined) return asked
    }
    if (session !== this.#session) return []
    const row = this.#table[type]
    if (row !== undefined) return row(properties)
    return quiet.has(type) ? [] : [update({ ...properties, sessionUpdate: type })]
  }

  /**
   * Fills a gap with what the server keeps.
   * @param kept its messages, open permissions, open questions, and whether the session is at work
   */
  catchUp(kept: {
    readonly messages: unknown
    readonly permissions: unknown
    readonly questions: unknown
    readonly busy: boolean
  }): readonly BusFact[] {
    const facts: BusFact[] = []
    for (const [id, part] of this.#parts) this.#parts.set(id, { ...part, deaf: true })
    let ours = false
    for (const { info, parts } of fetchedSchema.safeParse(kept.messages).data ?? []) {
      ours ||= info.id === this.#prompt
      if (!ours) continue
      facts.push(...this.#message({ info }))
      for (const part of parts) {
        facts.push(...this.#part({ part }))
        this.#deafen(part)
      }
    }
    const permissions = list(permissionSchema, kept.permissions)
    const questions = list(questionSchema, kept.questions)
    for (const asked of permissions)
      facts.push(...this.take({ type: 'permission.asked', properties: asked }))
    for (const asked of questions)
      facts.push(...this.take({ type: 'question.asked', properties: asked }))
    const open = new Set([...permissions, ...questions].map(({ id }) => id))
    for (const requestId of this.#asked.keys())
      if (!open.has(requestId)) facts.push(...this.#gone(requestId))
    if (!kept.busy) facts.push(...this.#idle())
    return facts
  }

  readonly #table: Readonly<Record<string, (properties: Properties) => readonly BusFact[]>> = {
    'message.updated': (properties) => this.#message(properties),
    'message.part.updated': (properties) => this.#part(properties),
    'message.part.delta': (properties) => this.#delta(properties),
    'session.status': (properties) => this.#status(properties),
    'session.idle': () => this.#idle(),
    'session.error': (properties) => {
      const error = errorSchema.safeParse(properties['error']).data
      if (error !== undefined) this.#error = { name: error.name, message: error.data.message }
      return []
    },
    'todo.updated': (properties) => {
      const todos = todoSchema.safeParse(properties).data?.todos
      return todos === undefined ? [] : [update({ sessionUpdate: 'plan', entries: todos })]
    },
  }

  #info(properties: Properties): readonly BusFact[] {
    const info = infoSchema.safeParse(properties).data?.info
    if (info === undefined) return []
    if (info.parentID && this.#family.has(info.parentID)) this.#family.add(info.id)
    return info.id === this.#session && info.cost != null
      ? [{ type: 'usage', usage: { costUsd: info.cost } }]
      : []
  }

  /** The beginning of what grows meanwhile may have been missed. */
  #deafen(part: unknown): void {
    const id = partSchema.safeParse(part).data?.id
    const known = id === undefined ? undefined : this.#parts.get(id)
    if (id !== undefined && known !== undefined) this.#parts.set(id, { ...known, deaf: true })
  }

  #message(properties: Properties): readonly BusFact[] {
    const message = messageSchema.safeParse(properties['info']).data
    if (message === undefined) return []
    if (message.id === this.#prompt) this.#promptSeen = true
    if (message.role !== 'assistant') return []
    this.#assistants.add(message.id)
    const { error } = message
    this.#answer = {
      completed: message.time.completed != null,
      finish: message.finish ?? undefined,
      error: error ? { name: error.name, message: error.data.message } : undefined,
    }
    return []
  }

  #part(properties: Properties): readonly BusFact[] {
    const part = partSchema.safeParse(properties['part']).data
    if (part === undefined || !this.#assistants.has(part.messageID)) return []
    switch (part.type) {
      case 'text':
      case 'reasoning':
        return this.#grow(part)
      case 'tool': {
        const tool = toolPartSchema.safeParse(part).data
        if (tool === undefined) return []
        const begun = this.#tools.has(tool.callID)
        this.#tools.add(tool.callID)
        return [update(toolUpdate(tool, begun))]
      }
      case 'step-start':
        if (this.#again === undefined) this.#told = ''
        return []
      case 'step-finish':
        this.#again = undefined
        return usageOf(part)
      default:
        return quietParts.has(part.type)
          ? []
          : [update({ sessionUpdate: `part:${part.type}`, part })]
    }
  }

  /** The text of a part as it stands: what is new of it is at its end. */
  #grow({ id, type, text, time }: z.infer<typeof partSchema>): readonly BusFact[] {
    const before = this.#parts.get(id)
    const chars = before?.chars ?? 0
    const now = text ?? ''
    this.#parts.set(id, {
      type,
      chars: Math.max(chars, now.length),
      deaf: time?.end != null || before?.deaf === true,
    })
    return this.#say(type, now.slice(chars))
  }

  #delta(properties: Properties): readonly BusFact[] {
    const delta = deltaSchema.safeParse(properties).data
    if (delta === undefined || !this.#assistants.has(delta.messageID)) return []
    const part = this.#parts.get(delta.partID) ?? { type: 'text', chars: 0, deaf: false }
    if (part.deaf) return []
    this.#parts.set(delta.partID, { ...part, chars: part.chars + delta.delta.length })
    return this.#say(part.type, delta.delta)
  }

  #say(type: string, text: string): readonly BusFact[] {
    if (text === '') return []
    if (type === 'reasoning') return [chunk('agent_thought_chunk', text)]
    const fresh = this.#fresh(text)
    return fresh === '' ? [] : [chunk('agent_message_chunk', fresh)]
  }

  /** What of it was not told by the try before. */
  #fresh(text: string): string {
    if (this.#again === undefined) {
      this.#told += text
      return text
    }
    const again = this.#again + text
    const told = this.#told
    if (told.startsWith(again)) {
      this.#again = again
      return ''
    }
    this.#again = undefined
    this.#told = again
    return again.startsWith(told) ? again.slice(told.length) : `\n\n${again}`
  }

  #status(properties: Properties): readonly BusFact[] {
    const status = statusSchema.safeParse(properties).data?.status
    if (status?.type === 'idle') return this.#idle()
    if (status?.type !== 'retry') return []
    this.#again = ''
    return [update({ ...status, sessionUpdate: 'retry' })]
  }

  #idle(): readonly BusFact[] {
    // Before the prompt was seen it is the end of what was before it.
    return this.#promptSeen ? [{ type: 'idle' }] : []
  }

  #question(type: string, properties: Properties): readonly BusFact[] | undefined {
    if (type === 'permission.asked') {
      const asked = permissionSchema.safeParse(properties).data
      if (asked === undefined) return undefined
      return this.#ask('permission', askOfServerPermission(asked), [])
    }
    if (type === 'question.asked') {
      const asked = questionSchema.safeParse(properties).data
      if (asked === undefined) return undefined
      const ask = askOfServerQuestion(asked)
      if (ask === undefined) return [{ type: 'unaskable', requestId: asked.id }]
      const labels = asked.questions[0]?.options.map(({ label }) => label) ?? []
      return this.#ask('question', ask, labels)
    }
    if (!/^(permission|question)\.(replied|rejected)$/.test(type)) return undefined
    const requestId = properties['requestID']
    return typeof requestId === 'string' ? this.#gone(requestId) : []
  }

  #ask(
    kind: 'permission' | 'question',
    asked: ServerAsk,
    labels: readonly string[],
  ): readonly BusFact[] {
    if (this.#asked.has(asked.requestId)) return []
    this.#asked.set(asked.requestId, kind)
    return [{ type: 'asked', kind, asked, labels }]
  }

  #gone(requestId: string): readonly BusFact[] {
    return this.#asked.delete(requestId) ? [{ type: 'unasked', requestId }] : []
  }

  /** Nothing waits for an answer any more. */
  settleAll(): readonly BusFact[] {
    return [...this.#asked.keys()].flatMap((requestId) => this.#gone(requestId))
  }
}

function update(told: AgentUpdate): BusFact {
  return { type: 'update', update: told }
}

function chunk(sessionUpdate: string, text: string): BusFact {
  return update({ sessionUpdate, content: { type: 'text', text } })
}

function usageOf(part: unknown): readonly BusFact[] {
  const read = finishedSchema.safeParse(part).data?.tokens
  if (read === undefined) return []
  const { input, output, reasoning, cache } = read
  return [
    {
      type: 'usage',
      usage: {
        inputTokens: input + cache.read + cache.write,
        outputTokens: output + reasoning,
        contextUsed: input + output + reasoning + cache.read + cache.write,
      },
    },
  ]
}

function list<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema>[] {
  return Array.isArray(value) ? value.flatMap((item) => schema.safeParse(item).data ?? []) : []
}
