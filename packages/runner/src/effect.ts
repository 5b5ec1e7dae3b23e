/** What a runner is to do. Performed only after the reports of the same step are on disk. */
import type { AgentChoice, Workspace } from '@belay/protocol'

export type Effect =
  | {
      readonly type: 'prepare-workspace'
      readonly workspace: Workspace
      readonly agent: AgentChoice
    }
  | {
      readonly type: 'start-agent'
      readonly agentGeneration: number
      readonly agentSession: string | undefined
    }
  | { readonly type: 'send-prompt'; readonly turn: number; readonly text: string }
  | { readonly type: 'cancel-prompt' }
  /** `optionId` undefined: tell the agent that nobody will answer. */
  | {
      readonly type: 'answer-permission'
      readonly id: number
      readonly optionId: string | undefined
    }
  | { readonly type: 'end-agent' }
  /** Nothing is left to do: hand over what is spooled, and exit. */
  | { readonly type: 'finish' }
