/**
 * The state of a session: a flat record of parts, each replaced as a whole (see `Parts` in `@belay/actor`).
 *
 * Owns: the shapes. `transition.ts` owns every change of them; `invariant.ts` says what always holds.
 * `head` is the only part that changes with every event, so it is kept small.
 */
import type { Parts } from '@belay/actor'
import { emptyOutgoing, type Outgoing } from '@belay/channel'
import type {
  AgentChoice,
  AgentLink,
  AgentOffer,
  Attachment,
  Chosen,
  Command,
  EndingCode,
  Finish,
  Outcome,
  PermissionOption,
  Reached,
  Resolution,
  RestorePlan,
  RestoreTo,
  Setup,
  SignInChoice,
  StepState,
  Take,
  Workspace,
} from '@belay/protocol'

export interface SessionState extends Parts {
  readonly head: Head
  readonly lifecycle: Lifecycle
  readonly settings: Settings
  readonly runner: Runner
  /** What the session sends its runner: part of the state, so a command and its cause are one commit. */
  readonly commands: Outgoing<Command>
  readonly agent: AgentFacts
  /** What the agent offers: long and seldom changed, so a part of its own. */
  readonly offer: Offer
  readonly turn: Turn
  readonly queue: readonly QueuedPrompt[]
  readonly permissions: readonly OpenPermission[]
  readonly last: LastTurn
  readonly undecided: Undecided
  readonly changes: Changes
  readonly restore: Restore
  readonly callbacks: readonly Callback[]
  readonly neighbours: readonly Neighbour[]
}

export interface Head {
  /** The number of the last event in the log. */
  readonly seq: number
  /** The number of the last report stored from the present generation of the runner. */
  readonly received: number
  /** When something last happened that moves the clocks of a turn or of an idle agent, milliseconds since the epoch. */
  readonly progressAt: number
}

export interface Problem {
  readonly code: string
  readonly message: string
  readonly stderr?: readonly string[]
  /** Ways to sign in that the agent's protocol carries out. */
  readonly signIn?: readonly SignInChoice[]
}

/** `attempt` counts preparations, first start and wakes alike. */
export type Lifecycle =
  | { readonly type: 'absent' }
  | {
      readonly type: 'preparing'
      readonly attempt: number
      readonly deadline: number
      readonly steps: readonly StepState[]
    }
  | { readonly type: 'ready'; readonly attempt: number }
  | {
      readonly type: 'attention'
      readonly attempt: number
      /** When it failed. Absent: before that was kept. */
      readonly since?: number
      readonly problem: Problem
      readonly steps: readonly StepState[]
    }
  | {
      readonly type: 'deleted'
      readonly at: number
      /** Why something of it is still there. */
      readonly leftBecause?: string
    }

export interface Settings {
  readonly title: string
  readonly agent: AgentChoice
  readonly workspace: Workspace
  /** Opens the repository, sealed by the server: nothing here can open it. */
  readonly sealedToken?: string
  readonly setup?: Setup
  readonly finish?: Finish
  /** Prompts that wait run also after a turn that failed. */
  readonly goOn?: true
  readonly createdAt: number
  /** Digest of what was asked for, to recognise the same request. */
  readonly digest: string
  /** Who is told of the end of every turn. */
  readonly callback?: CallbackAddress
}

export interface CallbackAddress {
  readonly url: string
  /** The secret, sealed by the server: nothing here can open it. */
  readonly sealed: string
}

/** Whoever holds a generation that is not `runner.generation` of a `starting`, `linked` or `lost` runner is fenced. */
export type Runner =
  | { readonly type: 'none'; readonly generation: number }
  | { readonly type: 'starting'; readonly generation: number; readonly deadline: number }
  | {
      readonly type: 'linked'
      readonly generation: number
      /** Of the wire it speaks. Absent: the present one. */
      readonly version?: number
      readonly prepared: boolean
      readonly closing: boolean
    }
  | {
      readonly type: 'lost'
      readonly generation: number
      readonly prepared: boolean
      readonly closing: boolean
      readonly since: number
      readonly deadline: number
      /** `facts`: grace is over and the runner's own lock and spool are being looked at. */
      readonly waiting: 'grace' | 'facts'
      /** It is away because its server was, which the log does not tell as a loss. */
      readonly restart?: true
    }

/** It is there with its workspace, and stays. */
export function takesCommands(runner: Runner): boolean {
  return runner.type === 'linked' && runner.prepared && !runner.closing
}

export interface AgentFacts {
  /** The agent's own id of the conversation, to restore it. */
  readonly session: string | undefined
  readonly title: string
  readonly version: string | undefined
  readonly folder: string | undefined
  /** Its process, as the present runner told it last. */
  readonly process?: { readonly type: 'running' | 'ended'; readonly at: number }
  /** The connection to it, as the present runner told it last. */
  readonly link?: AgentLink
}

export interface Offer extends AgentOffer {
  /** What a person chose of it. */
  readonly chosen?: Chosen
}

export type Turn =
  /** `last`: the number of the last turn, 0 before the first. */
  { readonly type: 'none'; readonly last: number } | ActiveTurn

