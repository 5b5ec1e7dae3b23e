/**
 * Items: what a person reads of a session, from top to bottom.
 *
 * Owns: the shape of each. How events become items is `view.ts`; how the list is kept is `item-list.ts`.
 */
import type {
  Attachment,
  ChangedFile,
  EndingCode,
  EventOf,
  Fault,
  FinishResult,
  Outcome,
  PermissionOption,
  Reached,
  Resolution,
  SessionEvent,
} from '@belay/protocol'
import type { Extent } from './taken-back.ts'

/** An event of a type this version does not know, whole. */
export interface UnknownEvent {
  readonly type: 'unknown-event'
  readonly seq: number
  readonly at: number
  readonly event: { readonly type: string; readonly [field: string]: unknown }
}
export type ViewerEvent = SessionEvent | UnknownEvent

interface Placed {
  /** Stays the same for as long as the item is there: the identity to render by. */
  readonly key: string
  /** The event that made the item. */
  readonly seq: number
  readonly at: number
}

/** It stands where its turn began, so that a question and its answer are read together; until then it is in the queue. */
export interface PromptItem extends Placed {
  readonly type: 'prompt'
  readonly promptId: string
  readonly text: string
  readonly attachments: readonly Attachment[]
  readonly state: 'queued' | 'running' | 'done' | 'cancelled'
  readonly turn?: number | undefined
  readonly outcome?: Outcome | undefined
  /** Receipts: on disk, its turn begun, with the runner, taken by the agent, the first sign of it, over. */
  readonly acceptedAt: number
  readonly startedAt?: number | undefined
  readonly deliveredAt?: number | undefined
  readonly takenAt?: number | undefined
  readonly firstOutputAt?: number | undefined
  readonly endedAt?: number | undefined
}

/** Consecutive text of one message. */
export interface TextItem extends Placed {
  readonly type: 'text'
  readonly turn: number
  readonly messageId: string | undefined
  readonly text: string
  readonly until: number
  /** It came after the end of its turn. */
  readonly late?: true
}
export interface ThoughtItem extends Placed {
  readonly type: 'thought'
  readonly turn: number
  readonly text: string
  readonly until: number
  readonly late?: true
}

type ToolReport = EventOf<'tool'>
export interface ToolItem extends Placed {
  readonly type: 'tool'
  readonly turn: number
  readonly toolCallId: string
  readonly title: string
  readonly kind: string | undefined
  /**
   * `unknown`: its turn ended while it was open, so nobody can say what it did. `not-run`: it was asked about and nobody
   * allowed it, so it did nothing, whatever its agent calls that.
   */
  readonly status: NonNullable<ToolReport['status']> | 'unknown' | 'not-run'
  readonly content: NonNullable<ToolReport['content']>
  readonly locations: NonNullable<ToolReport['locations']>
  readonly rawInput: unknown
  readonly rawOutput: unknown
  readonly endedAt: number | undefined
  /** Since when a person is asked about it. */
  readonly askingSince: number | undefined
  /** How long it waited for answers that are in: no time of its own. */
  readonly waitedMs: number
}
export interface PlanItem extends Placed {
  readonly type: 'plan'
  readonly turn: number
  readonly entries: EventOf<'plan'>['entries']
}

export interface PermissionItem extends Placed {
  readonly type: 'permission'
  readonly permissionId: string
  readonly turn: number
  readonly title: string
  readonly toolCallId: string | undefined
  readonly options: readonly PermissionOption[]
  readonly content: EventOf<'permission-asked'>['content']
  readonly rawInput: unknown
  readonly state: 'asked' | 'answered' | 'withdrawn'
  readonly optionId?: string | undefined
  /** Who answered, or why it was withdrawn. */
  readonly by?: string | undefined
  readonly settledAt?: number | undefined
}

export interface TurnEndItem extends Placed {
  readonly type: 'turn-end'
  readonly turn: number
  readonly promptId: string
  readonly outcome: Outcome
  readonly code: EndingCode
  readonly sentence: string
  readonly detail: string | undefined
  readonly reached: Reached
  readonly retryable: boolean
  readonly action: string
  readonly fault: Fault
  /** Absent when the turn began before the transcript. */
  readonly durationMs: number | undefined
  /** How much of that went by while a person was asked. */
  readonly waitedMs: number
  /** What a person decided about it. */
  readonly resolved?: Resolution | undefined
  /** What became of committing its changes, where that was asked for. */
  readonly finish: FinishResult | undefined
}

/** What a turn changed in its workspace. */
export interface ChangesItem extends Placed {
  readonly type: 'changes'
  readonly turn: number
  readonly files: readonly ChangedFile[]
  /** Files that the list had no room for. */
  readonly more: number
  readonly patch: string
  /** What was left out, in sentences. */
  readonly notes: readonly string[]
  /** Why it is not known what the turn changed. Then there are no files. */
  readonly problem: string | undefined
  /** The workspace does not hold them any more: they were put back, as a whole or but for some files. */
  readonly takenBack: Extent | undefined
}

/**
 * Where it will stand what a turn changed, so that it is read with its turn however late it is told. Nothing to see:
 * it becomes `changes`, or stays for a turn that changed nothing.
 */
export interface ChangesPlaceItem extends Placed {
  readonly type: 'changes-place'
  readonly turn: number
}

/** No event of the log, but what stands in the place of those that are not kept any more: up to `seq`. */
export interface TrimmedEvent {
  readonly type: 'log-trimmed'
  readonly seq: number
  readonly at: number
}

const noticeTypes = [
  'settings-changed',
  'restored',
  'restore-failed',
  'warning',
  'said-after',
  'preparation-started',
  'preparation-failed',
  'agent-ready',
  'session-ready',
  'interrupt-requested',
  'queue-resumed',
  'agent-exited',
  'runner-lost',
  'runner-returned',
  'runner-exited',
  'callback-failed',
  'folder-shared',
  'session-deleted',
] as const
type LoggedNotice = EventOf<(typeof noticeTypes)[number]>
export type NoticeEvent = LoggedNotice | TrimmedEvent

const noticeTypeSet: ReadonlySet<string> = new Set(noticeTypes)

/** Whether an event of the log is about the session itself, and told by `noticeOf`. */
export function isNotice(event: ViewerEvent): event is LoggedNotice {
  return noticeTypeSet.has(event.type)
}

/** Something happened to the session itself; `notice.ts` has the words. */
export interface NoticeItem extends Placed {
  readonly type: 'notice'
  readonly event: NoticeEvent
}
/** An event with nothing to join it to, or of a type this version does not know: shown rather than hidden. */
export interface OtherItem extends Placed {
  readonly type: 'other'
  readonly event: ViewerEvent
}

export type Item =
  | PromptItem
  | TextItem
  | ThoughtItem
  | ToolItem
  | PlanItem
  | PermissionItem
  | TurnEndItem
  | ChangesItem
  | ChangesPlaceItem
  | NoticeItem
  | OtherItem
