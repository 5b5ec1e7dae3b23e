/** A session of the world, and what is asked of its engine. */
import type { Checkpoints } from '../../checkpoints.ts'
import type { Act } from './ledger.ts'

export type Engine = Pick<Checkpoints, 'ready' | 'save' | 'plan' | 'restore' | 'stop' | 'close'>

export interface Session {
  readonly name: string
  engine: Engine | undefined
  lock: { release(): void } | undefined
  turn: number
  open: Act | undefined
  /** The restore that an undo would take back, is known. */
  undoKnown: boolean
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
