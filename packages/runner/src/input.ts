/**
 * What can happen to a runner. Facts about an agent carry the number of its process, so a late one of an older process
 * is recognised and comes to nothing.
 */
import type { AgentExit, AgentUpdate, Ask } from '@belay/agent'
import type {
  AgentLink,
  AgentOffer,
  Chosen,
  Command,
  FinishResult,
  PreparationStep,
  ReportOf,
} from '@belay/protocol'
import type { Restore } from './state.ts'

export type Input =
  | { readonly type: 'command'; readonly command: Command }
  /** A prompt is on its way, or was: it may be refused yet. */
  | { readonly type: 'prompt-coming'; readonly promptId: string }
  /** How far preparing has come. A later restart of the agent is no preparation, and silent. */
  | { readonly type: 'step-changed'; readonly report: ReportOf<'step'> }
  | { readonly type: 'workspace-ready' }
  | { readonly type: 'workspace-failed'; readonly problem: Problem }
  | {
      readonly type: 'agent-ready'
      readonly agentGeneration: number
      readonly ready: Omit<ReportOf<'agent-ready'>, 'type'>
      /** What it was told to choose at its start. */
      readonly chosen?: Chosen
    }
  /** How it stands with the connection to the agent. `step`: how far its last start came. */
  | { readonly type: 'agent-link'; readonly link: AgentLink; readonly step: StartStep }
  | {
      readonly type: 'agent-updated'
      readonly agentGeneration: number
      readonly update: AgentUpdate
    }
  /** What it offers, as far as that changed. */
  | { readonly type: 'agent-offered'; readonly agentGeneration: number; readonly offer: AgentOffer }
  /** It asked something that nobody can answer, in words; it was told so. */
  | { readonly type: 'ask-unreadable'; readonly agentGeneration: number; readonly message: string }
  /** It would not choose what a person chose; what holds instead is offered again. */
  | { readonly type: 'choice-refused'; readonly agentGeneration: number; readonly message: string }
  | {
      readonly type: 'agent-asked'
      readonly agentGeneration: number
      readonly id: number
      readonly ask: Ask
    }
  | { readonly type: 'agent-unasked'; readonly agentGeneration: number; readonly id: number }
  | {
      readonly type: 'prompt-settled'
      readonly agentGeneration: number
      readonly turn: number
      readonly settled: Settled
    }
  /** A process that was ready has ended. */
  | { readonly type: 'agent-exited'; readonly agentGeneration: number; readonly exit: AgentExit }
  /** The checkpoint before or after a turn is made, or is not: that never fails a turn. */
  | { readonly type: 'saved'; readonly turn: number; readonly saved: Saved }
  | {
      readonly type: 'committed'
      readonly turn: number
      /** Absent when there was nothing to commit. */
      readonly result: FinishResult | undefined
    }
  | {
      readonly type: 'restored'
      readonly restore: Restore
      readonly result: Restored | { readonly message: string }
    }
  | {
      readonly type: 'planned'
      readonly restore: Restore
      readonly result: Planned | { readonly message: string }
    }
  /** A deadline may have passed. */
  | { readonly type: 'alarm' }
  /** The runner itself is to end: a signal, or the server's word. */
  | { readonly type: 'close-asked'; readonly reason: string }

export type StartStep = Extract<PreparationStep, 'agent-start' | 'agent-session'>
export type Problem = Omit<ReportOf<'prepare-failed'>, 'type'>

/** What a restore did. */
export type Restored = Omit<ReportOf<'restored'>, 'type' | 'turn' | 'to'>
/** What it would do. */
export type Planned = Omit<ReportOf<'restore-planned'>, 'type' | 'turn' | 'to'>

export interface Saved {
  /** After a turn: what it changed; no files when that was nothing. */
  readonly changes?: Omit<ReportOf<'turn-changes'>, 'type' | 'turn' | 'problem'>
  /** After a turn, in place of `changes`: why it is not known what it changed. */
  readonly problem?: string
  /** Why there is no checkpoint. */
  readonly warning?: string
}

/** How the agent answered a prompt. */
export type Settled =
  | { readonly stopReason: string }
  | {
      readonly failure: {
        readonly code: 'agent-error' | 'no-words' | 'sign-in-needed'
        readonly message: string
      }
    }