export interface ActiveTurn {
  readonly type: 'active'
  readonly turn: number
  readonly promptId: string
  readonly digest: string
  readonly generation: number
  readonly startedAt: number
  readonly phase:
    | { readonly type: 'starting'; readonly deadline: number }
    | { readonly type: 'running' }
    | { readonly type: 'stopping'; readonly deadline: number }
  /** The runner acknowledged the prompt. */
  readonly delivered?: true
  /** The runner wrote down that it hands the prompt to the agent. */
  readonly taken: boolean
  /** The agent gave a sign of the prompt. */
  readonly sign: boolean
  /** The runner told what it changed, as it does before the end where that waits for a commit. */
  readonly changesTold?: true
  readonly openTools: readonly OpenTool[]
  /** The disk beside the agent is full, in the runner's words: the agent is not read until there is room. */
  readonly full?: string | undefined
  /** Set while a person, a tool or room on the disk is waited for: the clocks of the turn stand still. */
  readonly waitingSince: number | undefined
  readonly waitedMs: number
  /** With which option a person last refused something in it. */
  readonly refused?: string
}

/** A tool under way. */
export interface OpenTool {
  readonly id: string
  readonly title: string | undefined
  readonly since: number
}

export interface QueuedPrompt {
  readonly promptId: string
  /** Of the text it was first sent with, so that a repeated request is recognised after an edit too. */
  readonly digest: string
  readonly text: string
  readonly attachments?: readonly Attachment[]
  /** Since when it waits for its turn. */
  readonly at: number
  /** It waited when a turn failed, and waits for a person. */
  readonly held?: true
}

export interface OpenPermission {
  readonly permissionId: string
  readonly turn: number
  readonly title: string
  readonly toolCallId: string | undefined
  readonly options: readonly PermissionOption[]
  readonly askedAt: number
  /** Then nobody is waited for any more. */
  readonly deadline: number
}

export type LastTurn =
  | { readonly type: 'none' }
  | {
      readonly type: 'ended'
      readonly turn: number
      readonly outcome: Outcome
      readonly code: EndingCode
      readonly reached: Reached
      readonly endedAt: number
      /** What a person decided about it. */
      readonly resolved?: Resolution
    }

/** Turns that failed or are in doubt, as long as nobody has said what becomes of them. */
export interface Undecided {
  /** Those that are only counted. */
  readonly older: number
  /** The latest, the oldest first. */
  readonly turns: readonly UndecidedTurn[]
}

export interface UndecidedTurn {
  readonly turn: number
  readonly outcome: Outcome
  readonly code: EndingCode
  readonly reached: Reached
  readonly endedAt: number
  /** Why it ended, where that is more than its code says. */
  readonly sentence?: string
  /** Prompts waited when it ended, and wait for a decision about it. */
  readonly holds?: true
}

/** What a turn changed: its runner tells after the end, and this is what it still owes. */
export type Changes =
  | { readonly type: 'none' }
  | { readonly type: 'due'; readonly turn: number; readonly deadline: number }

/** Putting the workspace back, or the plan of it. */
export type Restore =
  | { readonly type: 'none' }
  | RestoreUnderWay
  /** What a restore would do, as it was looked at last. */
  | { readonly type: 'planned'; readonly plan: RestorePlan }
  /** There is no plan, for this reason. */
  | {
      readonly type: 'unplanned'
      readonly turn: number
      readonly to: RestoreTo
      readonly message: string
    }

/** The workspace is to be put back, or what that would do is looked at. No turn begins before that is done. */
export interface RestoreUnderWay {
  readonly type: 'asked' | 'planning'
  readonly turn: number
  readonly to: RestoreTo
  /** Files that would stay and are put back all the same. */
  readonly take?: Take
  readonly since: number
  /** Set once the runner was told. */
  readonly deadline?: number
}

export function restoreUnderWay({ restore }: SessionState): RestoreUnderWay | undefined {
  return restore.type === 'asked' || restore.type === 'planning' ? restore : undefined
}

/** Another session in the same folder. */
export interface Neighbour {
  readonly id: string
  readonly title: string
}

/** The end of a turn on its way to the session's callback. */
export interface Callback {
  readonly turn: number
  readonly promptId: string
  readonly code: EndingCode
  readonly detail: string | undefined
  readonly reached: Reached
  readonly endedAt: number
  /** Turns to be decided about when it ended, and how many prompts wait for that. */
  readonly undecided?: readonly number[]
  readonly held?: number
  /** Attempts begun, the one under way included. */
  readonly attempts: number
  /** How long to wait after the next failed attempt. */
  readonly waitMs: number
  readonly giveUpAt: number
  /** What the last attempt met. */
  readonly problem: string | undefined
  readonly phase:
    | { readonly type: 'sending' }
    | { readonly type: 'waiting'; readonly nextAt: number }
    | { readonly type: 'delivered'; readonly at: number }
    | { readonly type: 'failed'; readonly at: number }
}

export function initialState(): SessionState {
  return {
    head: { seq: 0, received: 0, progressAt: 0 },
    lifecycle: { type: 'absent' },
    settings: {
      title: '',
      agent: { name: '' },
      workspace: { type: 'folder', path: '' },
      createdAt: 0,
      digest: '',
    },
    runner: { type: 'none', generation: 0 },
    commands: emptyOutgoing,
    agent: { session: undefined, title: '', version: undefined, folder: undefined },
    offer: {},
    turn: { type: 'none', last: 0 },
    queue: [],
    permissions: [],
    last: { type: 'none' },
    undecided: { older: 0, turns: [] },
    changes: { type: 'none' },
    restore: { type: 'none' },
    callbacks: [],
    neighbours: [],
  }
}
