/**
 * A connection whose errors and notes hold none of the secrets the agent was given: one that refuses a key likes to repeat it.
 *
 * Invariants:
 * - A-83 No error, note or last word of an agent holds a secret that it was given in its settings.
 */
import type { Chosen, PromptAttachment } from '@belay/protocol'
import type { AgentExit } from '../exit.ts'
import { needlesOf, redact } from '../redact.ts'
import type {
  AgentAdapter,
  AgentConnection,
  Answer,
  ConnectOptions,
  Initialized,
  Opened,
  PromptAnswer,
} from './adapter.ts'
import type { AgentProcess } from './process.ts'

/** Starts the agent. Its process takes the secrets out of its last words by itself. */
export function connectRedacted(adapter: AgentAdapter, options: ConnectOptions): AgentConnection {
  const needles = needlesOf(options.secrets ?? [])
  if (needles.length === 0) return adapter.connect(options)
  const { on } = options
  const note = (line: string) => on.note(redact(line, needles))
  const choiceRefused = (message: string) => on.choiceRefused(redact(message, needles))
  const askUnreadable = (message: string) => on.askUnreadable(redact(message, needles))
  const ears = { ...on, note, choiceRefused, askUnreadable }
  return new RedactedConnection(adapter.connect({ ...options, on: ears }), needles)
}

/** The words of a failure. */
interface Told {
  readonly message: string
  readonly detail?: string
}

class RedactedConnection implements AgentConnection {
  readonly process: AgentProcess
  readonly exited: Promise<AgentExit>
  readonly initialized: Promise<Answer<Initialized>>
  readonly probe?: () => Promise<boolean>
  readonly #inner: AgentConnection
  readonly #needles: readonly string[]

  constructor(inner: AgentConnection, needles: readonly string[]) {
    this.#inner = inner
    this.#needles = needles
    this.process = inner.process
    this.exited = inner.exited
    this.initialized = this.#told(inner.initialized)
    if (inner.probe !== undefined) this.probe = inner.probe.bind(inner)
  }

  open(previous: string | undefined, chosen?: Chosen): Promise<Answer<Opened>> {
    return this.#told(this.#inner.open(previous, chosen))
  }
  prompt(text: string, attachments?: readonly PromptAttachment[]): Promise<PromptAnswer> {
    return this.#told(this.#inner.prompt(text, attachments))
  }
  setMode(modeId: string): Promise<void> {
    return this.#inner.setMode(modeId)
  }
  setModel(modelId: string): Promise<void> {
    return this.#inner.setModel(modelId)
  }
  cancel(): void {
    this.#inner.cancel()
  }
  answer(id: number, optionId: string | undefined): void {
    this.#inner.answer(id, optionId)
  }
  pause(): void {
    this.#inner.pause()
  }
  resume(): void {
    this.#inner.resume()
  }
  end(): Promise<AgentExit> {
    return this.#inner.end()
  }

  async #told<Value, Failure extends Told>(
    answering: Promise<Answer<Value, Failure>>,
  ): Promise<Answer<Value, Failure>> {
    const answer = await answering
    if ('ok' in answer) return answer
    const { message, detail } = answer.failure
    const told = detail === undefined ? {} : { detail: redact(detail, this.#needles) }
    return { failure: { ...answer.failure, message: redact(message, this.#needles), ...told } }
  }
}
