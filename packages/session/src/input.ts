/** What a session can be told, and what it answers. Requests of people first, then facts of the runner's side. */
import type {
  AgentChoice,
  Attachment,
  CallbackState,
  Finish,
  PromptState,
  Refusal,
  Report,
  Resolution,
  RestoreTo,
  Setup,
  Take,
  Workspace,
} from '@belay/protocol'
import type { RefusedEffect } from './effect.ts'
import type { CallbackAddress } from './state.ts'

/** A prompt as it came in. `digest` is made at the edge: it recognises the same text without keeping it. */
export interface PromptText {
  readonly promptId: string
  readonly text: string
  readonly digest: string
  /** One without `data` is in the rows already: its prompt is sent again. */
  readonly attachments?: readonly (Attachment & { readonly data?: string })[] | undefined
}

/** A report with the bytes it came in. */
export interface ReceivedReport {
  readonly n: number
  readonly json: string
  readonly report: Report
}

/** What a person changes before the next try. */
export interface SettingsEdit {
  readonly agent?: AgentChoice | undefined
  readonly workspace?: Workspace | undefined
  /** Absent: the token stays as long as the address does. */
  readonly sealedToken?: string | undefined
  readonly setup?: Setup | undefined
  /** A way to sign in, for this try alone. */
  readonly signIn?: string | undefined
}

export type SessionInput =
  | {
      readonly type: 'create'
      readonly title: string
      readonly agent: AgentChoice
      readonly workspace: Workspace
      readonly sealedToken?: string | undefined
      readonly setup?: Setup | undefined
      readonly finish?: Finish | undefined
      /** Prompts that wait run also after a turn that failed. */
      readonly goOn?: true | undefined
      readonly digest: string
      readonly prompt: PromptText | undefined
      readonly callback?: CallbackAddress | undefined
    }
  /** `steer`: the running turn is stopped, and this prompt is the next. */
  | { readonly type: 'prompt-submitted'; readonly prompt: PromptText; readonly steer?: true }
  /** `position`: its place in the queue, from 1. */
  | {
      readonly type: 'prompt-edited'
      readonly promptId: string
      readonly text: string | undefined
      readonly position?: number | undefined
    }
  | { readonly type: 'prompt-cancelled'; readonly promptId: string }
  /** Asks what became of a prompt; changes nothing. */
  | { readonly type: 'prompt-looked-up'; readonly promptId: string }
  | { readonly type: 'interrupt'; readonly turn: number | undefined }
  /** What becomes of a turn that was cut off. `promptId` is the new prompt's, and makes a repeated request the same one. */
  | {
      readonly type: 'turn-resolved'
      readonly turn: number
      readonly action: Resolution
      readonly promptId: string
    }
  /** A person lets the prompts run that are held by a turn that failed. */
  | { readonly type: 'resume-queue'; readonly turn: number }
  | {
      readonly type: 'permission-answered'
      readonly permissionId: string
      readonly optionId: string
      readonly by: string
    }
  | ({ readonly type: 'retry' } & SettingsEdit)
  /** One of what the agent offers. */
  | { readonly type: 'chosen'; readonly of: 'mode' | 'model'; readonly id: string }
  /** A person's Retry for the agent's process. */
  | { readonly type: 'agent-restart-asked' }
  | {
      readonly type: 'restore'
      readonly turn: number
      readonly to: RestoreTo
      readonly take?: Take | undefined
    }
  /** What that would do. */
  | { readonly type: 'plan-restore'; readonly turn: number; readonly to: RestoreTo }
  /** Asks where the changes of a turn are in the log; changes nothing. */
  | { readonly type: 'changes-looked-up'; readonly turn: number }
  /** `discard`: its worktree goes too, whatever it holds. */
  | { readonly type: 'delete'; readonly discard?: true }
  /** Delete it if nothing has happened in it since `before`, milliseconds since the epoch, and nothing is going on. */
  | { readonly type: 'expire'; readonly before: number }
  /** Let the log begin later: events up to `through` are not kept any more. */
  | {
      readonly type: 'trim'
      readonly through: number
      /** What came with prompts of which the log tells no more; `turn`: that they began. */
      readonly attachments?: readonly { readonly id: string; readonly turn?: number }[]
      /** The last event that was looked at for them. */
      readonly last?: number
    }
  | { readonly type: 'callback-resent'; readonly callbackId: string }
  | { readonly type: 'alarm' }
  /** The wall clock went further than time did, by so many milliseconds; back, when it is negative. */
  | { readonly type: 'clock-jumped'; readonly by: number }
  /** A server began its life: whoever was linked is not any more, and whoever is away gets its time anew. */
  | { readonly type: 'server-started' }
  /** A runner dialled in and says it has commands up to `received`. */
  | {
      readonly type: 'runner-hello'
      readonly generation: number
      readonly received: number
      /** Of the wire it speaks. Absent: the present one. */
      readonly version?: number
    }
  /** One frame of a runner: what it has stored of ours, and its reports. */
  | {
      readonly type: 'runner-frame'
      readonly generation: number
      readonly acked: number | undefined
      readonly reports: readonly ReceivedReport[]
    }
  /** The runner's socket is gone. */
  | { readonly type: 'runner-link-lost'; readonly generation: number }
  /** The runner's process is gone, by its own lock; every report left in its spool came in before this. */
  | {
      readonly type: 'runner-exited'
      readonly generation: number
      readonly code: number | undefined
      readonly signal: string | undefined
      /** What it said at its end, when a fault of its own ended it. */
      readonly fault?: string | undefined
    }
  /** The runner's process is alive and has not dialled in. */
  | { readonly type: 'runner-silent'; readonly generation: number }
  | { readonly type: 'runner-start-failed'; readonly generation: number; readonly message: string }
  /** Outcome of `stop-runner`: no process of that generation is left. */
  | { readonly type: 'runner-stopped'; readonly generation: number }
  /** Another session works in the same folder. */
  | { readonly type: 'folder-shared'; readonly session: string; readonly title: string }
  /** That session is not in this one's folder any more. */
  | { readonly type: 'folder-freed'; readonly session: string }
  /** The world refused an effect, for this reason. It is tried again. */
  | { readonly type: 'effect-refused'; readonly what: RefusedEffect; readonly message: string }
  /** Outcome of `remove-files`. */
  | { readonly type: 'files-removed' }
  /** Outcome of `deliver-callback`; without a problem it was taken. */
  | {
      readonly type: 'callback-tried'
      readonly turn: number
      readonly attempt: number
      readonly problem: string | undefined
    }

export type SessionReply =
  | { readonly type: 'done' }
  | { readonly type: 'created'; readonly promptId: string | undefined }
  | { readonly type: 'prompt'; readonly prompt: PromptState }
  | { readonly type: 'interrupting'; readonly turn: number | undefined }
  | { readonly type: 'answered'; readonly optionId: string; readonly by: string }
  | { readonly type: 'resolved'; readonly action: Resolution; readonly promptId: string }
  | { readonly type: 'callback'; readonly callback: CallbackState }
  /** `seq` of the event with a turn's changes; absent when it changed nothing. */
  | { readonly type: 'changes'; readonly seq: number | undefined }
  | { readonly type: 'restoring'; readonly turn: number; readonly to: RestoreTo }
  /** The plan, or why there is none, is in the state once it is known. */
  | { readonly type: 'planning'; readonly turn: number; readonly to: RestoreTo }
  /** To a runner's hello or frame: reports are stored up to `received`. */
  | { readonly type: 'stored'; readonly received: number }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly limit?: number }
  /** Nothing changed, for this reason. */
  | { readonly type: 'ignored'; readonly reason: string }
