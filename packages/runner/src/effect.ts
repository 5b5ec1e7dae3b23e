/** What a runner is to do. Performed only after the reports of the same step are on disk. */
import type {
  AgentChoice,
  Chosen,
  Finish,
  PromptAttachment,
  Setup,
  Workspace,
} from '@belay/protocol'
import type { Restore } from './state.ts'

export type Effect =
  | {
      readonly type: 'prepare-workspace'
      readonly workspace: Workspace
      readonly agent: AgentChoice
      readonly setup: Setup
      /** Opens the repository. It is in no report and no log. */
      readonly token: string | undefined
    }
  /** Keeps an agent there from now on. Outcome: `agent-link` whenever that changes, `agent-ready`, `agent-exited`. */
  | {
      readonly type: 'keep-agent'
      readonly agentSession: string | undefined
      /** A way to sign in before anything else, of those the agent named. */
      readonly signIn?: string
    }
  /** Ends the present process, whatever it does, and starts another. */
  | { readonly type: 'restart-agent' }
  | {
      readonly type: 'send-prompt'
      readonly turn: number
      readonly text: string
      readonly attachments: readonly PromptAttachment[] | undefined
    }
  /** Begins with the checkpoint before a prompt that may come. No outcome: it is there or not when that is asked for. */
  | { readonly type: 'look-ahead'; readonly promptId: string }
  /** Outcome: `saved`. `hurried`: the runner closes, and what is made late is of no use. */
  | {
      readonly type: 'save'
      readonly turn: number
      readonly at: 'before' | 'after'
      /** Of a turn that is about to begin. */
      readonly promptId?: string
      readonly hurried: boolean
    }
  /** Outcome: `committed`. */
  | {
      readonly type: 'commit'
      readonly turn: number
      readonly text: string
      readonly finish: Finish
    }
  /** What a restore would do is looked at. Outcome: `planned`. */
  | { readonly type: 'plan'; readonly restore: Restore }
  /** Outcome: `restored`. */
  | { readonly type: 'restore'; readonly restore: Restore }
  /** What is being saved or committed is given up; its outcome comes all the same. */
  | { readonly type: 'stop-saving' }
  | { readonly type: 'cancel-prompt' }
  | { readonly type: 'choose'; readonly chosen: Chosen }
  /** `optionId` undefined: tell the agent that nobody will answer. */
  | {
      readonly type: 'answer-permission'
      readonly id: number
      readonly optionId: string | undefined
    }
  /** For ever. Outcome: an `agent-link` that is disposed, when nothing of it is alive. */
  | { readonly type: 'end-agent' }
  /** Nothing is left to do: hand over what is spooled, and exit. */
  | { readonly type: 'finish' }
