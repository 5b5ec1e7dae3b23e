/**
 * The contract between whoever keeps an agent alive and whoever talks to it: one way for every protocol.
 *
 * An adapter starts one process and speaks with it until its end; it never starts another. When to start, to end and to try
 * again is decided by its caller.
 */
import type { AgentOffer, Chosen, PromptAttachment } from '@belay/protocol'
import type { Ask } from '../ask.ts'
import type { AgentExit } from '../exit.ts'
import type { Introduction } from '../introduction.ts'
import type { SignInMethod } from '../sign-in.ts'
import type { AgentUpdate } from '../translate.ts'
import type { ResolvedMcpServer } from './secret.ts'
import type { AgentProcess, SpawnOptions } from './process.ts'

/** What an agent tells, in the order it told it. */
export interface AgentEvents {
  update(update: AgentUpdate): void
  /** What it offers to choose from and what it used, as far as that changed. The latest of each field counts. */
  offer(offer: AgentOffer): void
  /** It would not have a mode or model that was chosen, in words; what holds instead is offered again. */
  choiceRefused(message: string): void
  /** It asked something that nobody can answer, in words; the agent was told that there is no answer. */
  askUnreadable(message: string): void
  /** To be answered with `answer(id, …)`. */
  permission(id: number, ask: Ask): void
  /** The agent took the question back. */
  permissionGone(id: number): void
  /** Something odd worth a line in a log. */
  note(line: string): void
  /** It said something before it was ready: it is on its way. Only of servers, which are silent once they hang. */
  startSign?(): void
  /** The stream is lost while the process lives: nothing can be sent until it is `restored`. Protocols on stdio never say it. */
  degraded?(cause: string): void
  /** The stream is back, and what happened in the gap was told. */
  restored?(): void
  /** The process lives and answers nothing, as an adapter found that watches by itself. Whoever keeps it ends it. */
  hung?(): void
}

export interface AgentFailure {
  readonly code: 'sign-in-needed' | 'agent-error' | 'agent-exited' | 'timeout' | 'version'
  readonly message: string
  /** The agent's own words, where `message` is ours. */
  readonly detail?: string
  /** Of a sign-in that is needed: what the protocol can carry out. */
  readonly signIn?: readonly SignInMethod[]
}
export type Answer<Value, Failure = AgentFailure> =
  | { readonly ok: Value }
  | { readonly failure: Failure }
/** `no-words`: it ended a turn in which it said and did nothing. */
export type PromptFailure = Omit<AgentFailure, 'code'> & {
  readonly code: AgentFailure['code'] | 'no-words'
}
export type PromptAnswer = Answer<string, PromptFailure>

/** What an agent said of itself. */
export type Initialized = Omit<Introduction, 'name'>

/** A conversation, and how it came to be there: `lost` means the older one could not be restored. */
export interface Opened {
  readonly agentSession: string
  readonly restored: 'new' | 'resumed' | 'loaded' | 'lost'
}

export interface ConnectOptions extends Omit<SpawnOptions, 'onStderr'> {
  /** Of Belay, told to the agent. */
  readonly version: string
  /** From its start to its readiness, at most: whoever keeps it may end it before. */
  readonly startMs: number
  readonly on: AgentEvents
  /** A way to sign in that the agent named, to be gone before a conversation is opened. */
  readonly signIn?: string
  /** Given to the agent with each conversation. One it cannot reach, by what it advertised, is left out with a note. */
  readonly mcpServers?: readonly ResolvedMcpServer[]
}

export interface AgentConnection {
  readonly process: AgentProcess
  /** The end of the process, told once, after everything it wrote. Never rejects. */
  readonly exited: Promise<AgentExit>
  /** The answer to the handshake. Never rejects. */
  readonly initialized: Promise<Answer<Initialized>>
  /**
   * Opens the conversation: restores `previous` as well as the agent can, else begins a new one. What was `chosen` is
   * chosen again, where the agent offers it.
   */
  open(previous: string | undefined, chosen?: Chosen): Promise<Answer<Opened>>
  /** Chooses of what was offered. How it went is told by `offer` or `choiceRefused`. Never rejects. */
  setMode(modeId: string): Promise<void>
  setModel(modelId: string): Promise<void>
  /**
   * Runs one prompt turn. There is no limit of time here: a busy agent may be quiet for long. An attachment that cannot be
   * handed over is a failure: a prompt is never sent without a part of it.
   * @returns its stop reason
   */
  prompt(text: string, attachments?: readonly PromptAttachment[]): Promise<PromptAnswer>
  /** Asks the agent to stop its turn. */
  cancel(): void
  /** @param optionId `undefined` tells the agent that nobody will answer. An id that was settled is ignored. */
  answer(id: number, optionId: string | undefined): void
  /** A sign of life of a process whose stream is lost. Absent: the adapter watches by itself, and tells `hung`. */
  probe?(): Promise<boolean>
  /** Stops reading what the agent says; it then waits in its own pipe. */
  pause(): void
  resume(): void
  /** Ends the agent and everything it started. */
  end(): Promise<AgentExit>
}

export interface AgentAdapter {
  readonly protocol: 'acp' | 'http-sse'
  /** Starts the agent and begins the handshake. What became of it is in `initialized`. */
  connect(options: ConnectOptions): AgentConnection
}
