/** A session of the world, and what is asked of its engine. */
import type { FinishResult } from '@belay/protocol'
import type { CheckpointOptions, Checkpoints } from '../../checkpoints.ts'
import type { Act } from './ledger.ts'

/** What keeps, restores and commits for one session, in this process or in one of its own. */
export interface Engine extends Pick<Checkpoints, 'ready' | 'save' | 'plan' | 'restore' | 'stop'> {
  /** The process that its Gits are children of. */
  readonly pid: number
  finish(turn: number): Promise<FinishResult | undefined>
  /** Nothing is begun any more. @returns when nothing of it runs, and its folder is free for the next one */
  close(): Promise<void>
  /** Its process dies at once. Absent: it is none. @returns when also its Gits are gone. */
  readonly kill?: () => Promise<void>
}

export interface EngineOptions extends CheckpointOptions {
  readonly sharing: { readonly session: string; readonly runnerFolder: string }
}

export type OpenEngine = (options: EngineOptions) => Promise<Engine>

/** Its process was killed, so nobody knows what became of what it was asked for. */
export class Gone extends Error {}

export interface Session {
  readonly name: string
  engine: Engine | undefined
  turn: number
  open: Act | undefined
  /** The restore that an undo would take back, is known. */
  undoKnown: boolean
  /** The last of its acts that is in a commit. */
  finished: number
}

export interface Asked {
  readonly turn: number
  readonly to: 'before' | 'after' | 'undo'
}

export interface Refused {
  readonly restore: Asked
  readonly acts: readonly Act[] | undefined
  readonly plan: { readonly message: string }
}
