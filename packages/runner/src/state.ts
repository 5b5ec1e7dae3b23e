/**
 * What a runner knows: its workspace, its agent process, the turn that runs, and the one that may wait behind it.
 *
 * Owns: the shape. `transition.ts` owns every change of it.
 */

import type {
  AgentLink,
  Chosen,
  Finish,
  PromptAttachment,
  ReportOf,
  RestoreTo,
  Take,
} from '@belay/protocol'

/** A turn from the prompt's arrival to its end. */
export interface Turn {
  readonly turn: number
  readonly promptId: string
  readonly text: string
  readonly attachments?: readonly PromptAttachment[] | undefined
  /**
   * `waiting` for an agent that is ready; `saving` the workspace as it is before; `running` from the moment its taking
   * is on disk; `finishing`: the agent is done with it, and its end waits until what it changed is committed.
   */
  readonly phase: 'waiting' | 'saving' | 'running' | 'finishing'
  /** How it ends, while it is finishing. */
  readonly ending?: Ending
  /** Set once the turn was asked to stop: the agent has until then, milliseconds since the epoch. */
  readonly cancelBy?: number
  /** The agent did not obey and is being ended. */
  readonly forced?: true
}

/** A question the agent waits on: our id for the session, its number within this agent process. */
export interface OpenPermission {
  readonly permissionId: string
  readonly id: number
}

/** One agent process of this runner that became ready, until it is gone. */
export interface AgentState {
  readonly phase: 'ready' | 'ending'
  readonly agentGeneration: number
  readonly permissions: readonly OpenPermission[]
}

/** What a turn's end says. */
export type Ending = Omit<ReportOf<'turn-finished'>, 'type' | 'turn'>

/** The checkpoint after a turn, while it is made. What the turn changed is told when it is, or is given up. */
export interface Saving {
  readonly turn: number
  /** Set while the runner closes: it is given up then, milliseconds since the epoch. */
  readonly until?: number
}

/** Where the workspace is to be put back to. */
export interface Restore {
  readonly turn: number
  readonly to: RestoreTo
  /** Files that would stay and are put back all the same. */
  readonly take?: Take | undefined
}

/** A restore that is asked for, or the plan of one. */
export interface AskedRestore {
  readonly does: 'restore' | 'plan'
  readonly restore: Restore
}

export interface RunnerState {
  /** The generation of this runner, part of every permission id. */
  readonly generation: number
  /** `preparing` until the agent was ready once; `closing` is never left. */
  readonly phase: 'idle' | 'preparing' | 'open' | 'closing'
  /** Why it closes, while the agent is being ended. */
  readonly reason?: string
  readonly cancelMs: number
  /** Its agent is kept: there is a connection to be ended before the runner can close. */
  readonly kept: boolean
  /** How it stands with the connection, as it was told last. */
  readonly link?: AgentLink
  readonly agent?: AgentState
  /** The agent's own id of the conversation, to restore it after its process ended. */
  readonly agentSession?: string
  /** The way to sign in that a person chose for the first start. */
  readonly signIn?: string
  /** What a person chose of what the agent offers. */
  readonly chosen: Chosen
  /** What is done with the changes of a turn that completed. */
  readonly finish?: Finish
  /** Of the last turn that was taken. No turn begins and nothing is put back before it is made or given up. */
  readonly saving?: Saving
  /** The turn that the agent's words belong to: the one it was given last, for some moments after its end too. */
  readonly heard?: {
    readonly turn: number
    readonly agentGeneration: number
    /** Set once its end is told, milliseconds since the epoch. */
    readonly until?: number
  }
  /** Waits until the workspace is there, or is under way; no turn begins before it is done. */
  readonly restore?: AskedRestore
  readonly turn?: Turn
  /** A prompt that arrived before the turn ahead of it was over. */
  readonly next?: Turn
}

/** Milliseconds an agent has to obey a cancel, until the session says otherwise. */
const cancelMsDefault = 6000

/**
 * Milliseconds that a runner which closes still gives to a checkpoint. With the time it then waits for its last
 * acknowledgement (`lastAckMsMax`) it is shorter than a server waits before it kills, so what came of it is handed over.
 */
export const closingSaveMs = 1000

export function initial(generation: number): RunnerState {
  return { generation, phase: 'idle', cancelMs: cancelMsDefault, kept: false, chosen: {} }
}

/** Ready is said before the connection says so; and a stream may be lost while the process lives. */
export function canSend({ link }: RunnerState, agent: AgentState | undefined): boolean {
  return agent?.phase === 'ready' && (link === undefined || link.canSend === 'send')
}

/** When `alarm` is to be fed, milliseconds since the epoch. */
export function nextAlarm(state: RunnerState): number | undefined {
  const { turn, saving } = state
  if (saving !== undefined) return saving.until
  return turn?.phase === 'running' && !turn.forced ? turn.cancelBy : undefined
}
